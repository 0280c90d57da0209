"""What dvc.lock says was read and written, and the hashes of what lies outside of the graph, as DVC computes them."""

import fcntl
import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from latamgpt.store import Workspace, list_files

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Recorded:
    """One stage's entry in dvc.lock: md5 by path."""

    deps: dict[str, str]
    outs: dict[str, str]

    @property
    def data_version(self) -> str:
        """One name for the bytes that the stage wrote."""
        if len(self.outs) == 1:
            return next(iter(self.outs.values()))
        return hashlib.md5(repr(sorted(self.outs.items())).encode(), usedforsecurity=False).hexdigest()


def read_lock(workspace: Workspace) -> dict[str, Recorded]:
    """dvc.lock by stage address; empty where nothing has run."""
    path = workspace.root / "dvc.lock"
    with _while_nobody_writes(workspace):
        if not path.is_file():
            return {}
        text = path.read_bytes()
    return dict(_parse(text))


@lru_cache(maxsize=1)
def _parse(text: bytes) -> Mapping[str, Recorded]:
    stages = (yaml.load(text, Loader=yaml.CSafeLoader) or {}).get("stages", {})
    return {address: Recorded(_hashes(entry.get("deps")), _hashes(entry.get("outs"))) for address, entry in stages.items()}


@contextmanager
def _while_nobody_writes(workspace: Workspace) -> Generator[None]:
    """DVC writes dvc.lock in place, under its own lock: a reader that does not ask for it may see half a file."""
    guard = workspace.root / ".dvc" / "tmp" / "lock"
    if not guard.is_file():
        yield
        return
    with guard.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        yield


def source_version(path: Path) -> str:
    """The md5 of a file or folder as dvc.lock would have it; '' where there is none."""
    if path.is_dir():
        entries = [{"md5": _md5(path / name), "relpath": name} for name in list_files(path)]
        return hashlib.md5(json.dumps(entries, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"
    return _md5(path) if path.is_file() else ""


def _hashes(entries: list[dict[str, str]] | None) -> dict[str, str]:
    return {entry["path"]: entry["md5"] for entry in entries or [] if "md5" in entry}


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
