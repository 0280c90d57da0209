"""What the machine refuses is told without a traceback; what is a bug travels up."""

import errno
import sqlite3
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.commands.machine import refusal
from latamgpt.errors import OperatorError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "var/x"), "a disk is full: var/x. What was finished stands"),
        (PermissionError(errno.EACCES, "Permission denied", "partners/p.yaml"), "may not read or write there: partners/p.yaml."),
        (OSError(errno.EROFS, "Read-only file system", "a", None, "b"), "may not read or write there: b."),
        (OSError(errno.EFBIG, "File too large"), "no file may grow so large here. What was finished stands"),
    ],
)
def test_a_refusal_of_the_machine_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, words: str
) -> None:
    raising(monkeypatch, error)
    assert main(["partner", "list"]) == OperatorError.exit_code
    said = capsys.readouterr().err
    assert said.startswith("latamgpt: ")
    assert words in said
    assert said.endswith("then give the same command again.\n")


def test_a_full_disk_below_a_database_is_told_though_the_rollback_failed_in_other_words(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "rows.sqlite", isolation_level=None)
    database.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError, match="no transaction is active") as failed:
        fill(database)
    database.close()
    assert refusal(failed.value).startswith("a disk is full.")


def test_a_bug_travels_up_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    bug = KeyError("rows")
    bug.__context__ = PermissionError(errno.EACCES, "Permission denied")
    raising(monkeypatch, bug)
    with pytest.raises(KeyError):
        main(["partner", "list"])


def test_ctrl_c_is_an_end_and_no_failure_to_trace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    assert main(["partner", "list"]) == 130
    assert "stopped by Ctrl-C. What was finished stands" in capsys.readouterr().err


def fill(database: sqlite3.Connection) -> None:
    """What does not fit, and the rollback that SQLite has done already."""
    try:
        database.execute("CREATE TABLE rows (text)")
    finally:
        database.execute("ROLLBACK")


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `latamgpt partner list` end so."""

    def fail(_: object) -> list[str]:
        raise error

    monkeypatch.setattr("latamgpt.custody.listing.partner_lines", fail)
