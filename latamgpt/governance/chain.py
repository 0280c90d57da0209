"""The lines of the audit log, each sealed to the one before it: what a line holds, and which line is the first that is wrong."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import ValidationError

from latamgpt.records import Frozen

FIRST_PREVIOUS = "0" * 64
"""What the first line names as the line before it."""


class Change(Frozen):
    """One file or folder that an action changed; '' where there was, or is, nothing."""

    path: str  # inside the workspace
    before: str = ""  # sha256
    after: str = ""  # sha256


class Entry(Frozen):
    """One line: who did what, when, to what, and the seal."""

    sequence: int  # 1, 2 ...
    time: str  # UTC, ISO 8601
    actor: str
    action: str
    subject: str  # 'archivo-cauca', 'archivo-cauca/ac-2025-01' ...
    detail: str
    changes: tuple[Change, ...] = ()
    previous: str  # `sha256` of the line before
    sha256: str = ""  # of this line without this field

    def line(self) -> bytes:
        """The line as it stands in the file; there is one way to write it."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

    def digest(self) -> str:
        """The sha256 that the line must carry."""
        plain = self.model_dump(mode="json", exclude={"sha256"})
        return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def sealed(self) -> "Entry":
        """The same line with its sha256."""
        return self.model_copy(update={"sha256": self.digest()})


@dataclass(frozen=True)
class Chain:
    """A log as it was read: the lines up to the first that is wrong, and what is wrong with that one."""

    entries: tuple[Entry, ...]
    fault: str = ""  # a sentence that begins with the line's number
    torn: bytes = b""  # the start of a last line that was never finished

    @property
    def head(self) -> str:
        """The sha256 of the last good line: kept elsewhere, it shows later whether lines were cut off."""
        return self.entries[-1].sha256 if self.entries else FIRST_PREVIOUS


def read_chain(path: Path, kind: type[Entry] = Entry) -> Chain:
    """Read and verify a whole log of one kind of entries; a log that is not there has no lines."""
    *lines, torn = (path.read_bytes() if path.is_file() else b"").split(b"\n")
    entries: list[Entry] = []
    previous = FIRST_PREVIOUS
    for number, line in enumerate(lines, start=1):
        entry = _parse(line, kind)
        fault = _fault(entry, line, number, previous)
        if entry is None or fault:
            return Chain(tuple(entries), f"line {number} {fault}")
        entries.append(entry)
        previous = entry.sha256
    return Chain(tuple(entries), torn=torn)


def _parse(line: bytes, kind: type[Entry]) -> Entry | None:
    try:
        return kind.model_validate(orjson.loads(line))
    except (orjson.JSONDecodeError, ValidationError):
        return None


def _fault(entry: Entry | None, line: bytes, number: int, previous: str) -> str:
    if entry is None:
        return "is no entry: it does not read as one"
    if entry.digest() != entry.sha256 or entry.line() != line + b"\n":
        return "was changed: its bytes do not give the sha256 that it carries"
    if entry.sequence != number:
        return f"carries the number {entry.sequence}: lines before it were taken out, added or moved"
    if entry.previous != previous:
        return f"follows {entry.previous[:16]}..., the line before it is {previous[:16]}...: that one was replaced"
    return ""
