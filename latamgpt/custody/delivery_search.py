"""What a partner sent, searched as it lies and as intake's readers read it, whether or not its use is permitted.

Rights, fixity and withdrawals are not asked: a person's data in a delivery that was set aside is held all the same. What no
reader reads is named, never passed over.
"""

import html
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from latamgpt.custody.needles import Needle
from latamgpt.errors import OperatorError
from latamgpt.intake.archives import SUFFIXES as ARCHIVES
from latamgpt.intake.archives import unpacked
from latamgpt.intake.delivery import Delivery, DeliveryFormat, read_delivery
from latamgpt.intake.found import Found
from latamgpt.intake.library_files import is_mets
from latamgpt.intake.payload import refuse_unsafe
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.reading import READERS, read_file
from latamgpt.intake.scans import IMAGE_SUFFIXES
from latamgpt.intake.source import Source
from latamgpt.intake.transcripts import AUDIO_SUFFIXES
from latamgpt.params import DocumentsParams

PACKED = (".pdf", ".docx", ".odt", ".epub", ".parquet", ".gz", ".zst", *ARCHIVES, *IMAGE_SUFFIXES, *AUDIO_SUFFIXES)
"""Endings of files whose bytes may look like text and do not show theirs."""

CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
TAG = re.compile(r"<[^<>]{1,1000}>")
ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrt])")
NOT_DESCRIBED = Delivery(
    id="not-described", agreement="", date=date.min, format=DeliveryFormat.FILES, licence="", source="", notice=""
)


@dataclass(frozen=True)
class Hit:
    """A file in which the string stands."""

    path: str  # inside the delivery; of a file in an archive, below the archive's name
    times: int


@dataclass(frozen=True)
class Closed:
    """A file that could not be searched, or not wholly."""

    path: str
    reason: str  # intake's code for why it gave no text


def search_folder(folder: Path, wanted: Needle, params: DocumentsParams) -> Iterator[Hit | Closed]:
    """Every file of a delivery that holds the string, and every one of which that cannot be said.

    Raises:
        OperatorError: a parser's own process cannot be started, so that nothing can be said of any file.
    """
    names = frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_plain_file(path))
    try:
        refuse_unsafe(folder)
    except Rejected as rejected:
        yield Closed(rejected.path, rejected.reason)  # a link, say, whose end is not looked for
        yield from _as_they_lie(folder, sorted(names), wanted, rejected.reason)
        return
    yield from search_files(folder, names, wanted, params)


def search_files(folder: Path, names: frozenset[str], wanted: Needle, params: DocumentsParams) -> Iterator[Hit | Closed]:
    """As `search_folder`, for plain files of a folder."""
    try:
        delivery = read_delivery(folder).model_copy(update={"format": DeliveryFormat.FILES, "notice": ""})
    except OperatorError:
        delivery = NOT_DESCRIBED
    yield from _search(Source.of(folder, delivery, params, names), wanted)


def _search(source: Source, wanted: Needle) -> Iterator[Hit | Closed]:
    times = {name: _times_as_it_lies(source.folder / name, name, wanted) for name in source.names}
    reasons: dict[str, str] = {}
    read: set[str] = set()
    for name in sorted(source.names, key=lambda name: (not is_mets(source, name), name)):
        if name.lower().endswith(ARCHIVES):
            yield from _search_archive(source, name, wanted)
            read.add(name)
        elif name.lower().endswith(tuple(READERS)) and name not in read:
            found, aside = _read(source, name)
            text_times = sum(wanted.count("\n".join((one.title, *one.spellings))) for one in found)
            times[name] = max(times[name], text_times + wanted.count(name))
            read.update(part for one in found for part in one.parts)
            if any(one.text.strip() for one in found):
                read.add(name)
            reasons |= aside
    for name in sorted(source.names):
        if times[name]:
            yield Hit(name, times[name])
        if (name in reasons or name not in read) and not is_text(source.folder / name):
            yield Closed(name, reasons.get(name, Reason.NOT_READ))


def _read(source: Source, name: str) -> tuple[list[Found], dict[str, str]]:
    """The documents in a file, and why something in it gave none: by the scan whose page it is, else by the file."""
    found: list[Found] = []
    reasons: dict[str, str] = {}
    try:
        for item in read_file(source, name):
            if isinstance(item, Found):
                found.append(item)
            else:
                scan = item.path.rpartition("#")[0]
                reasons[scan if scan in source.names else name] = item.reason
    except Rejected as rejected:  # the delivery is above its caps: this file and those after it are not read
        reasons[name] = rejected.reason
    return found, reasons


def _search_archive(source: Source, name: str, wanted: Needle) -> Iterator[Hit | Closed]:
    try:
        with unpacked(source, name) as inside:
            yield from _search(inside, wanted)
    except Rejected as rejected:
        yield Closed(name, rejected.reason)


def _as_they_lie(folder: Path, names: list[str], wanted: Needle, reason: str) -> Iterator[Hit | Closed]:
    for name in names:
        if times := _times_as_it_lies(folder / name, name, wanted):
            yield Hit(name, times)
        if not is_text(folder / name):
            yield Closed(name, reason)


def _times_as_it_lies(path: Path, name: str, wanted: Needle) -> int:
    text = _decoded(path.read_bytes())
    unescaped = html.unescape(ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else " ", text))
    return max(map(wanted.count, {text, unescaped, TAG.sub(" ", unescaped)})) + wanted.count(name)


def is_text(path: Path) -> bool:
    """Whether a file's own bytes are its text, so that a search of them is a search of it."""
    if path.name.lower().endswith(PACKED):
        return False
    return not CONTROL.search(_decoded(path.read_bytes()))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _is_plain_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)
