"""Dates that lie ahead: what is entered was done, and what begins later permits nothing until then."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.custody import days
from latamgpt.errors import OperatorError
from latamgpt.governance.withdrawals import withdrawals_path
from latamgpt.params import Params
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace
from tests.custody.files import state
from tests.custody.sending import WORDS, command
from tests.custody.test_registry_edits import PARTNER, TERMS
from tests.intake.deliveries import deliver, reasons, register, take_in

TODAY, TOMORROW = "2026-12-01", "2026-12-02"

Lines = Callable[[Path, str], list[str]]


@pytest.fixture
def dated(office: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Ten days after the day that the run is held against."""
    monkeypatch.setattr(days, "today", lambda: date.fromisoformat(TODAY))
    assert (office.root, sent.is_dir()) == (Path.cwd(), True)
    return office


def withdrawal(_: Path, day: str) -> list[str]:
    return ["withdraw", "--partner", PARTNER, "--agreement", "al-2025-01", "--reason", "lo pidieron", "--on", day]


def agreement(_: Path, day: str) -> list[str]:
    return [*TERMS, "--signed-on", day]


def delivery(sent: Path, day: str) -> list[str]:
    return command(sent, *(day if word == "2026-03-01" else word for word in WORDS))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (withdrawal, f"the withdrawal is dated {TOMORROW}, and that day has not come: it is {TODAY}. A withdrawal holds from"),
        (agreement, f"al-2027-01 is signed on {TOMORROW}, and that day has not come"),
        (delivery, f"the delivery cuentos was made on {TOMORROW}, and that day has not come"),
    ],
)
def test_what_is_dated_ahead_is_refused_until_the_day_comes(
    dated: Workspace, sent: Path, capsys: pytest.CaptureFixture[str], lines: Lines, message: str
) -> None:
    before = state(dated.root)
    for dry in ([], ["--dry-run"]):
        assert main([*lines(sent, TOMORROW), *dry]) == OperatorError.exit_code
        assert message in capsys.readouterr().err
    assert state(dated.root) == before
    assert main(lines(sent, TODAY)) == 0


def test_a_clock_that_is_behind_the_day_of_the_run_refuses_nothing(
    dated: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "today", lambda: date(1970, 1, 1))
    assert main(withdrawal(sent, "2026-11-20")) == 0


def test_terms_that_begin_later_are_entered_and_permit_nothing_until_then(
    dated: Workspace, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    later = [word if word != "2026-12-01" else "2027-01-01" for word in TERMS]
    assert main(later) == 0
    assert "training is not permitted: al-2027-01 begins on 2027-01-01" in capsys.readouterr().out
    assert read_institution(dated.root, PARTNER).agreements[-1].valid_from == date(2027, 1, 1)
    deliver(dated, {"a.txt": "Un relato."}, PARTNER, agreement="al-2027-01")
    take_in(dated, params, PARTNER)
    assert list(reasons(dated, PARTNER).values()) == ["agreement_not_begun"]


def test_a_tombstone_that_somebody_dated_ahead_by_hand_holds_at_once(dated: Workspace, params: Params) -> None:
    register(dated)
    deliver(dated, {"a.txt": "Un relato."}, id="relatos")
    path = dated.root / withdrawals_path("archivo-sur")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "withdrawals:\n  - {withdrawn_on: 2099-01-01, reason: x, delivery: relatos, contents: []}\n", encoding="utf-8"
    )
    take_in(dated, params)
    assert list(reasons(dated).values()) == ["withdrawn"]
