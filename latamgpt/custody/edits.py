"""What a command writes: an edit of a file, shown as a diff before, and replaced whole."""

import difflib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from latamgpt.custody.places import tree_digest
from latamgpt.governance.audit import Action
from latamgpt.governance.chain import Change
from latamgpt.store import flush, sha256_file

MAX_DIFF_LINES = 100
"""How much of an edit is shown: the tombstone of a large delivery names each content."""


@dataclass(frozen=True)
class FileEdit:
    """What a file of the workspace holds now, and what it is to hold; '' where there is no file."""

    path: str  # inside the workspace
    before: str
    after: str
    private: bool = False  # readable by its owner only, and the audit log, which is committed, does not name it

    @property
    def change(self) -> Change:
        """The edit as the audit log names it."""
        return Change(path=self.path, before=digest_of_text(self.before), after=digest_of_text(self.after))

    def diff(self) -> str:
        """The edit as people read it."""
        old, new = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = list(difflib.unified_diff(old, new, self.path if self.before else "/dev/null", self.path, n=1))
        left_out = [f"... and {len(lines) - MAX_DIFF_LINES:,} lines more\n"] if len(lines) > MAX_DIFF_LINES else []
        return "".join([*lines[:MAX_DIFF_LINES], *left_out])

    def draft_path(self, root: Path) -> Path:
        """Where the new text waits."""
        path = root / self.path
        return path.with_name(f".{path.name}.draft")

    def draft(self, root: Path) -> None:
        """Write the new text beside the file, and wait until it is on the disk."""
        draft = self.draft_path(root)
        draft.parent.mkdir(mode=0o700 if self.private else 0o777, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)  # one that a kill left may have other permissions
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if self.private else 0o666)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(self.after)
            stream.flush()
            os.fsync(stream.fileno())

    def publish(self, root: Path) -> None:
        """Rename the draft over the file."""
        path = root / self.path
        self.draft_path(root).replace(path)
        flush(path.parent)

    def write(self, root: Path) -> None:
        """Replace the file: a draft, flushed to the disk, renamed over it."""
        self.draft(root)
        self.publish(root)


@dataclass(frozen=True)
class Deed:
    """Something an operator does to files of the workspace."""

    action: Action
    subject: str
    detail: str  # in the past tense, as the audit log will read
    edits: tuple[FileEdit, ...]


@dataclass(frozen=True)
class Move:
    """A folder that is complete and takes its place inside the workspace."""

    folder: str  # where it waits, inside the workspace
    place: str
    digest: str  # of all its files

    @property
    def change(self) -> Change:
        """The move as the audit log names it."""
        return Change(path=self.place, after=self.digest)

    def carry_out(self, root: Path) -> None:
        """Rename the folder into its place."""
        (root / self.folder).rename(root / self.place)
        flush((root / self.place).parent)


def read_text(root: Path, path: str) -> str:
    """What a file of the workspace holds; '' where there is none."""
    place = root / path
    return place.read_bytes().decode("utf-8") if place.is_file() else ""  # line ends as they are


def digest_now(path: Path) -> str:
    """The sha256 of a file, or of all files of a folder; '' where there is neither, or the file is empty."""
    if path.is_dir():
        return tree_digest(path)
    return sha256_file(path) if path.is_file() and path.stat().st_size else ""


def digest_of_text(text: str) -> str:
    """The sha256 of a file that holds this text; '' where there is no file."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest() if text else ""
