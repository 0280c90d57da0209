"""Archives: members are streamed out one by one, counted while they come, and never trusted about their names or sizes."""

import bz2
import errno
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

import zstandard

from latamgpt.errors import quoted
from latamgpt.intake.limited import run_limited
from latamgpt.intake.member_names import refuse_collisions, safe_name
from latamgpt.intake.package import ENCRYPTED_FLAG, MAX_MEMBERS, MAX_RATIO, RATIO_FROM_BYTES, encrypted
from latamgpt.intake.payload import refuse_unsafe
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import Source
from latamgpt.store import list_files

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
MAX_DEPTH = 2  # an archive in an archive is opened; one in that is not
MAX_SECONDS = 120  # of processor time: half a gigabyte of xz takes 20
CHUNK_BYTES = 1 << 16
TAIL_BYTES = 1 << 20
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, zstandard.ZstdError, EOFError, NotImplementedError)


@contextmanager
def unpacked(source: Source, name: str) -> Generator[Source]:
    """What an archive of a delivery holds, as files of a folder that is gone afterwards; their names begin with the archive's.

    Raises:
        Rejected: archive_damaged, archive_bomb, archive_nested, encrypted, too_large, unsafe_path, name_collision, parser_limit;
            nothing of the archive is read then.
    """
    if source.depth >= MAX_DEPTH:
        raise Rejected(
            Reason.ARCHIVE_NESTED, f"{name} is an archive in an archive in an archive: ask the partner to unpack it once"
        )
    budget = source.budget
    with TemporaryDirectory(prefix="latamgpt-archive-") as folder:
        left = budget.max_delivery_bytes - budget.used_bytes
        unpack_apart(source.folder / name, name, Path(folder) / name, budget.max_file_bytes, left)
        refuse_unsafe(Path(folder))  # the process that unpacked is not believed
        inside = frozenset(list_files(Path(folder)))
        yield replace(source, folder=Path(folder), names=inside, depth=source.depth + 1)


def unpack_apart(path: Path, name: str, target: Path, max_file_bytes: int, max_bytes: int) -> None:
    """Unpack an archive below `target` in a process that can do no harm; what it wrote is still to be looked at.

    Raises:
        Rejected: as `unpacked`, but for archive_nested; what was written until then lies there.
    """
    run_limited(
        unpack,
        [str(path), name, str(target), max_file_bytes, max_bytes],
        name=name,
        reason=Reason.ARCHIVE_DAMAGED,
        max_seconds=MAX_SECONDS,
        max_written_bytes=max_file_bytes,
    )


def unpack(path: str, name: str, target: str, max_file_bytes: int, max_bytes: int) -> list[str]:
    """Write an archive's files below `target` and give their names; whatever is odd about one refuses the archive whole."""
    ratio_bytes = max(RATIO_FROM_BYTES, MAX_RATIO * Path(path).stat().st_size)
    names: list[str] = []
    total = 0
    try:
        for member_name, stream in _members(path, name):
            names.append(safe_name(member_name, name))
            if len(names) > MAX_MEMBERS:
                raise _too_many(name)
            for piece in _written(stream, Path(target) / names[-1], name):
                total += piece
                if total > ratio_bytes:
                    raise _bomb(name, f"more than {MAX_RATIO} times its own size")
                if total > max_bytes:
                    raise Rejected(
                        Reason.TOO_LARGE, f"{name} unpacks to more than the {max_bytes:,} bytes that are left to its delivery"
                    )
            if (Path(target) / names[-1]).stat().st_size > max_file_bytes:
                raise Rejected(Reason.TOO_LARGE, f"{names[-1]} in {name} holds more than {max_file_bytes:,} bytes")
        refuse_collisions(names, name)
    except DAMAGED as error:
        detail = f"{name} cannot be unpacked ({type(error).__name__}: {error}): ask the partner to send it again"
        raise Rejected(Reason.ARCHIVE_DAMAGED, detail) from error
    return sorted(names)


def _written(stream: IO[bytes], place: Path, archive: str) -> Iterator[int]:
    """Write a member and say after each piece how many bytes it had."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            while piece := stream.read(CHUNK_BYTES):
                yield len(piece)
                file.write(piece)
    except (FileExistsError, NotADirectoryError) as error:
        detail = f"{archive} holds two files of one name, or a file and a folder of one: ask the partner which is meant"
        raise Rejected(Reason.NAME_COLLISION, detail) from error
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise Rejected(Reason.TOO_LARGE, f"{place.name} in {archive} holds more bytes than one file may") from error


def _members(path: str, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    if name.lower().endswith(".zip"):
        yield from _zip_members(path, name)
    else:
        yield from _tar_members(path, name)


def _zip_members(path: str, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > MAX_MEMBERS:
            raise _too_many(name)
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _unsafe_kind(name, info.filename)
            if info.flag_bits & ENCRYPTED_FLAG:
                raise encrypted(name)
            if not info.is_dir():
                with archive.open(info) as stream:
                    yield info.filename, stream
            else:
                safe_name(info.filename, name)


def _tar_members(path: str, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Read as a stream, which no header can send back or forth."""
    with Path(path).open("rb") as packed, _decompressed(packed, name) as plain:
        tail = _Tail(plain)
        with tarfile.open(fileobj=cast("IO[bytes]", tail), mode="r|", errors="surrogateescape") as archive:
            for info in archive:
                if not (info.isreg() or info.isdir()):
                    raise _unsafe_kind(name, info.name)
                stream = archive.extractfile(info) if info.isreg() else None
                if stream is not None:
                    yield info.name, stream
                else:
                    safe_name(info.name, name)
            tail.refuse_unread(archive.offset)


class _Tail:
    """A stream that remembers its end: tarfile takes a damaged header, or none, for the end of an archive."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._end = bytearray()
        self._num_bytes = 0

    def read(self, size: int) -> bytes:
        """As of any stream."""
        piece = self._stream.read(size)
        self._num_bytes += len(piece)
        self._end += piece
        if len(self._end) > 2 * TAIL_BYTES:  # a cut now and then: at each read it would cost more than the unpacking
            del self._end[:-TAIL_BYTES]
        return piece

    def refuse_unread(self, offset: int) -> None:
        """What follows the last member must be the blocks of zeros that end an archive, and no more than tar pads with."""
        while self._num_bytes - offset < TAIL_BYTES and self.read(CHUNK_BYTES):
            pass
        unread = self._num_bytes - offset
        if not tarfile.BLOCKSIZE <= unread < TAIL_BYTES or self._end[-unread:].strip(b"\0"):
            raise tarfile.ReadError("it is cut short, or damaged in the middle")


def _decompressed(packed: IO[bytes], name: str) -> IO[bytes]:
    low = name.lower()
    if low.endswith((".gz", ".tgz")):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=packed))
    if low.endswith((".bz2", ".tbz2")):
        return cast("IO[bytes]", bz2.BZ2File(packed))
    if low.endswith((".xz", ".txz")):
        return cast("IO[bytes]", lzma.LZMAFile(packed))
    if low.endswith(".zst"):
        return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True))
    return packed


def _unsafe_kind(archive: str, member: str) -> Rejected:
    detail = f"{archive} holds {quoted(member)}, a link, pipe or device: only plain files are read, nothing of it is unpacked"
    return Rejected(Reason.UNSAFE_PATH, detail, archive)


def _too_many(name: str) -> Rejected:
    return _bomb(name, f"more than {MAX_MEMBERS:,} files")


def _bomb(name: str, what: str) -> Rejected:
    return Rejected(Reason.ARCHIVE_BOMB, f"{name} unpacks to {what}: no texts do. Ask the partner what it is")
