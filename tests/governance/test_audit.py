"""The audit log: whoever changes, removes or cuts off a line is found, and a kill loses nothing."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.custody.deeds import at_work
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.audit import LOG, Action, repair, sound
from latamgpt.governance.chain import Change, read_chain
from latamgpt.store import Workspace
from tests.conftest import ROOT

COUNT = 5


@pytest.fixture
def logged(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose log has five lines."""
    monkeypatch.chdir(workspace.root)
    for number in range(COUNT):
        with at_work(workspace, "Rosa") as log:
            log.append(Action.PARTNER_ADDED, f"archivo-{number}", "añadido", [Change(path="partners/a.yaml", after="ab")])
    return workspace


def lines(workspace: Workspace) -> list[bytes]:
    return (workspace.root / LOG).read_bytes().splitlines(keepends=True)


def rewrite(workspace: Workspace, changed: list[bytes]) -> None:
    (workspace.root / LOG).write_bytes(b"".join(changed))


def writer(workspace: Workspace, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.governance.writer", str(workspace.root), *arguments]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_a_line_says_who_did_what_to_what_and_is_sealed_to_the_one_before(logged: Workspace) -> None:
    chain = sound(logged)
    assert [entry.sequence for entry in chain.entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in chain.entries[1:]] == [entry.sha256 for entry in chain.entries[:-1]]
    last = chain.entries[-1]
    assert (last.actor, last.action, last.subject, last.changes[0].after) == ("Rosa", "partner_added", "archivo-4", "ab")
    assert last.time.endswith("+00:00")


def test_every_flipped_byte_is_found_and_its_line_is_named(logged: Workspace) -> None:
    good = lines(logged)
    wrong = 2
    for position in range(len(good[wrong])):
        flipped = bytearray(good[wrong])
        flipped[position] ^= 1
        rewrite(logged, [*good[:wrong], bytes(flipped), *good[wrong + 1 :]])
        chain = read_chain(logged.root / LOG)
        assert chain.fault.startswith("line 3 "), (position, chain.fault)
        assert len(chain.entries) == wrong


def test_a_line_taken_out_of_the_middle_is_found(logged: Workspace) -> None:
    good = lines(logged)
    rewrite(logged, good[:2] + good[3:])
    with pytest.raises(InputDamagedError, match=r"line 3 carries the number 4: .*2 lines before it are good"):
        sound(logged)


def test_a_line_replaced_by_another_good_one_is_found_at_the_next(logged: Workspace) -> None:
    good = lines(logged)
    other = read_chain(logged.root / LOG).entries[2].model_copy(update={"actor": "Nobody"}).sealed()
    rewrite(logged, [*good[:2], other.line(), *good[3:]])
    with pytest.raises(InputDamagedError, match=r"line 4 follows .*: that one was replaced"):
        sound(logged)


def test_the_same_value_written_in_other_bytes_is_found(logged: Workspace) -> None:
    good = lines(logged)
    rewrite(logged, [good[0].replace(b'":', b'": '), *good[1:]])
    assert read_chain(logged.root / LOG).fault.startswith("line 1 was changed")


def test_lines_cut_off_at_the_end_show_only_against_a_head_kept_elsewhere(
    logged: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    head, earlier = sound(logged).head, sound(logged).entries[1].sha256
    assert main(["audit", "--expect", head]) == 0
    rewrite(logged, lines(logged)[:3])
    assert main(["audit"]) == 0
    assert main(["audit", "--expect", earlier]) == 0
    assert main(["audit", "--expect", head]) == InputDamagedError.exit_code
    assert "lines were cut off" in capsys.readouterr().err


def test_nothing_is_added_to_a_log_with_a_wrong_line(logged: Workspace) -> None:
    rewrite(logged, lines(logged)[1:])
    before = lines(logged)
    with pytest.raises(InputDamagedError, match="line 1 carries the number 2"), at_work(logged, "Rosa") as log:
        log.append(Action.PARTNER_ADDED, "x", "x")
    assert lines(logged) == before


def test_two_writers_at_once_give_one_chain_with_all_lines(logged: Workspace) -> None:
    writers = [writer(logged, name, "40") for name in ("Ana", "Luis")]
    assert [process.wait(60) for process in writers] == [0, 0]
    entries = sound(logged).entries
    assert len(entries) == COUNT + 80
    assert {entry.subject for entry in entries[COUNT:]} == {f"{name}-{n}" for name in ("Ana", "Luis") for n in range(40)}


@pytest.mark.parametrize("num_bytes", [0, 1, 100])
def test_a_kill_while_writing_is_explained_and_repaired_without_loss(
    logged: Workspace, capsys: pytest.CaptureFixture[str], num_bytes: int
) -> None:
    before = lines(logged)
    assert writer(logged, "Ana", "1", str(num_bytes)).wait(60) == -signal.SIGKILL
    if num_bytes == 0:
        assert sound(logged).head == read_chain(logged.root / LOG).entries[-1].sha256
        return
    torn = (logged.root / LOG).read_bytes().removeprefix(b"".join(before))
    assert len(torn) == num_bytes
    assert main(["audit"]) == OperatorError.exit_code
    assert "killed while it wrote number 6" in capsys.readouterr().err
    assert main(["audit", "--repair", "--dry-run"]) == 0
    assert (logged.root / LOG).read_bytes() == b"".join(before) + torn
    assert main(["audit", "--repair", "--actor", "Rosa"]) == 0
    chain = sound(logged)
    assert chain.entries[-1].action == Action.LOG_REPAIRED
    assert (logged.root / chain.entries[-1].changes[0].path).read_bytes() == torn
    assert lines(logged)[:COUNT] == before
    assert repair(logged, "Rosa") is None


def test_a_full_disk_leaves_the_log_as_it_was(logged: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = lines(logged), os.write

    def half(handle: int, data: bytes) -> int:
        write(handle, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OperatorError, match="What cannot be recorded is not done"), at_work(logged, "Rosa") as log:
        log.append(Action.PARTNER_ADDED, "x", "x")
    assert lines(logged) == before


def test_without_a_name_nobody_acts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    with pytest.raises(OperatorError, match=r"Give --actor NAME"), at_work(workspace, ""):
        pass


def test_audit_prints_the_last_lines_and_the_head(logged: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--last", "2"]) == 0
    printed = capsys.readouterr().out
    assert "archivo-3" in printed
    assert "archivo-2:" not in printed
    assert f"5 lines, each follows from the one before it. Head: {sound(logged).head}" in printed


def test_a_workspace_without_a_log_has_no_lines(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    assert main(["audit"]) == 0
    assert "0 lines" in capsys.readouterr().out
    assert main(["audit", "--expect", "a" * 64]) == InputDamagedError.exit_code


def test_no_stage_reads_the_log() -> None:
    readers = [path for path in (ROOT / "latamgpt").rglob("*.py") if "governance.audit" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT / "latamgpt").parts[0] for path in readers} <= {
        "commands",
        "corrections",
        "custody",
        "receipts",
    }
    assert "governance/audit" not in Path(ROOT / "dvc.yaml").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_opened_is_explained(workspace: Workspace) -> None:
    (workspace.root / "governance").write_text("a file where the folder belongs", encoding="utf-8")
    with at_work(workspace, "Rosa") as log, pytest.raises(OperatorError, match="What cannot be recorded is not done"):
        log.append(Action.PARTNER_ADDED, "archivo-1", "added")


def test_the_head_of_an_empty_log_is_held_by_every_log(
    logged: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "--expect", "0" * 64]) == 0
    (logged.root / LOG).unlink()
    assert main(["audit", "--expect", "0" * 64]) == 0
    assert f"0 lines, each follows from the one before it. Head: {'0' * 64}" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["", "abc", "g" * 64])
def test_what_is_no_head_is_refused_and_not_taken_for_none(
    logged: Workspace, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--expect", typed])
    assert ended.value.code == 2
    assert "is no head" in capsys.readouterr().err
