"""A real S3 server for the module, and folders to put on it."""

import hashlib
import random
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from latamgpt.object_store.door import ObjectStore
from latamgpt.records import FileEntry
from latamgpt.store import write_manifest
from tests.servers.s3 import S3Server, s3_server

BUCKET = "store"
PART_BYTES = 5 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture(scope="module")
def opened(server: S3Server) -> ObjectStore:
    """A store whose connection the tests share: opening one takes a second."""
    opened = ObjectStore(f"s3://{BUCKET}/opened")
    opened.must_answer()
    return opened


@pytest.fixture
def store(opened: ObjectStore, request: pytest.FixtureRequest) -> ObjectStore:
    """An empty place of the test's own."""
    store = ObjectStore(f"s3://{BUCKET}/{request.node.name.partition('[')[0]}")
    vars(store)["_s3"] = opened._s3
    return store


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> int:
    """The smallest parts that S3 takes, in bytes: tests are quicker by them."""
    for module in ("upload", "folders"):
        monkeypatch.setattr(f"latamgpt.object_store.{module}.PART_BYTES", PART_BYTES)
    return PART_BYTES


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """A published folder with files of these sizes; their bytes are made from `seed`."""

    def make(name: str, *sizes: int, seed: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for number, size in enumerate(sizes):
            (folder / f"part-{number}.bin").write_bytes(content(size, f"{seed}{number}"))
        write_manifest(folder, "test", name)
        return folder

    return make


def content(size: int, seed: str) -> bytes:
    return random.Random(seed).randbytes(size)


def entry_of(path: Path) -> FileEntry:
    found = path.read_bytes()
    return FileEntry(path=path.name, num_bytes=len(found), sha256=hashlib.sha256(found).hexdigest())
