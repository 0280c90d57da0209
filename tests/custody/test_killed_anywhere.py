"""A deed is killed at each thing that it does to the disk: the next command does all that the log says, and no more."""

import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from latamgpt.custody.deeds import at_work, carry_out, finish_cut_off
from latamgpt.custody.edits import Deed, FileEdit, Move
from latamgpt.custody.journal import JOURNAL
from latamgpt.custody.places import tree_digest
from latamgpt.custody.standing import changed_since
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import LOG, Action, repair, sound
from latamgpt.governance.chain import read_chain
from latamgpt.store import Workspace
from tests.custody.files import state

pytestmark = pytest.mark.slow

PLACE = "samples/archivo/cartas"
WAITING = "var/unpublished/deliver-1/cartas"
EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
MANY = 100
"""More steps than any deed has."""


def deed() -> Deed:
    edits = (FileEdit("a.txt", "what a held\n", "what a holds\n"), FileEdit("new/b.txt", "", "what b holds\n"))
    return Deed(Action.DELIVERY_ENTERED, "archivo/cartas", "entered", edits)


def lay_out(root: Path) -> Workspace:
    """A workspace with one line in its log, a file that will be changed, and a folder that waits for its place."""
    (root / WAITING).mkdir(parents=True)
    (root / WAITING / "carta.txt").write_text("Querida hermana", encoding="utf-8")
    (root / "a.txt").write_text("what a held\n", encoding="utf-8")
    with at_work(Workspace(root), "Rosa") as log:
        log.append(Action.PARTNER_ADDED, "archivo", "registered")
    return Workspace(root)


def enter(workspace: Workspace) -> None:
    with at_work(workspace, "Rosa") as log:
        carry_out(log, workspace.root, deed(), Move(WAITING, PLACE, tree_digest(workspace.root / WAITING)))


