"""What a deed is about to do, written down before anything of it is done: line of the log, files, and folder.

A kill leaves it behind. The next command sees by the log's line whether the deed is to be finished or was never begun.
"""

import shutil
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from latamgpt.custody.edits import FileEdit, Move, digest_now
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.audit import Action
from latamgpt.governance.chain import Chain, Entry
from latamgpt.records import Frozen
from latamgpt.store import flush

JOURNAL = "var/unfinished/deed.json"
"""There only while a deed is done, or after a kill."""


class Reached(StrEnum):
    """How far the log has come with a deed."""

    NOT_ENTERED = "not_entered"
    HALF_ENTERED = "half_entered"  # its line is torn
    ENTERED = "entered"
    UNDONE = "undone"  # a later line takes it back
    UNKNOWN = "unknown"  # the log itself is damaged


class Journal(Frozen):
    """One deed: its line as it will stand in the log, its edits, and the folder that takes its place."""

    entry: Entry
    edits: tuple[FileEdit, ...]
    move: Move | None = None

    def write(self, root: Path) -> None:
        """Put it on the disk, whole or not at all."""
        FileEdit(JOURNAL, "", self.model_dump_json(), private=True).write(root)

    def draft(self, root: Path) -> None:
        """Make the folders that the deed needs, and write its drafts: what a full disk refuses, it refuses here."""
        if self.move:
            (root / self.move.place).parent.mkdir(parents=True, exist_ok=True)
        for edit in self.edits:
            edit.draft(root)

    def take_effect(self, root: Path) -> None:
        """Move the folder and rename the drafts over their files."""
        if self.move:
            self.move.carry_out(root)
        for edit in self.edits:
            edit.publish(root)

    def resume(self, root: Path) -> None:
        """Do what a kill left undone; what is done already is left alone."""
        if self.move and not (root / self.move.place).exists():
            self.move.carry_out(root)
        for edit in self.edits:
            edit.write(root)

    def take_back(self, root: Path) -> None:
        """Bring back what was before, as far as the disk lets us."""
        for edit in self.edits:
            with suppress(OSError):
                if digest_now(root / edit.path) != edit.change.after:
                    continue
                if edit.before:
                    FileEdit(edit.path, edit.after, edit.before, edit.private).write(root)
                else:
                    (root / edit.path).unlink()
        if self.move and (root / self.move.place).exists():
            with suppress(OSError):
                (root / self.move.place).rename(root / self.move.folder)

    def odd(self, root: Path) -> str:
        """A file or folder that is neither as the deed found it nor as it leaves it; '' where there is none."""
        for edit in self.edits:
            if digest_now(root / edit.path) not in (edit.change.before, edit.change.after):
                return edit.path
        if self.move and (root / self.move.place).exists() and digest_now(root / self.move.place) != self.move.digest:
            return self.move.place
        return ""

    def lost(self, root: Path) -> bool:
        """Whether the folder that was to take its place lies neither there nor where it waited."""
        move = self.move
        return move is not None and not (root / move.place).exists() and digest_now(root / move.folder) != move.digest

    def reached(self, chain: Chain) -> Reached:
        """How far a log has come with it."""
        number = self.entry.sequence
        if chain.fault:
            return Reached.UNKNOWN
        if self.entry in chain.entries:
            undone = (one.action == Action.DEED_UNDONE and one.detail.startswith(undone_words(number)) for one in chain.entries)
            return Reached.UNDONE if any(undone) else Reached.UNKNOWN if chain.torn else Reached.ENTERED
        if not chain.torn:
            return Reached.NOT_ENTERED
        is_next = self.entry.previous == chain.head and self.entry.line().startswith(chain.torn)
        return Reached.HALF_ENTERED if is_next else Reached.UNKNOWN

    def remove_drafts(self, root: Path) -> None:
        """A file that a delivery's manifest does not list makes it doubtful, so drafts go before anybody looks."""
        for edit in self.edits:
            edit.draft_path(root).unlink(missing_ok=True)

    def drop(self, root: Path) -> None:
        """Forget a deed that was never begun, with the folder that waited for it."""
        self.remove_drafts(root)
        if self.move and (root / self.move.folder).is_dir():
            shutil.rmtree(root / self.move.folder)
        self.close(root)

    def close(self, root: Path) -> None:
        """The deed is done or undone, and needs no journal any more."""
        if self.move:
            with suppress(OSError):
                (root / self.move.folder).parent.rmdir()
        path = root / JOURNAL
        for one in (FileEdit(JOURNAL, "", "").draft_path(root), path):
            one.unlink(missing_ok=True)
        flush(path.parent)


def undone_words(number: int) -> str:
    """How the line begins that takes back another."""
    return f"number {number} was "


def read_journal(root: Path) -> Journal | None:
    """The deed that a kill cut off; None where there is none. A journal that was not whole is no journal, and goes.

    Raises:
        InputDamagedError: the journal does not read as one.
    """
    path = root / JOURNAL
    FileEdit(JOURNAL, "", "").draft_path(root).unlink(missing_ok=True)
    if not path.is_file():
        return None
    try:
        return Journal.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputDamagedError(
            f"{path} does not read as the journal of a deed, so what a killed command left cannot be finished. Compare the "
            "registry and the deliveries with the log (`latamgpt audit --files`, `git status`), settle it by hand, and remove "
            "the file."
        ) from error


def refuse_odd(journal: Journal, root: Path) -> None:
    """Refuse to finish a deed over what was changed since.

    Raises:
        OperatorError: one of its files is neither as the deed found it nor as it leaves it.
    """
    odd = journal.odd(root)
    if odd:
        raise OperatorError(
            f"{root / JOURNAL} says that a command was killed while it wrote {', '.join(e.path for e in journal.edits)}, and "
            f"{odd} was changed since. What it should hold cannot be told, so nothing is written. Compare it with `git diff`, "
            f"settle it by hand, and remove {JOURNAL}."
        )
