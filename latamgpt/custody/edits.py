"""One file that a command writes: shown as a diff before, sealed into the audit log, written whole or not at all."""

import difflib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action, locked, open_log
from latamgpt.governance.chain import Change
from latamgpt.records import Frozen
from latamgpt.store import Workspace

UNFINISHED = "var/unfinished/deed.json"
"""What a deed of several files is about to write; there only while it is written, or after a kill."""

MAX_DIFF_LINES = 100
"""How much of an edit is shown: the tombstone of a large delivery names each content."""


@dataclass(frozen=True)
class FileEdit:
    """What a file of the workspace holds now, and what it is to hold; '' where there is no file."""

    path: str  # inside the workspace
    before: str
    after: str

    @property
    def change(self) -> Change:
        """The edit as the audit log names it."""
        return Change(path=self.path, before=_digest(self.before), after=_digest(self.after))

    def diff(self) -> str:
        """The edit as people read it."""
        old, new = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = list(difflib.unified_diff(old, new, self.path if self.before else "/dev/null", self.path, n=1))
        left_out = [f"... and {len(lines) - MAX_DIFF_LINES:,} lines more\n"] if len(lines) > MAX_DIFF_LINES else []
        return "".join([*lines[:MAX_DIFF_LINES], *left_out])

    def write(self, root: Path) -> None:
        """Replace the file: a draft, flushed to the disk, renamed over it."""
        path = root / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(self.after)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        sync_folder(path.parent)


class _Unfinished(Frozen):
    """The edits of one deed."""

    edits: tuple[FileEdit, ...]


@dataclass(frozen=True)
class Deed:
    """Something an operator does to files of the workspace."""

    action: Action
    subject: str
    detail: str  # in the past tense, as the audit log will read
    edits: tuple[FileEdit, ...]


def do(workspace: Workspace, actor: str, prepare: Callable[[], Deed], *, dry_run: bool) -> str:
    """Enter a deed into the log and write its files, or only show them; says in words what was, or would be, done.

    The deed is prepared with the log locked, so that two operators do not write over each other; what `prepare` refuses leaves
    no trace.

    Raises:
        OperatorError: the deed is refused, nobody acts, or the log is not whole.
    """
    if dry_run:
        deed = prepare()
        diffs = "".join(edit.diff() for edit in deed.edits)
        return f"would do: {deed.action} {deed.subject}, {deed.detail}\n{diffs}Nothing was changed."
    with open_log(workspace, actor) as log:
        _finish(workspace.root)
        deed = prepare()
        entry = log.append(deed.action, deed.subject, deed.detail, [edit.change for edit in deed.edits])
        _write_all(workspace.root, deed.edits)
    written = ", ".join(edit.path for edit in deed.edits)
    return f"{deed.subject}: {deed.detail}. Entered as number {entry.sequence} of the audit log; written: {written}"


def finish_cut_off(workspace: Workspace) -> None:
    """Finish a deed of several files that a kill cut off between two of them; the log has it already.

    Raises:
        OperatorError: one of its files was changed since, so that nobody can tell what it should hold.
    """
    if (workspace.root / UNFINISHED).is_file():
        with locked(workspace):
            _finish(workspace.root)


def _write_all(root: Path, edits: tuple[FileEdit, ...]) -> None:
    if len(edits) > 1:
        FileEdit(UNFINISHED, "", _Unfinished(edits=edits).model_dump_json()).write(root)
    for edit in edits:
        edit.write(root)
    if len(edits) > 1:
        _forget(root)


def _finish(root: Path) -> None:
    path = root / UNFINISHED
    if not path.is_file():
        return
    edits = _Unfinished.model_validate_json(path.read_bytes()).edits
    odd = [edit.path for edit in edits if _digest(read_text(root, edit.path)) not in (edit.change.before, edit.change.after)]
    if odd:
        raise OperatorError(
            f"{path} says that a command was killed while it wrote {', '.join(edit.path for edit in edits)}, and {odd[0]} was "
            "changed since. What it should hold cannot be told, so nothing is written. Compare it with `git diff`, settle it by "
            f"hand, and remove {UNFINISHED}."
        )
    for edit in edits:
        edit.write(root)
    _forget(root)


def _forget(root: Path) -> None:
    path = root / UNFINISHED
    path.unlink()
    sync_folder(path.parent)


def read_text(root: Path, path: str) -> str:
    """What a file of the workspace holds; '' where there is none."""
    place = root / path
    return place.read_bytes().decode("utf-8") if place.is_file() else ""  # line ends as they are


def sync_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest() if text else ""
