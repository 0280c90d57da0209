"""A document that is a zip of XML files (DOCX, ODT, EPUB): its members, read within caps."""

import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager

from latamgpt.errors import quoted
from latamgpt.intake.quarantine import Reason, Rejected

MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 64 << 20
MAX_RATIO = 200  # of text to compressed text: XML of long tables reaches 50, deflate's bombs 1,000
RATIO_FROM_BYTES = 1 << 20  # a small file may well be all blanks
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Office writes around a document with a password, and what .doc files begin with
LOCKED = "EncryptedPackage".encode("utf-16-le")  # the name of what holds the document inside, [MS-OFFCRYPTO] 2.3.4
ENCRYPTED_FLAG = 0x1


class Package:
    """The members of one such zip, by name."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self.names = frozenset(archive.namelist())

    def read(self, member: str) -> bytes:
        """A member's bytes.

        Raises:
            Rejected: document_unreadable when it is missing, encrypted, too_large.
        """
        if member not in self.names:
            raise Rejected(
                Reason.DOCUMENT_UNREADABLE, f"{self._name} holds no {quoted(member)}: it is damaged, or no file of its kind"
            )
        info = self._archive.getinfo(member)
        if info.flag_bits & ENCRYPTED_FLAG:
            raise encrypted(self._name)
        with self._archive.open(info) as stream:
            raw = stream.read(MAX_MEMBER_BYTES + 1)
        if len(raw) > MAX_MEMBER_BYTES:
            raise Rejected(Reason.TOO_LARGE, f"{quoted(member)} of {self._name} holds more than {MAX_MEMBER_BYTES:,} bytes")
        return raw


@contextmanager
def open_package(path: str, name: str) -> Generator[Package]:
    """Open a document that is a zip.

    Raises:
        Rejected: document_unreadable when it is no zip or is cut short; encrypted; archive_bomb.
    """
    _refuse_ole(path, name)
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_bomb(archive, name)
            yield Package(archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        detail = f"{name} cannot be unpacked ({error}): it is damaged or cut short. Ask the partner to send it again"
        raise Rejected(Reason.DOCUMENT_UNREADABLE, detail) from error


def _refuse_ole(path: str, name: str) -> None:
    with open(path, "rb") as stream:  # noqa: PTH123
        raw = stream.read() if stream.read(len(OLE)) == OLE else None
    if raw is None:
        return
    if LOCKED in raw:
        raise encrypted(name)
    detail = f"{name} is of Office's old kind (.doc), whatever its name says: ask the partner to save it as .docx, .odt or .pdf"
    raise Rejected(Reason.DOCUMENT_UNREADABLE, detail)


def refuse_bomb(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse a zip that unpacks to far more than it holds; Python's zipfile gives no more of a member than is declared here.

    Raises:
        Rejected: archive_bomb.
    """
    infos = archive.infolist()
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if len(infos) > MAX_MEMBERS:
        raise Rejected(
            Reason.ARCHIVE_BOMB, f"{name} holds {len(infos):,} members, above {MAX_MEMBERS:,}: ask the partner for it in parts"
        )
    if unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * packed:
        raise Rejected(
            Reason.ARCHIVE_BOMB, f"{name} unpacks {packed:,} bytes to {unpacked:,}: no document does, nothing of it is read"
        )


def encrypted(name: str) -> Rejected:
    """What is said of a file that asks for a password."""
    return Rejected(Reason.ENCRYPTED, f"{name} is protected by a password or rights management: ask the partner for an open copy")
