"""A disk that refuses half-way: log and files agree afterwards, and the same command does it later."""

import errno
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.custody.edits import FileEdit
from latamgpt.custody.journal import JOURNAL
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import LOG, AuditLog, sound
from latamgpt.governance.chain import Entry
from latamgpt.store import Workspace
from tests.custody.files import state
from tests.custody.sending import WORDS, command, place
from tests.custody.test_registry_edits import NEW, TERMS

FULL = OSError(errno.ENOSPC, "No space left on device")


def refuse(*_: object) -> None:
    raise FULL


def fails_at(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, count: int) -> None:
    """Have the call of this number fail, and all after it."""
    real, calls = getattr(owner, name), []

    def call(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) >= count:
            raise FULL
        return real(*arguments)

    monkeypatch.setattr(owner, name, call)


def but_for_the_log(found: dict[str, str]) -> dict[str, str]:
    return {path: digest for path, digest in found.items() if path != LOG}


def test_a_disk_that_takes_no_draft_leaves_nothing_and_no_line(
    office: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(office.root)
    for arguments in (TERMS, command(sent, *WORDS)):
        with monkeypatch.context() as broken:
            broken.setattr(FileEdit, "draft", refuse)
            assert main(arguments) == OperatorError.exit_code
        assert "Nothing was changed and nothing was entered" in capsys.readouterr().err
        assert state(office.root) == before
        assert main(arguments) == 0
        before = state(office.root)


@pytest.mark.parametrize(("owner", "name", "count"), [(Path, "rename", 1), *((FileEdit, "publish", n) for n in (2, 3))])
def test_a_delivery_that_the_disk_refuses_after_the_line_is_undone_and_the_log_says_so(
    office: Workspace,
    sent: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    owner: type,
    name: str,
    count: int,
) -> None:
    before = state(office.root)
    with monkeypatch.context() as broken:
        fails_at(broken, owner, name, count)
        assert main(command(sent, *WORDS)) == OperatorError.exit_code
    left = capsys.readouterr().err
    done, undone = sound(office).entries
    assert (done.action, undone.action) == ("delivery_entered", "deed_undone")
    assert "number 2 says so" in left
    assert main(["audit", "--files"]) == 0
    assert "number 1 was not done, all is as before: No space left on device" in undone.detail
    assert but_for_the_log(state(office.root)) == before
    assert not place(office).exists()
    assert main(command(sent, *WORDS)) == 0
    assert place(office).is_dir()
    assert main(["audit", "--files"]) == 0


def test_what_could_not_be_put_back_is_named(
    office: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as broken:
        fails_at(broken, FileEdit, "publish", 4)
        assert main(command(sent, *WORDS)) == OperatorError.exit_code
    detail = sound(office).entries[-1].detail
    assert "left half done, dvc.yaml could not be put back" in detail
    assert "left half done" in capsys.readouterr().err
    assert main(["audit", "--files"]) == 0


def test_a_disk_that_takes_no_journal_leaves_nothing_and_no_line(
    office: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(office.root)
    with monkeypatch.context() as broken:
        fails_at(broken, FileEdit, "publish", 1)
        assert main(command(sent, *WORDS)) == OperatorError.exit_code
    assert "Nothing was changed and nothing was entered" in capsys.readouterr().err
    assert state(office.root) == before


def test_a_deed_that_the_log_could_not_take_back_is_finished_by_the_next_command(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter, entered, publish = AuditLog.enter, [], FileEdit.publish

    def once(log: AuditLog, entry: Entry) -> None:
        if entered:
            raise OperatorError("the disk is full")
        entered.append(entry)
        enter(log, entry)

    with monkeypatch.context() as broken:
        broken.setattr(AuditLog, "enter", once)
        broken.setattr(FileEdit, "publish", lambda edit, root: publish(edit, root) if edit.path == JOURNAL else refuse())
        assert main(NEW) == OperatorError.exit_code
    assert "Number 1 of the audit log says that it was done, it was not" in capsys.readouterr().err
    assert not (office.root / "partners" / "archivo-sur.yaml").exists()
    assert main(["audit", "--files"]) == 0
    assert "archivo-sur: number 1 of the audit log, which was cut off, is finished." in capsys.readouterr().out
    assert (office.root / "partners" / "archivo-sur.yaml").is_file()
