"""dvc.lock read once and written without being read anew: with 65 partners it has thousands of lines.

For each stage DVC parses dvc.lock three times in plain Python, once of them to keep comments that a file of its own making does
not have. Here a text is parsed once for each process. The bytes written are DVC's: tests/dagster_project/test_dvc_lockfile.py.
"""

import copy
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dvc.dvcfile
import dvc.utils.strictyaml
from dvc.utils.serialize import dump_yaml, parse_yaml

if TYPE_CHECKING:
    from dvc.fs import FileSystem

Parsed = dict[str, Any]

LOCK = ".lock"
TEXTS_KEPT = 4  # dvc.yaml, and dvc.lock before and after a stage

_modify_with_comments = dvc.dvcfile.modify_yaml


def install() -> None:
    """Make the DVC of this process read and write as described above."""
    dvc.utils.strictyaml.parse_yaml = parse_once
    dvc.dvcfile.modify_yaml = modify_lock


def parse_once(text: str, path: str, typ: str = "safe") -> Parsed:
    """`dvc.utils.serialize.parse_yaml`, remembering what it was given; each caller gets a copy of its own."""
    if typ != "safe":
        return parse_yaml(text, path, typ=typ)
    return copy.deepcopy(_parse(text, path))


@contextmanager
def modify_lock(path: str, fs: "FileSystem | None" = None) -> Generator[Parsed]:
    """`dvc.utils.serialize.modify_yaml` for dvc.lock, whose comments need not be kept; any other file goes DVC's own way."""
    if not path.endswith(LOCK):
        with _modify_with_comments(path, fs=fs) as data:
            yield data
        return
    file = Path(path)
    data = parse_once(file.read_text(encoding="utf-8"), path) if file.exists() else {}
    yield data
    dump_yaml(path, data, fs=fs)


@lru_cache(maxsize=TEXTS_KEPT)
def _parse(text: str, path: str) -> Parsed:
    return parse_yaml(text, path)
