"""A state's files: written once, hashed on the way, flushed; read whole and held against the manifest before a number is used."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError

from latamgpt.errors import InputDamagedError
from latamgpt.records import MANIFEST_NAME, FileEntry, Frozen, Manifest

if TYPE_CHECKING:
    from torch import Tensor

PART_NAME = "rank-{rank:05}.safetensors"
MANIFEST_STAGE = "resume"
BYTES_PER_WRITE = 8 << 20
SAFETENSORS_TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "uint8": "U8"}


def write_part(folder: Path, rank: int, tensors: "Mapping[str, Tensor]") -> FileEntry:
    """Write a rank's tensors, which lie in host memory, as safetensors; returns what the manifest says of the file.

    (Not safetensors' `save_file`: it neither hashes nor flushes, and a second pass over gigabytes would do both.)
    """
    name = PART_NAME.format(rank=rank)
    return write_durably(folder / name, _safetensors(tensors))


def write_manifest(draft: Path, state_name: str, parts: Iterable[FileEntry]) -> None:
    """Write what makes the files of a draft the state of that name."""
    files = tuple(sorted(parts, key=lambda entry: entry.path))
    write_durably(draft / MANIFEST_NAME, [memoryview(json_bytes(Manifest(stage=MANIFEST_STAGE, key=state_name, files=files)))])


def write_durably(path: Path, chunks: Iterable[memoryview]) -> FileEntry:
    """Write and flush a file, and hash it on the way."""
    digest, num_bytes = hashlib.sha256(), 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), BYTES_PER_WRITE):
                piece = chunk[start : start + BYTES_PER_WRITE]
                digest.update(piece)
                while len(piece):
                    written = os.write(file, piece)
                    num_bytes += written
                    piece = piece[written:]
        os.fsync(file)
    finally:
        os.close(file)
    return FileEntry(path=path.name, num_bytes=num_bytes, sha256=digest.hexdigest())


def json_bytes(value: Frozen) -> bytes:
    """One line of JSON; the same value gives the same bytes."""
    return orjson.dumps(value.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_manifest(state: Path) -> Manifest:
    """What the state consists of, once its files were found to be there, each of its length.

    Raises:
        InputDamagedError: the manifest does not read, or a file is missing, extra or of another length.
    """
    try:
        content = (state / MANIFEST_NAME).read_bytes()
        manifest = Manifest.model_validate_json(content)
    except (FileNotFoundError, ValidationError) as error:
        raise InputDamagedError(f"{state / MANIFEST_NAME} is missing or does not read as a manifest.") from error
    if content != json_bytes(manifest) or (manifest.stage, manifest.key) != (MANIFEST_STAGE, state.name):
        raise InputDamagedError(f"{state / MANIFEST_NAME} is not as it was written, or of another state.")
    found = {path.name: path.stat().st_size for path in state.iterdir() if path.name != MANIFEST_NAME}
    listed = {entry.path: entry.num_bytes for entry in manifest.files}
    if found != listed:
        odd = sorted(set(found.items()) ^ set(listed.items()))
        raise InputDamagedError(f"{state}: {odd[0][0]} is missing, extra or of another length than the manifest says.")
    return manifest


def read_whole(state: Path, name: str) -> bytes:
    """A file of a state: the very bytes that were held against the manifest.

    Raises:
        InputDamagedError: they are not those that were written.
    """
    entries = {entry.path: entry for entry in read_manifest(state).files}
    if name not in entries:
        raise InputDamagedError(f"{state} holds no {name}: it was saved by fewer ranks.")
    content = (state / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != entries[name].sha256:
        raise InputDamagedError(f"{state / name}: the sha256 is not the one in the manifest.")
    return content


def read_part(state: Path, rank: int) -> "dict[str, Tensor]":
    """A rank's tensors, verified.

    Raises:
        InputDamagedError: the file is not as it was written.
    """
    from safetensors.torch import load  # noqa: PLC0415

    return load(read_whole(state, PART_NAME.format(rank=rank)))


def _safetensors(tensors: "Mapping[str, Tensor]") -> Iterator[memoryview]:
    import torch

    header: dict[str, object] = {}
    end = 0
    for name in sorted(tensors):
        tensor = tensors[name]
        begin, end = end, end + tensor.numel() * tensor.element_size()
        kind = SAFETENSORS_TYPES[str(tensor.dtype).removeprefix("torch.")]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    words = orjson.dumps(header)
    words += b" " * (-len(words) % 8)  # tensors begin at a multiple of eight bytes
    yield memoryview(len(words).to_bytes(8, "little") + words)
    for name in sorted(tensors):
        yield tensors[name].contiguous().reshape(-1).view(torch.uint8).numpy().data
