"""A delivery that came as one archive: unpacked within intake's caps, whole or not at all, and the delivery found in it."""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from latamgpt.errors import InputDamagedError, OperatorError, quoted
from latamgpt.intake.archives import SUFFIXES, unpack_apart
from latamgpt.intake.delivery import DELIVERY_NAME
from latamgpt.intake.payload import readable, refuse_unsafe
from latamgpt.params import DocumentsParams
from latamgpt.store import list_files, sha256_file

BAG_NAME = "bagit.txt"
MACOS_FOLDER = "__MACOSX"
MACOS_MARK = "._"
"""What macOS puts into a zip beside the files, a folder of its own with a twin '._NAME' of each: icons and dates, never text."""


@dataclass(frozen=True)
class Packed:
    """An archive that was unpacked, and the delivery in it."""

    folder: Path  # of the delivery, below where it was unpacked
    name: str
    num_bytes: int
    sha256: str
    num_left_out: int  # files that macOS added

    def in_words(self) -> str:
        """The archive as the preview and the audit log name it."""
        left_out = f", without the {self.num_left_out:,} files of {MACOS_FOLDER} that macOS adds" if self.num_left_out else ""
        return f"from the archive {quoted(self.name)}, {self.num_bytes:,} bytes, sha256 {self.sha256}{left_out}"


def is_archive(path: Path) -> bool:
    """Whether a path names a file of a kind that is unpacked."""
    return path.is_file() and path.name.lower().endswith(SUFFIXES)


def unpack_delivery(source: Path, target: Path, params: DocumentsParams) -> Packed:
    """Unpack an archive into a new folder and find the delivery in it: at its top, or in the one folder that it holds.

    It may unpack to as many bytes as a delivery may have; of a file that is too large for intake, intake says so afterwards.

    Raises:
        Rejected: the archive is one that intake refuses.
        OperatorError: the archive is empty or holds several deliveries; or the disk refused.
        InputDamagedError: it changed while it was unpacked.
    """
    if readable(str(source)) != str(source):
        raise OperatorError(f"the path {readable(str(source))} is not UTF-8. Nothing was entered. Rename it, and run it again.")
    try:
        num_bytes, digest = source.stat().st_size, sha256_file(source)
        target.mkdir()
        unpack_apart(source, source.name, target, params.max_delivery_bytes, params.max_delivery_bytes)
        refuse_unsafe(target)  # the process that unpacked is not believed
        if sha256_file(source) != digest:
            raise InputDamagedError(
                f"{source} changed while it was unpacked. Nothing was entered. Run the command again when nobody writes there."
            )
    except OSError as error:
        raise OperatorError(
            f"{source} could not be unpacked: {error}. Nothing was entered. Free some space or mend the permissions, then run "
            "the command again."
        ) from error
    num_left_out = _leave_out_macos(target)
    return Packed(_delivery_in(source, target), source.name, num_bytes, digest, num_left_out)


def _leave_out_macos(target: Path) -> int:
    """Remove what macOS added, where it is nothing else, and say how many files it was."""
    folder = target / MACOS_FOLDER
    names = list_files(folder) if folder.is_dir() else []
    if not all(PurePosixPath(name).name.startswith(MACOS_MARK) for name in names):
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    return len(names)


def _delivery_in(source: Path, target: Path) -> Path:
    entries = sorted(target.iterdir())
    inside = entries[0] if len(entries) == 1 and entries[0].is_dir() and not _is_described(target) else target
    names = list_files(inside)
    if not names:
        raise OperatorError(f"{source} holds no file. Nothing was entered. Ask the partner what became of it.")
    if _is_described(inside):
        return inside
    if len(names) == 1 and names[0].lower().endswith(SUFFIXES):
        raise OperatorError(
            f"{source} holds nothing but another archive, {quoted(names[0])}. Nothing was entered. Unpack it once, look what it "
            "is, and deliver that."
        )
    deeper = next((name for name in names if PurePosixPath(name).name in (DELIVERY_NAME, BAG_NAME)), "")
    if deeper:
        raise OperatorError(
            f"{source} holds {quoted(deeper)}, and not at its top or in the one folder there: it may be several deliveries. "
            "Nothing was entered. Ask the partner for an archive of each."
        )
    return inside


def _is_described(folder: Path) -> bool:
    return (folder / DELIVERY_NAME).is_file() or (folder / BAG_NAME).is_file()