def dies_at(step: int, act: Callable[[Workspace], object], workspace: Workspace) -> None:
    """Do it, and die where the disk is touched for this time: before a rename, in the middle of what is written."""
    left = [step]

    def one_step() -> bool:
        left[0] -= 1
        return left[0] == 0

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in EVENTS or writes) and one_step():
            die()

    write, fsync = os.write, os.fsync

    def write_half(handle: int, data: bytes) -> int:
        if one_step():
            write(handle, data[: len(data) // 2])
            die()
        return write(handle, data)

    def sync(handle: int) -> None:
        fsync(handle)
        if one_step():
            die()

    os.write, os.fsync = write_half, sync
    sys.addaudithook(watch)
    act(workspace)
    os._exit(0)


def killed(workspace: Workspace, act: Callable[[Workspace], object], step: int) -> bool:
    """Whether the process was killed before it was through."""
    child = multiprocessing.get_context("fork").Process(target=dies_at, args=(step, act, workspace))
    child.start()
    child.join(30)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def must_be_both_or_neither(workspace: Workspace) -> bool:
    """The deed is in the log, and done; or in neither."""
    root = workspace.root
    entered = [entry.subject for entry in sound(workspace).entries][1:] == ["archivo/cartas"]
    there = [(root / PLACE / "carta.txt").exists(), (root / "new" / "b.txt").exists()]
    assert there == [entered, entered]
    assert (root / "a.txt").read_text(encoding="utf-8") == ("what a holds\n" if entered else "what a held\n")
    assert changed_since(workspace, sound(workspace)) == []
    left = {path for path in state(root) if path.startswith("var/") or path.endswith(".draft")}
    assert left <= {"var/unfinished/.deed.json.draft"}, left
    return entered


def test_a_kill_at_every_step_leaves_all_that_the_log_says_and_no_more(tmp_path: Path) -> None:
    outcomes: list[bool] = []
    torn = 0
    for step in range(1, MANY):
        workspace = lay_out(tmp_path / str(step))
        if not killed(workspace, enter, step):
            assert must_be_both_or_neither(workspace)
            break
        torn += bool(read_chain(workspace.root / LOG).torn)
        waits = (workspace.root / JOURNAL).exists()
        finish_cut_off(workspace)
        assert not (workspace.root / JOURNAL).exists()
        if waits:
            outcomes.append(must_be_both_or_neither(workspace))
        else:
            assert sound(workspace).entries[1:] == () or must_be_both_or_neither(workspace)
    assert torn == 1
    assert outcomes == sorted(outcomes)
    assert {True, False} == set(outcomes)
    assert len(outcomes) > 15


def test_a_kill_at_every_step_of_the_recovery_is_made_good_by_the_next(tmp_path: Path) -> None:
    cut = next(step for step in range(1, MANY) if _torn(lay_out(tmp_path / f"look-{step}"), step))
    kills = 0
    for step in range(1, MANY):
        workspace = lay_out(tmp_path / str(step))
        assert killed(workspace, enter, cut)
        again = killed(workspace, finish_cut_off, step)
        finish_cut_off(workspace)
        assert must_be_both_or_neither(workspace)
        if not again:
            break
        kills += 1
    assert kills > 8


def refused(workspace: Workspace) -> None:
    """The deed on a disk that refuses its last file, so that it is undone."""
    publish = FileEdit.publish

    def full(self: FileEdit, root: Path) -> None:
        if self.path == "new/b.txt":
            raise OSError(errno.ENOSPC, "No space left on device")
        publish(self, root)

    FileEdit.publish = full
    with pytest.raises(OperatorError, match="was not done, all is as before"):
        enter(workspace)


def test_a_kill_at_every_step_of_an_undoing_leaves_it_done_or_undone(tmp_path: Path) -> None:
    seen: list[tuple[str, ...]] = []
    for step in range(1, MANY):
        workspace = lay_out(tmp_path / str(step))
        ran_through = not killed(workspace, refused, step)
        finish_cut_off(workspace)
        if read_chain(workspace.root / LOG).torn:  # of the line that takes it back, which no journal holds
            repair(workspace, "Rosa")
            finish_cut_off(workspace)
        seen.append(tuple(entry.action for entry in sound(workspace).entries[1:] if entry.action != Action.LOG_REPAIRED))
        done = seen[-1] == (Action.DELIVERY_ENTERED,)
        assert (workspace.root / PLACE / "carta.txt").exists() == done
        assert (workspace.root / "new" / "b.txt").exists() == done
        assert (workspace.root / "a.txt").read_text(encoding="utf-8") == ("what a holds\n" if done else "what a held\n")
        assert changed_since(workspace, sound(workspace)) == []
        if ran_through:
            break
    assert set(seen) == {(), (Action.DELIVERY_ENTERED,), (Action.DELIVERY_ENTERED, Action.DEED_UNDONE)}


def _torn(workspace: Workspace, step: int) -> bool:
    killed(workspace, enter, step)
    return bool(read_chain(workspace.root / LOG).torn)


@pytest.fixture
def entered_only(tmp_path: Path) -> Workspace:
    """A deed that was killed when its line was in the log, and nothing of it was done."""
    for step in range(1, MANY):
        workspace = lay_out(tmp_path / str(step))
        killed(workspace, enter, step)
        if len(read_chain(workspace.root / LOG).entries) == 2:
            return workspace
    raise AssertionError


def test_a_folder_that_is_lost_after_the_kill_is_entered_as_not_done(entered_only: Workspace) -> None:
    (entered_only.root / WAITING / "carta.txt").unlink()
    assert "number 3 of the audit log says that number 2 was not done" in finish_cut_off(entered_only)
    undone = sound(entered_only).entries[-1]
    assert (undone.actor, undone.action) == ("Rosa", "deed_undone")
    assert not (entered_only.root / PLACE).exists()
    assert changed_since(entered_only, sound(entered_only)) == []
    assert finish_cut_off(entered_only) == ""


def test_a_line_of_the_log_that_another_deed_left_torn_is_mended_before_the_journal(entered_only: Workspace) -> None:
    with (entered_only.root / LOG).open("ab") as log:
        log.write(b'{"action":"dee')
    assert finish_cut_off(entered_only) == ""
    repair(entered_only, "Rosa")
    assert "number 2 of the audit log, which was cut off, is finished" in finish_cut_off(entered_only)
    assert (entered_only.root / PLACE / "carta.txt").is_file()
