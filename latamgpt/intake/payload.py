"""A delivery's bytes: no links, no devices, nothing outside the folder, and never more of them than the caps allow."""

import gzip
import os
import stat
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import zstandard

from latamgpt.errors import harmless, quoted
from latamgpt.intake.member_names import CONTROLS, MAX_NAME_BYTES, refuse_collisions
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.params import DocumentsParams

CHUNK_BYTES = 1 << 16
MAX_ENTRIES = 100_000  # files and folders of one delivery; a kilobyte of memory each
ZSTD_FEED_BYTES = 1 << 10  # one block of 4 bytes can stand for 128 KiB: little at a time keeps a bomb small


@dataclass
class Budget:
    """How many more decompressed bytes a delivery may bring; counted while streaming, since headers lie."""

    max_file_bytes: int
    max_delivery_bytes: int
    max_record_bytes: int
    used_bytes: int = 0

    @classmethod
    def of(cls, params: DocumentsParams) -> "Budget":
        """A fresh budget for one delivery."""
        return cls(params.max_file_bytes, params.max_delivery_bytes, params.max_record_bytes)

    def read(self, path: Path, name: str, most: int) -> bytes:
        """The bytes of a file of at most so many.

        Raises:
            Rejected: too_large for the file, DeliveryTooLarge for the delivery.
        """
        self.count(path, name, most)
        return path.read_bytes()

    def pieces(self, path: Path, name: str) -> Iterator[bytes]:
        """A file's bytes piece by piece, decompressed where it ends in .gz or .zst, in any case; it is gone through once before.

        Raises:
            Rejected: too_large for the file, DeliveryTooLarge for the delivery, compression_damaged; before the first piece.
        """
        file_bytes = 0
        for piece in _stream(path, name):
            file_bytes += len(piece)
            self._use(len(piece), file_bytes, name)
        return _stream(path, name)

    def count(self, path: Path, name: str, most: int | None = None) -> None:
        """Count a file that its parser reads itself, of at most so many bytes.

        Raises:
            Rejected: too_large for the file, DeliveryTooLarge for the delivery.
        """
        num_bytes = path.stat().st_size
        self._use(num_bytes, num_bytes, name)
        if most is not None and num_bytes > most:
            detail = f"{name} holds {num_bytes:,} bytes, and a file of its kind is not read above {most:,}: send it in parts"
            raise Rejected(Reason.TOO_LARGE, detail, name)

    def _use(self, num_bytes: int, file_bytes: int, name: str) -> None:
        if file_bytes > self.max_file_bytes:
            raise Rejected(Reason.TOO_LARGE, f"{name} holds more than {self.max_file_bytes:,} bytes, reading stopped", name)
        self.used_bytes += num_bytes
        if self.used_bytes > self.max_delivery_bytes:
            raise DeliveryTooLarge(f"the delivery holds more than {self.max_delivery_bytes:,} bytes, reading stopped", name)


class DeliveryTooLarge(Rejected):
    """All files together are above the cap: nothing of the delivery is taken in."""

    def __init__(self, detail: str, path: str) -> None:
        super().__init__(Reason.TOO_LARGE, detail, path)


def refuse_unsafe(folder: Path) -> None:
    """Refuse a delivery that holds anything but plain files and folders with readable names, before a byte of it is read.

    Raises:
        Rejected: unsafe_path, for a link, pipe, socket or device, for a name that is not UTF-8, and for folders so deep in each
            other that their names together are longer than an archive may hold; name_collision.
    """
    _refuse_many_and_deep(folder)
    paths = sorted(folder.rglob("*"))
    names = [os.fspath(path)[len(os.fspath(folder)) + 1 :] for path in paths]
    for path, name in zip([folder, *paths], [".", *names], strict=True):
        if readable(path.name) != path.name:
            shown = readable(path.name if path == folder else name)
            raise Rejected(Reason.UNSAFE_PATH, f"the name {shown} is not UTF-8: no manifest can list it", shown)
        if CONTROLS.search(name):
            shown = harmless(name)
            raise Rejected(
                Reason.UNSAFE_PATH, f"the name {quoted(name)} holds a control character: no manifest can list it", shown
            )
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or (stat.S_ISDIR(mode))):
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "a pipe, socket or device"
            raise Rejected(Reason.UNSAFE_PATH, f"{name} is {kind}: only plain files are read", name)
    refuse_collisions(names, "the delivery")


def _refuse_many_and_deep(folder: Path) -> None:
    """Refuse more files than their names fit into memory, and paths that no system could open, before a list of them is made."""
    begin = len(os.fsencode(folder)) + 1
    num_entries, waiting = 0, [] if folder.is_symlink() else [os.fspath(folder)]
    while waiting:
        with suppress(NotADirectoryError, PermissionError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                num_entries += 1
                if num_entries > MAX_ENTRIES:
                    raise Rejected(
                        Reason.TOO_LARGE, f"the delivery holds more than {MAX_ENTRIES:,} files and folders: send it in parts"
                    )
                if len(os.fsencode(entry.path)) - begin > MAX_NAME_BYTES:
                    shown = quoted(readable(entry.path)[len(readable(os.fspath(folder))) + 1 :])
                    detail = (
                        f"the path {shown} is longer than the {MAX_NAME_BYTES:,} bytes that it may have: the folders lie too deep"
                    )
                    raise Rejected(Reason.UNSAFE_PATH, detail)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def readable(name: str) -> str:
    """A file's name as text: bytes of it that are not UTF-8 are written as their numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def size_of(folder: Path) -> int:
    """The bytes of all plain files below a folder; links are not followed."""
    modes = (path.lstat() for path in sorted(folder.rglob("*")))
    return sum(mode.st_size for mode in modes if stat.S_ISREG(mode.st_mode))


def _stream(path: Path, name: str) -> Generator[bytes]:
    try:
        if name.lower().endswith(".gz"):
            yield from _gunzip(path)
        elif name.lower().endswith(".zst"):
            yield from _unzstd(path, name)
        else:
            with path.open("rb") as stream:
                while piece := stream.read(CHUNK_BYTES):
                    yield piece
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise Rejected(Reason.COMPRESSION_DAMAGED, f"{name} cannot be decompressed: {error}", name) from error


def _gunzip(path: Path) -> Generator[bytes]:
    with gzip.open(path) as stream:
        while piece := stream.read(CHUNK_BYTES):
            yield piece


def _unzstd(path: Path, name: str) -> Generator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    with path.open("rb") as stream:
        while piece := stream.read(ZSTD_FEED_BYTES):
            while piece:
                begun = True
                yield frame.decompress(piece)
                piece = frame.unused_data if frame.eof else b""
                if frame.eof:
                    frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
    if begun:
        raise Rejected(Reason.COMPRESSION_DAMAGED, f"{name} ends in the middle of a frame: it is cut short", name)
