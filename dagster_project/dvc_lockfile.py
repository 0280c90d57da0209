"""dvc.lock read and written an entry at a time: with 65 partners it has thousands of lines, and a stage changes a few of them.

For each stage DVC parses the whole file three times and writes it anew, in plain Python. Here an entry is parsed once for each of
its texts, and only what changed is put into words again. The bytes are DVC's: tests/dagster_project/test_dvc_lockfile.py.
"""

import copy
import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dvc.dvcfile
import dvc.utils.strictyaml
from dvc.utils.serialize import YAMLFileCorruptedError, dumps_yaml, parse_yaml

if TYPE_CHECKING:
    from dvc.fs import FileSystem

Parsed = dict[str, Any]

LOCK = ".lock"
HEAD = "schema: '2.0'\nstages:\n"
ENTRY = re.compile(r"^ {2}(?=[^\s#-])", re.MULTILINE)  # where the entry of a stage begins
ENTRIES_KEPT = 1 << 14
TEXTS_KEPT = 4  # of other files, such as dvc.yaml

_modify_with_comments = dvc.dvcfile.modify_yaml


def install() -> None:
    """Make the DVC of this process read and write as described above."""
    dvc.utils.strictyaml.parse_yaml = parse_once
    dvc.dvcfile.modify_yaml = modify_lock


def read_ahead(root: Path) -> None:
    """Parse what a child that is about to be forked would parse; what is not there or is broken it will say itself."""
    for name in ("dvc.yaml", "dvc.lock"):
        path = root / name
        try:
            parse_once(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError, YAMLFileCorruptedError):
            continue


def parse_once(text: str, path: str, typ: str = "safe") -> Parsed:
    """`dvc.utils.serialize.parse_yaml`, remembering what it was given; each caller gets a copy of its own."""
    if typ != "safe":
        return parse_yaml(text, path, typ=typ)
    stages = _stages(text) if path.endswith(LOCK) else None
    return copy.deepcopy({"schema": "2.0", "stages": stages} if stages is not None else _parse(text, path))


@contextmanager
def modify_lock(path: str, fs: "FileSystem | None" = None) -> Generator[Parsed]:
    """`dvc.utils.serialize.modify_yaml` for dvc.lock, whose comments need not be kept; any other file goes DVC's own way."""
    if not path.endswith(LOCK):
        with _modify_with_comments(path, fs=fs) as data:
            yield data
        return
    file = Path(path)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    data = parse_once(before, path) if before else {}
    yield data
    draft = file.with_suffix(f"{LOCK}.draft")
    draft.write_text(in_words(data, before), encoding="utf-8")
    draft.replace(file)


def in_words(data: Parsed, before: str) -> str:
    """The text that DVC would write for `data`; entries that stand in the text `before` are taken from there."""
    known = _stages(before)
    if known is None or list(data) != ["schema", "stages"] or data["schema"] != "2.0" or not data["stages"]:
        return dumps_yaml(data)
    texts = dict(zip(known, _entries(before), strict=True))
    return HEAD + "".join(
        texts[name] if repr(known.get(name)) == repr(entry) else dumps_yaml({"stages": {name: entry}}).removeprefix("stages:\n")
        for name, entry in data["stages"].items()
    )


def _entries(text: str) -> list[str]:
    """The text of each entry."""
    starts = [match.start() for match in ENTRY.finditer(text, len(HEAD))]
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _stages(text: str) -> Parsed | None:
    """The entries by their stages; None for a text that is not put together as DVC does it."""
    entries = _entries(text)
    if not entries or HEAD + "".join(entries) != text:
        return None
    try:
        parsed = [_parse_entry(entry) for entry in entries]
    except YAMLFileCorruptedError:  # parsed as a whole, so that the line that is named is that of the file
        return None
    stages = {name: value for entry in parsed for name, value in entry.items()}
    return stages if len(stages) == len(entries) else None


@lru_cache(maxsize=ENTRIES_KEPT)
def _parse_entry(text: str) -> Parsed:
    return parse_yaml(text, "dvc.lock")


@lru_cache(maxsize=TEXTS_KEPT)
def _parse(text: str, path: str) -> Parsed:
    return parse_yaml(text, path)
