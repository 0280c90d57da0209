"""Published folders on an object store: the manifest comes last and goes first, so that who finds it finds a whole folder."""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from latamgpt.errors import InputDamagedError
from latamgpt.object_store.door import ObjectStore
from latamgpt.object_store.upload import PART_BYTES, give_up, put_file, unfinished
from latamgpt.records import MANIFEST_NAME, FileEntry, Manifest
from latamgpt.store import flush, list_files

FETCHED_PREFIX = "fetched-"
NUM_AT_ONCE = 4


def put_folder(store: ObjectStore, folder: Path, name: str) -> None:
    """Copy a folder that has a manifest to NAME/ on the store. What arrived in an earlier attempt is not sent again.

    Raises:
        InputDamagedError: a file is not as the manifest says; nothing is visible then.
        StoreError: the store refuses, or stayed away; nothing is visible then.
    """
    content = (folder / MANIFEST_NAME).read_bytes()
    there = _manifest_bytes(store, name)
    if there == content:
        return
    if there is not None:
        store.remove(f"{name}/{MANIFEST_NAME}")
    for entry in _manifest(content, str(folder)).files:
        put_file(store, folder / entry.path, f"{name}/{entry.path}", entry)
    store.put_bytes(f"{name}/{MANIFEST_NAME}", content)


def fetch_folder(store: ObjectStore, name: str, folder: Path) -> None:
    """Copy NAME/ from the store to `folder`, which appears when every byte was found to be as the manifest says.

    What an earlier, killed attempt fetched is read again from the disk, and only the rest is fetched.

    Raises:
        InputDamagedError: it is not there whole.
        StoreError: the store refuses, or stayed away.
    """
    content = _manifest_bytes(store, name)
    if content is None:
        raise InputDamagedError(f"{store.address}/{name} has no manifest: it is not there, or not whole.")
    draft = folder.with_name(f"{FETCHED_PREFIX}{folder.name}")
    entries = _manifest(content, f"{store.address}/{name}").files
    for left in {*list_files(draft)} - {entry.path for entry in entries}:
        (draft / left).unlink()
    for entry in entries:
        _fetch_file(store, f"{name}/{entry.path}", draft / entry.path, entry)
    (draft / MANIFEST_NAME).write_bytes(content)
    for path in (draft / MANIFEST_NAME, draft):
        flush(path)
    draft.rename(folder)
    flush(folder.parent)


def whole_folders(store: ObjectStore) -> list[str]:
    """The names of the folders that have a manifest, sorted."""
    ending = f"/{MANIFEST_NAME}"
    return sorted(each.key.removesuffix(ending) for each in store.objects() if each.key.endswith(ending))


def remove_folder(store: ObjectStore, name: str) -> None:
    """Remove a folder from the store: it is gone before any of its files is, and its unfinished uploads are given up."""
    store.remove(f"{name}/{MANIFEST_NAME}")
    remove_all(store, f"{name}/")


def remove_all(store: ObjectStore, below: str = "") -> None:
    """Remove all objects whose keys begin so, manifests first, and give up their unfinished uploads."""
    found = [each.key for each in store.objects(below)]
    for key in sorted(found, key=lambda key: (not key.endswith(MANIFEST_NAME), key)):
        store.remove(key)
    for upload in unfinished(store, below):
        give_up(store, upload)


def clean_leftovers(store: ObjectStore, keep: str = "") -> int:
    """Remove what killed attempts left: objects of folders without a manifest, unfinished uploads; not those of folder `keep`.

    Returns how many objects and uploads were removed. Two that write to one place at once would take each other's.
    """
    found = [each.key for each in store.objects()]
    whole = {key.rpartition("/")[0] for key in found if key.endswith(f"/{MANIFEST_NAME}")}
    kept = {*whole, keep} - {""}
    halves = [key for key in found if "/" in key and not any(key.startswith(f"{name}/") for name in kept)]
    for key in halves:
        store.remove(key)
    uploads = [upload for upload in unfinished(store) if not keep or not upload.key.startswith(f"{keep}/")]
    for upload in uploads:
        give_up(store, upload)
    return len(halves) + len(uploads)


def _fetch_file(store: ObjectStore, key: str, path: Path, entry: FileEntry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    had = path.stat().st_size if path.exists() else 0
    found = _append(store, key, path, entry.num_bytes)
    if found != entry.sha256 and had:
        path.unlink()  # what an earlier attempt left may be what is wrong
        found = _append(store, key, path, entry.num_bytes)
    if found != entry.sha256:
        path.unlink(missing_ok=True)
        raise InputDamagedError(
            f"{store.address}/{key}: sha256 of what came is {found[:16]}..., its manifest says {entry.sha256[:16]}...."
        )


def _append(store: ObjectStore, key: str, path: Path, num_bytes: int) -> str:
    """Fetch what the file lacks, in order, so that what is there is always a beginning; returns the sha256 of the whole."""
    digest = hashlib.sha256()
    with path.open("a+b") as stream, ThreadPoolExecutor(NUM_AT_ONCE, "ranges") as pool:
        stream.seek(0)
        while chunk := stream.read(PART_BYTES):
            digest.update(chunk)
        starts = deque(range(stream.tell(), num_bytes, PART_BYTES))
        coming = deque[Future[bytes]]()
        while starts or coming:
            while starts and len(coming) < NUM_AT_ONCE:
                start = starts.popleft()
                coming.append(pool.submit(store.read, key, start, min(start + PART_BYTES, num_bytes)))
            try:
                chunk = coming.popleft().result()
            except FileNotFoundError as error:
                raise InputDamagedError(f"{store.address}/{key} is not there, and the manifest beside it names it.") from error
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


def _manifest_bytes(store: ObjectStore, name: str) -> bytes | None:
    try:
        return store.read(f"{name}/{MANIFEST_NAME}")
    except FileNotFoundError:
        return None


def _manifest(content: bytes, where: str) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        raise InputDamagedError(f"{where}/{MANIFEST_NAME} does not read as a manifest.") from error
    for entry in manifest.files:
        path = PurePosixPath(entry.path)
        if path.is_absolute() or ".." in path.parts:
            raise InputDamagedError(f"{where}/{MANIFEST_NAME} names {entry.path!r}, which lies outside of its folder.")
    return manifest
