"""The spool: what a kill, a full disk or a torn line leave of it."""

import math
import os
import subprocess
from pathlib import Path

import pytest

from latamgpt.store import Workspace
from latamgpt.tracking import spool as module
from latamgpt.tracking.owner import Owner, this_process
from latamgpt.tracking.spool import End, Ending, Points, Sent, Spool, SpoolWriter, Start


def points(step: int, value: float = 2.5) -> Points:
    return Points(at_ms=step, step=step, values={"train/loss": value})


def test_torn_last_line_is_waited_for_and_passed_over_once_another_follows(workspace: Workspace) -> None:
    spool = Spool(workspace.root, "a")
    with SpoolWriter(spool) as writer:
        writer.add(points(1))
    with spool.lines.open("ab") as stream:
        stream.write(points(2).model_dump_json().encode()[:20])
    assert [line for line, _ in spool.read()] == [points(1)]
    with SpoolWriter(spool) as writer:
        writer.add(points(3))
    assert [line for line, _ in spool.read()] == [points(1), points(3)]


def test_values_come_back_to_the_last_bit_and_nan_as_nan(workspace: Workspace) -> None:
    spool = Spool(workspace.root, "a")
    with SpoolWriter(spool) as writer:
        for step, value in enumerate((0.1 + 0.2, 5e-324, math.inf, math.nan)):
            writer.add(points(step, value))
    values = [line.values["train/loss"] for line, _ in spool.read() if isinstance(line, Points)]
    assert values[:3] == [0.1 + 0.2, 5e-324, math.inf]
    assert math.isnan(values[3])


def test_lines_that_a_full_disk_refuses_are_written_once_it_has_room(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, honest = Spool(workspace.root, "a"), os.write
    with SpoolWriter(spool) as writer:
        writer.add(points(1))
        monkeypatch.setattr(
            module.os, "write", lambda handle, content: honest(handle, content[:7]) if len(content) > 60 else full()
        )
        writer.add(points(2))
        writer.add(points(3))
        monkeypatch.undo()
        writer.add(points(4))
    assert [line for line, _ in spool.read()] == [points(step) for step in (1, 2, 3, 4)]


def full() -> int:
    raise OSError(28, "No space left on device")


def test_cursor_that_a_power_cut_emptied_begins_anew(workspace: Workspace) -> None:
    spool = Spool(workspace.root, "a")
    spool.lines.parent.mkdir(parents=True)
    spool.keep_sent(Sent(offset=7, run_id="0" * 32))
    assert spool.read_sent().offset == 7
    spool.sent_path.write_bytes(b"")
    assert spool.read_sent() == Sent()


def test_run_is_buried_once_and_never_under_a_process_that_goes_on_with_it(workspace: Workspace) -> None:
    spool, dead = Spool(workspace.root, "a"), Owner(host="h", boot="b", pid=1, ticks=1)
    with SpoolWriter(spool) as writer:
        writer.add(Start(at_ms=1, owner=dead))
    spool.bury(dead, 2)
    spool.bury(dead, 3)
    assert spool.last_start_and_end()[1] == End(at_ms=2, how=Ending.KILLED)
    with SpoolWriter(spool) as writer:
        writer.add(Start(at_ms=4, owner=this_process()))
    spool.bury(dead, 5)
    assert spool.last_start_and_end()[1] is None


def test_process_is_known_from_another_that_got_its_number() -> None:
    me = this_process()
    assert me.is_here()
    assert me.lives()
    assert not me.model_copy(update={"ticks": me.ticks - 1}).lives()
    assert not me.model_copy(update={"boot": "before the power cut"}).lives()


def test_process_that_nobody_waited_for_is_dead() -> None:
    child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    owner = this_process().model_copy(update={"pid": child.pid, "ticks": int(stat[19])})
    assert owner.lives()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not owner.lives()
    child.communicate()
