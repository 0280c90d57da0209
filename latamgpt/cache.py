"""What this machine worked out before, kept below var/cache with a key of all that it came from.

A stage that finds the key it would have today takes the result, and does again only what changed. Nothing depends on it: without
it the same bytes come out, later. What is kept is verified when it is read, as every published folder is.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Collection
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, list_files, sha256_file, verify

KEY_NAME = "key"
CODE = Path(__file__).parent
OF_ALL_PARTNERS = Path("var", "sweep", "rungs")


def cache_place(root: Path, stage: str, key: str) -> Path:
    """Where the result of a stage for a partner, or for one of its deliveries, is kept."""
    return _shelf(root).place(stage, key)


def read_cached(root: Path, stage: str, key: str, made_from: str) -> Path | None:
    """The kept folder, if it came from the same and nothing in it was damaged since."""
    folder = cache_place(root, stage, key)
    try:
        verify(folder)
    except OperatorError:
        return None
    return folder if (folder / KEY_NAME).read_text() == made_from else None


def keep(root: Path, stage: str, key: str, made_from: str, fill: Callable[[Path], None]) -> None:
    """Keep what `fill` writes into a folder, instead of what was kept for this stage and key."""
    _clear_drafts(root, lambda name: name.removesuffix("-old").rpartition("-")[0] == f"{stage}-{key}")
    with _shelf(root).publish(stage, key) as folder:
        fill(folder)
        (folder / KEY_NAME).write_text(made_from)


def hand_on(root: Path, other: Path, stage: str) -> None:
    """Give another checkout, where this stage never ran, what it keeps here; each result is verified when it is read there."""
    if (kept := cache_place(root, stage, "")).is_dir():
        shutil.copytree(kept, cache_place(other, stage, ""))


def drop_others(root: Path, stage: str, partner: str, keys: Collection[str]) -> None:
    """Take away what a stage keeps of a partner's deliveries, but for these."""
    for place in cache_place(root, stage, "").glob(f"{partner}@*"):
        if place.name not in keys:
            shutil.rmtree(place)


def forget(root: Path, partner: str) -> None:
    """Take away all that is kept of a partner, and what a kill left of it: texts that were withdrawn stay in no corner.

    What a sweep holds of all partners' tokens together goes whole: its next trial makes it anew.
    """
    if (root / OF_ALL_PARTNERS).is_dir():
        shutil.rmtree(root / OF_ALL_PARTNERS)
    for place in _shelf(root).place("").glob(f"*/{partner}*"):
        if place.name == partner or place.name.startswith(f"{partner}@"):
            shutil.rmtree(place)
    _clear_drafts(root, lambda name: f"-{partner}-" in name or f"-{partner}@" in name)


def _clear_drafts(root: Path, is_one: Callable[[str], bool]) -> None:
    for draft in (_shelf(root).root / "var" / "unpublished").glob("*"):
        if is_one(draft.name):
            shutil.rmtree(draft, ignore_errors=True)


def made_from(*parts: object, code: tuple[str, ...] = ()) -> str:
    """The key of a result: the code, Python and the packages, and what else it came from, each part as it prints.

    The code is all of it, or these files below latamgpt/ where no other changes the result.
    """
    return hashlib.sha256(json.dumps([_digest_of_code(code), _packages(), *map(str, parts)]).encode()).hexdigest()


@lru_cache(maxsize=1)
def _packages() -> str:
    """What is installed, which may differ from what is pinned."""
    installed = sorted(f"{one.name}=={one.version}" for one in metadata.distributions())
    return hashlib.sha256("\n".join([sys.version, *installed]).encode()).hexdigest()


@lru_cache
def _digest_of_code(code: tuple[str, ...]) -> str:
    names = code or [name for name in list_files(CODE) if "__pycache__" not in name]
    files = {name: sha256_file(CODE / name) for name in names}
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _shelf(root: Path) -> Workspace:
    """A workspace of its own below var/, so that results are kept whole or not at all, as stages publish theirs."""
    return Workspace(root / "var" / "cache")
