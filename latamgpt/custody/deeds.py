"""A deed of an operator: sealed into the audit log, done whole or not at all.

Log and files agree whatever the disk does. What can fail is tried before the log's line: folders are made, drafts lie there.
What fails after it is undone, and the log is told how things stand. What a kill cuts off is finished by the next command.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from latamgpt.custody.edits import Deed, FileEdit, Move, digest_now, digest_of_text, read_text, sync_folder
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action, AuditLog, locked, open_log
from latamgpt.governance.chain import Change, Entry
from latamgpt.records import Frozen
from latamgpt.store import Workspace, replace_json

UNFINISHED = "var/unfinished/deed.json"
"""What a deed of several files is about to write; there only while it is written, or after a kill."""

DRAFTS = "var/unfinished/drafts.json"
"""Where drafts lie, while they do. After a kill they go: a file that a delivery's manifest does not list makes it doubtful."""


class _Unfinished(Frozen):
    """The edits of one deed."""

    edits: tuple[FileEdit, ...]


class _Drafts(Frozen):
    """The drafts of one deed, inside the workspace."""

    paths: tuple[str, ...]


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
    with open_log(workspace, actor) as log:
        _finish(workspace.root)
        yield log


def carry_out(log: AuditLog, root: Path, deed: Deed, move: Move | None = None) -> Entry:
    """Enter a deed, then move its folder and write its files.

    Raises:
        OperatorError: the disk, or the permissions of a folder, refused. Then nothing is done, and where the log's line stood
            already, a further one says so.
    """
    places = [*([move.place] if move else []), *(edit.path for edit in deed.edits)]
    with _drafted(root, deed.edits, places):
        changes = [*([move.change] if move else []), *(edit.change for edit in deed.edits)]
        entry = log.append(deed.action, deed.subject, deed.detail, changes)
        try:
            if move:
                move.folder.rename(root / move.place)
                sync_folder((root / move.place).parent)
            _publish_all(root, deed.edits)
        except OSError as error:
            _undo(root, deed.edits, move)
            raise OperatorError(_enter_undone(log, root, entry, error)) from error
    return entry


def finish_cut_off(workspace: Workspace) -> None:
    """Finish a deed of several files that a kill cut off between two of them; the log has it already.

    Raises:
        OperatorError: one of its files was changed since, so that nobody can tell what it should hold.
    """
    if any((workspace.root / path).is_file() for path in (UNFINISHED, DRAFTS)):
        with locked(workspace):
            _finish(workspace.root)


@contextmanager
def _drafted(root: Path, edits: tuple[FileEdit, ...], places: list[str]) -> Generator[None]:
    """Folders and drafts that the deed needs, on the disk; drafts that were not used are gone afterwards."""
    try:
        try:
            for place in places:
                (root / place).parent.mkdir(parents=True, exist_ok=True)
            drafts = tuple(edit.draft_path(root).relative_to(root).as_posix() for edit in edits)
            (root / DRAFTS).parent.mkdir(parents=True, exist_ok=True)
            replace_json(root / DRAFTS, _Drafts(paths=drafts))
            for edit in edits:
                edit.draft(root)
        except OSError as error:
            raise OperatorError(
                f"what is to be written could not be: {_said(error)}. Nothing was changed and nothing was entered into the audit "
                "log. Free some space or mend the permissions, then run the command again."
            ) from error
        yield
    finally:
        for edit in edits:
            with suppress(OSError):
                edit.draft_path(root).unlink(missing_ok=True)
        with suppress(OSError):
            _forget(root, DRAFTS)


def _publish_all(root: Path, edits: tuple[FileEdit, ...]) -> None:
    if len(edits) > 1:
        FileEdit(UNFINISHED, "", _Unfinished(edits=edits).model_dump_json()).write(root)
    for edit in edits:
        edit.publish(root)
    if len(edits) > 1:
        _forget(root)


def _undo(root: Path, edits: tuple[FileEdit, ...], move: Move | None) -> None:
    """Bring back what was before, as far as the disk lets us: what stays is entered as it is."""
    for edit in edits:
        with suppress(OSError):
            if digest_now(root / edit.path) != edit.change.after:
                continue
            if edit.before:
                FileEdit(edit.path, edit.after, edit.before).write(root)
            else:
                (root / edit.path).unlink()
    if move and (root / move.place).exists():
        with suppress(OSError):
            (root / move.place).rename(move.folder)
    with suppress(OSError):
        _forget(root)


def _enter_undone(log: AuditLog, root: Path, entry: Entry, error: OSError) -> str:
    """Tell the log how its line's files stand now, and say in words what happened."""
    stand = [Change(path=one.path, before=one.after, after=digest_now(root / one.path)) for one in entry.changes]
    left = [now.path for now, one in zip(stand, entry.changes, strict=True) if now.after != one.before]
    what = f"left half done, {', '.join(left)} could not be put back" if left else "not done, all is as before"
    detail = f"number {entry.sequence} was {what}: {error.strerror or error}"
    mend = "Free some space or mend the permissions, then run the command again."
    try:
        undone = log.append(Action.DEED_UNDONE, entry.subject, detail, stand)
    except OperatorError:
        return (
            f"{_said(error)}. Number {entry.sequence} of the audit log says that it was done, it was {what}, and the log took no "
            f"further line that says so: `latamgpt audit --files` shows the difference. {mend}"
        )
    return f"{_said(error)}. Number {entry.sequence} of the audit log was {what}, and number {undone.sequence} says so. {mend}"


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)


def _finish(root: Path) -> None:
    if (root / DRAFTS).is_file():
        for draft in _Drafts.model_validate_json((root / DRAFTS).read_bytes()).paths:
            (root / draft).unlink(missing_ok=True)
        _forget(root, DRAFTS)
    path = root / UNFINISHED
    if not path.is_file():
        return
    edits = _Unfinished.model_validate_json(path.read_bytes()).edits
    odd = [
        edit.path for edit in edits if digest_of_text(read_text(root, edit.path)) not in (edit.change.before, edit.change.after)
    ]
    if odd:
        raise OperatorError(
            f"{path} says that a command was killed while it wrote {', '.join(edit.path for edit in edits)}, and {odd[0]} was "
            "changed since. What it should hold cannot be told, so nothing is written. Compare it with `git diff`, settle it by "
            f"hand, and remove {UNFINISHED}."
        )
    try:
        for edit in edits:
            edit.write(root)
    except OSError as error:
        raise OperatorError(
            f"a command was killed while it wrote {', '.join(edit.path for edit in edits)}, and what was left cannot be "
            f"written now: {_said(error)}. Free some space or mend the permissions, then run the command again."
        ) from error
    _forget(root)


def _forget(root: Path, note: str = UNFINISHED) -> None:
    path = root / note
    for one in (path, path.with_name(f".{path.name}.draft")):
        one.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)
