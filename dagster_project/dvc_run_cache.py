"""What DVC remembers of finished runs, without the draft of one that was killed while it was written.

DVC writes such an entry under a draft's name beside the whole ones and reads whichever file is newest. The draft of a killed
process is YAML that ends early, which may lack the outputs: every later run of that stage would fail with "'outs'".
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from dvc.stage.cache import StageCache

DRAFT = ".tmp"
LOADER = "_load_cache"  # DVC has no door to it


_load_entry = cast("Callable[[StageCache, str, str], dict[str, Any] | None]", getattr(StageCache, LOADER))


def install() -> None:
    """Make the DVC of this process take no draft for an entry."""
    setattr(StageCache, LOADER, load_whole)


def load_whole(cache: StageCache, key: str, value: str) -> dict[str, Any] | None:
    """The entry `value` of a stage whose inputs are `key`; a draft is removed, and the stage simply runs again."""
    if not value.endswith(DRAFT):
        return _load_entry(cache, key, value)
    with contextlib.suppress(FileNotFoundError):
        (Path(cache.cache_dir) / key[:2] / key / value).unlink()
    return None
