"""A deed of an operator: sealed into the audit log, done whole or not at all.

Log and files agree whatever happens. A journal says first what will be done, and which line the log will hold; then drafts lie
on the disk; then the line is entered; then the files show. A kill before the line leaves nothing, a kill after it is made good by
the next command. What the disk refuses after the line is undone, and the log is told how things stand.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from latamgpt.custody.edits import Deed, Move, digest_now
from latamgpt.custody.journal import JOURNAL, Journal, Reached, read_journal, refuse_odd, undone_words
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import LOG, Action, AuditLog, complete, locked, log_of
from latamgpt.governance.chain import Change, Entry, read_chain
from latamgpt.store import Workspace


def do(workspace: Workspace, actor: str, prepare: Callable[[], Deed], *, dry_run: bool) -> str:
    """Enter a deed into the log and write its files, or only show them; says in words what was, or would be, done.

    The deed is prepared with the log locked, so that two operators do not write over each other; what `prepare` refuses leaves
    no trace.

    Raises:
        OperatorError: the deed is refused, nobody acts, the log is not whole, or the disk refuses.
    """
    if dry_run:
        deed = prepare()
        diffs = "".join(edit.diff() for edit in deed.edits)
        return f"would do: {deed.action} {deed.subject}, {deed.detail}\n{diffs}Nothing was changed."
    with at_work(workspace, actor) as log:
        deed = prepare()
        entry = carry_out(log, workspace.root, deed)
    written = ", ".join(edit.path for edit in deed.edits)
    return f"{deed.subject}: {deed.detail}. Entered as number {entry.sequence} of the audit log; written: {written}"


@contextmanager
def at_work(workspace: Workspace, actor: str) -> Generator[AuditLog]:
    """The log, locked, once a deed that a kill cut off is finished."""
    with locked(workspace):
        _finish(workspace)
        yield log_of(workspace, actor)


def carry_out(log: AuditLog, root: Path, deed: Deed, move: Move | None = None) -> Entry:
    """Enter a deed, then move its folder and write its files.

    Raises:
        OperatorError: the disk, or the permissions of a folder, refused. Then nothing is done, and where the log's line stood
            already, a further one says so.
    """
    changes = [*([move.change] if move else []), *(edit.change for edit in deed.edits if not edit.private)]
    entry = log.compose(deed.action, deed.subject, deed.detail, changes)
    journal = Journal(entry=entry, edits=deed.edits, move=move)
    try:
        _prepare(root, journal)
        log.enter(entry)
    except OperatorError:
        with suppress(OSError):
            journal.drop(root)
        raise
    try:
        journal.take_effect(root)
    except OSError as error:
        raise OperatorError(_undo(log, root, journal, error)) from error
    with suppress(OSError):  # it is done, and a journal that stays is seen to be done by the next command
        journal.close(root)
    return entry


def finish_cut_off(workspace: Workspace) -> str:
    """Finish a deed that a kill cut off, and say so; '' where there was none.

    Raises:
        OperatorError: one of its files was changed since, so that nobody can tell what it should hold.
    """
    if not (workspace.root / JOURNAL).is_file():
        return ""
    with locked(workspace):
        return _finish(workspace)


def _prepare(root: Path, journal: Journal) -> None:
    try:
        journal.write(root)
        journal.draft(root)
    except OSError as error:
        raise OperatorError(
            f"what is to be written could not be: {_said(error)}. Nothing was changed and nothing was entered into the audit "
            "log. Free some space or mend the permissions, then run the command again."
        ) from error


def _undo(log: AuditLog, root: Path, journal: Journal, error: OSError) -> str:
    """Bring back what was before, tell the log how the line's files stand now, and say in words what happened."""
    journal.take_back(root)
    number = journal.entry.sequence
    mend = "Free some space or mend the permissions, then run the command again."
    try:
        what, undone = _enter_undone(log, root, journal.entry, error.strerror or str(error))
    except OperatorError:
        return (
            f"{_said(error)}. Number {number} of the audit log says that it was done, it was not, and the log took no further "
            "line that says so. The next command finishes it, or enters that it was not done. Free some space or mend the "
            "permissions, then run `latamgpt audit --files`."
        )
    with suppress(OSError):
        journal.remove_drafts(root)
        journal.close(root)
    return f"{_said(error)}. Number {number} of the audit log was {what}, and number {undone.sequence} says so. {mend}"


def _enter_undone(log: AuditLog, root: Path, entry: Entry, why: str) -> tuple[str, Entry]:
    stand = [Change(path=one.path, before=one.after, after=digest_now(root / one.path)) for one in entry.changes]
    left = [now.path for now, one in zip(stand, entry.changes, strict=True) if now.after != one.before]
    what = f"left half done, {', '.join(left)} could not be put back" if left else "not done, all is as before"
    return what, log.append(Action.DEED_UNDONE, entry.subject, f"{undone_words(entry.sequence)}{what}: {why}", stand)


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _finish(workspace: Workspace) -> str:
    """Both or neither: what the log says, or has begun to say, is done; what it does not say never was.

    A log that must be mended first is left to whoever adds to it: they are told.
    """
    root = workspace.root
    journal = read_journal(root)
    if journal is None:
        return ""
    chain = read_chain(root / LOG)
    reached = journal.reached(chain)
    entry = journal.entry
    try:
        if reached is Reached.UNKNOWN:
            return ""
        journal.remove_drafts(root)
        if reached is Reached.NOT_ENTERED:
            journal.drop(root)
            return f"{entry.subject}: a command was killed before anything of it was done, and nothing of it is left."
        if reached is Reached.UNDONE:
            journal.close(root)
            return ""
        refuse_odd(journal, root)
        if reached is Reached.HALF_ENTERED:
            complete(workspace, entry, chain.torn)
        if journal.lost(root):
            journal.take_back(root)
            log = log_of(workspace, entry.actor)
            _, undone = _enter_undone(log, root, entry, "it was cut off, and the folder that waited for it is gone")
            words = f"number {undone.sequence} of the audit log says that number {entry.sequence} was not done"
        else:
            journal.resume(root)
            words = f"number {entry.sequence} of the audit log, which was cut off, is finished"
        journal.close(root)
    except OSError as error:
        raise OperatorError(
            f"a command was killed while it wrote {', '.join(edit.path for edit in journal.edits)}, and what was left cannot be "
            f"written now: {_said(error)}. Free some space or mend the permissions, then run the command again."
        ) from error
    return f"{entry.subject}: {words}."
