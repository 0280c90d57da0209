"""A file to an object store: large ones in parts, and a second attempt sends only what the first did not."""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from latamgpt.errors import InputDamagedError
from latamgpt.object_store.door import ObjectStore, StoreError
from latamgpt.records import FileEntry

MIB = 1 << 20
PART_BYTES = 16 * MIB  # S3 wants 5 MiB at least, and at most 10,000 parts of an object
MOST_PARTS = 10_000
NUM_AT_ONCE = 4
SHA256 = "sha256"  # of the content, in the object's metadata


class Unfinished(NamedTuple):
    """An upload in parts that was begun, and neither ended nor given up: it is seen by nobody, and paid for."""

    key: str
    upload_id: str


class Part(NamedTuple):
    """A part that the store has; its ETag is the MD5 of its bytes (but where KMS encrypts: such a part is sent again)."""

    number: int
    etag: str
    num_bytes: int


def part_bytes(num_bytes: int) -> int:
    """How large the parts of a file are: a function of its size alone, so that every attempt cuts it alike."""
    return max(PART_BYTES, -(-num_bytes // (MOST_PARTS * MIB)) * MIB)


def put_file(store: ObjectStore, source: Path, key: str, entry: FileEntry) -> int:
    """Have the file there under `key`; returns how many requests with bytes of it were needed: 0 where it was there.

    It is hashed as it is read, and what is not as `entry` says is not published.

    Raises:
        InputDamagedError: the file is not what `entry` says.
        StoreError: the store refuses, or stayed away. The parts that arrived are kept for the next attempt.
    """
    if is_there(store, key, entry):
        return 0
    if entry.num_bytes <= PART_BYTES:
        content = source.read_bytes()
        _must_be(source, entry, hashlib.sha256(content).hexdigest())
        store.call("put_object", Key=store.full_key(key), Body=content, Metadata={SHA256: entry.sha256})
        return 1
    try:
        num_sent = _put_parts(store, source, key, entry)
        if not is_there(store, key, entry):  # it was begun for another content of this name
            num_sent += _put_parts(store, source, key, entry)
        return num_sent
    except FileNotFoundError as error:
        if getattr(error, "filename", None):
            raise
        raise StoreError(
            f"{store.address}/{key}: the upload was given up by another process while it was under way. Two that train one thing "
            "are in each other's way: end one, and run the command again."
        ) from error


def is_there(store: ObjectStore, key: str, entry: FileEntry) -> bool:
    """Whether the object was stored by `put_file` with this content."""
    try:
        head = store.call("head_object", Key=store.full_key(key))
    except FileNotFoundError:
        return False
    return (head["ContentLength"], head["Metadata"].get(SHA256)) == (entry.num_bytes, entry.sha256)


def unfinished(store: ObjectStore, below: str = "") -> list[Unfinished]:
    """The unfinished uploads of keys that begin so."""
    following = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
    pages = store.pages("list_multipart_uploads", following, Prefix=store.full_key(below))
    start = len(store.full_key(""))
    return [Unfinished(each["Key"][start:], each["UploadId"]) for page in pages for each in page.get("Uploads", ())]


def give_up(store: ObjectStore, upload: Unfinished) -> None:
    """Abort an upload: its parts are freed."""
    try:
        store.call("abort_multipart_upload", Key=store.full_key(upload.key), UploadId=upload.upload_id)
    except FileNotFoundError:
        return  # an answer was lost, and it is done


def _put_parts(store: ObjectStore, source: Path, key: str, entry: FileEntry) -> int:
    upload, there = _begin(store, key, entry)
    at = {"Key": store.full_key(key), "UploadId": upload.upload_id}
    digest, parts, sent = hashlib.sha256(), list[Part](), deque[Future[object]]()
    num_sent = 0
    with source.open("rb") as stream, ThreadPoolExecutor(NUM_AT_ONCE, "parts") as pool:
        while body := stream.read(part_bytes(entry.num_bytes)):
            digest.update(body)
            part = Part(len(parts) + 1, hashlib.md5(body, usedforsecurity=False).hexdigest(), len(body))
            parts.append(part)
            if part not in there:
                if len(sent) == NUM_AT_ONCE:
                    sent.popleft().result()
                sent.append(pool.submit(store.call, "upload_part", **at, PartNumber=part.number, Body=body))
                num_sent += 1
        for each in sent:
            each.result()
    if digest.hexdigest() != entry.sha256:
        give_up(store, upload)
    _must_be(source, entry, digest.hexdigest())
    etags = {part.number: part.etag for part in _parts(store, upload)}  # those of the store: with KMS they are no MD5
    listed = [{"PartNumber": part.number, "ETag": f'"{etags[part.number]}"'} for part in parts]
    try:
        store.call("complete_multipart_upload", **at, MultipartUpload={"Parts": listed})
    except FileNotFoundError:
        if not is_there(store, key, entry):  # else the answer was lost
            raise
    for left in _of_key(store, key):
        give_up(store, left)
    return num_sent


def _begin(store: ObjectStore, key: str, entry: FileEntry) -> tuple[Unfinished, set[Part]]:
    """The upload to go on with: of those begun, the one with most parts (one without any: its answer was lost)."""
    begun = [(upload, set(_parts(store, upload))) for upload in _of_key(store, key)]
    if begun:
        return max(begun, key=lambda each: len(each[1]))
    made = store.call("create_multipart_upload", Key=store.full_key(key), Metadata={SHA256: entry.sha256})
    return Unfinished(key, made["UploadId"]), set()


def _of_key(store: ObjectStore, key: str) -> list[Unfinished]:
    return [upload for upload in unfinished(store, key) if upload.key == key]


def _parts(store: ObjectStore, upload: Unfinished) -> list[Part]:
    following = {"PartNumberMarker": "NextPartNumberMarker"}
    pages = store.pages("list_parts", following, Key=store.full_key(upload.key), UploadId=upload.upload_id)
    found = (each for page in pages for each in page.get("Parts", ()))
    return [Part(each["PartNumber"], each["ETag"].strip('"'), each["Size"]) for each in found]


def _must_be(source: Path, entry: FileEntry, found: str) -> None:
    if found != entry.sha256:
        raise InputDamagedError(
            f"{source}: sha256 is {found[:16]}..., its manifest says {entry.sha256[:16]}.... It changed or was damaged since "
            "it was written, and is not sent."
        )
