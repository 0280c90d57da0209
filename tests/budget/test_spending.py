"""A training's account: asked before it starts, reserved while it runs, entered however it ends; killed ones by the next."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from latamgpt.budget import spending
from latamgpt.budget.burn_down import burn_down, draw, left_table, trainings_table
from latamgpt.budget.funders import fund, read_funders
from latamgpt.budget.ledger import Event, LedgerEntry, Posting, ledger_of, ledger_path, left_of, read_ledger
from latamgpt.budget.need import Need
from latamgpt.budget.quote import Amounts, amounts_of, quote
from latamgpt.budget.spending import accounted, enter_quote
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import Params
from tests.budget.conftest import DAY, TEN_HOURS
from tests.conftest import ROOT

NOTHING = Amounts(accelerator_hours=0, us_dollars=0, kwh=0, kg_co2e=0, water_litres=0)


@pytest.fixture
def states(root: Path) -> Path:
    """Where a training saves its states."""
    folder = root / "states"
    folder.mkdir()
    return folder


def take(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    """Have the next training take so long, on each of its two ranks."""
    moments = iter([1000.0, 1000.0 + hours * 3600])
    monkeypatch.setattr(spending, "seconds_now", lambda: next(moments))


def left(root: Path, site: Site) -> dict[str, float]:
    return left_of(read_funders(root), read_ledger(root, site))


def test_a_training_reserves_its_quote_and_then_draws_what_it_used(
    root: Path, site: Site, rich: Params, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, 4.0)
    with accounted(root, rich, TEN_HOURS, "t1", site, states):
        assert left(root, site) == {"dinero": 0.0, "horas": pytest.approx(1.0)}
    assert left(root, site) == {"dinero": pytest.approx(12 - 0.8 * 12), "horas": pytest.approx(5 - 0.8 * 4)}
    started, used = read_ledger(root, site)
    assert started.amounts.accelerator_hours == pytest.approx(10)
    assert used.amounts.accelerator_hours == pytest.approx(8)
    assert used.amounts.us_dollars == pytest.approx(16)
    assert used.energy == "worked out from power and time"
    (row,) = trainings_table([started, used]).rows
    assert row[3:7] == (1, pytest.approx(10), pytest.approx(8), pytest.approx(0.8))


def test_credits_used_up_since_the_quote_stop_the_training_before_it_starts(
    root: Path, site: Site, rich: Params, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_quote(root, rich, TEN_HOURS, site)
    take(monkeypatch, 4.0)
    with accounted(root, rich, TEN_HOURS, "other", site, states):
        pass
    began: list[str] = []
    with (
        pytest.raises(OperatorError, match=r"good there today pay 3.0 of them\. Nothing was started"),
        accounted(root, rich, TEN_HOURS, "t1", site, states),
    ):
        began.append("it")
    assert not began
    assert [entry.action for entry in read_ledger(root, site)] == ["quoted", "started", "used"]


def test_two_trainings_at_once_cannot_spend_the_same_credits(root: Path, site: Site, rich: Params, states: Path) -> None:
    def begin_another() -> None:
        with accounted(root, rich, TEN_HOURS, "t2", site, states):
            pass

    with accounted(root, rich, TEN_HOURS, "t1", site, states), pytest.raises(OperatorError, match=r"pay 1.0 of them"):
        begin_another()


@pytest.mark.parametrize("error", [OperatorError("loss is nan"), SystemExit(143), KeyboardInterrupt()])
def test_what_a_training_took_that_broke_down_is_entered(
    root: Path, site: Site, rich: Params, states: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)), accounted(root, rich, TEN_HOURS, "t1", site, states):
        raise error
    assert [entry.action for entry in read_ledger(root, site)] == ["started", "used"]


def test_an_attempt_that_was_killed_is_counted_to_its_last_saved_state_and_the_next_reserves_the_rest(
    root: Path, site: Site, rich: Params, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quoted = quote(rich, TEN_HOURS, site).amounts
    shares = fund(quoted, "casa", DAY, read_funders(root), {}).shares
    with ledger_of(root, site) as ledger:
        started = ledger.post(Posting(Event.STARTED, "t1", "casa", quoted, shares))
    (states / "state").write_text("")
    end = datetime.fromisoformat(started.time).timestamp() + 2 * 3600
    os.utime(states / "state", (end, end))
    take(monkeypatch, 3.0)
    with accounted(root, rich, TEN_HOURS, "t1", site, states):
        *_, again = read_ledger(root, site)
        assert again.amounts.accelerator_hours == pytest.approx(6)
    _, cut_off, _, used = read_ledger(root, site)
    assert (cut_off.amounts.accelerator_hours, cut_off.detail) == (pytest.approx(4), "cut off: until its last saved state")
    (row,) = trainings_table(read_ledger(root, site)).rows
    assert row[3:7] == (2, pytest.approx(10), pytest.approx(10), pytest.approx(1.0))
    assert left(root, site) == pytest.approx({"dinero": 0.0, "horas": 1.0}, abs=1e-9)
    assert used.amounts.accelerator_hours == pytest.approx(6)


def test_a_training_that_took_more_than_a_cap_is_not_taken_up_again(
    root: Path, site: Site, rich: Params, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(monkeypatch, 5.5)
    with pytest.raises(SystemExit), accounted(root, rich, TEN_HOURS, "t1", site, states):
        raise SystemExit(143)
    with (
        pytest.raises(OperatorError, match=r"has taken 22.00 US\$, above the 20.50 .*; 11.00 accelerator hours, above"),
        accounted(root, rich, TEN_HOURS, "t1", site, states),
    ):
        pass


def test_what_is_trained_again_after_it_was_done_is_another_training(
    root: Path, site: Site, rich: Params, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        take(monkeypatch, 1.0)
        with accounted(root, rich, Need(1_000_000, 10, 1000, TEN_HOURS.flops / 10), "t1", site, states):
            pass
    assert [row[3:7] for row in trainings_table(read_ledger(root, site)).rows] == [(1, 1.0, 2.0, 2.0)] * 2


def test_measured_energy_takes_the_place_of_power_and_time(params: Params, site: Site) -> None:
    rates = quote(params, TEN_HOURS, site).rates
    assert amounts_of(2.0, rates, 5.0).kwh == pytest.approx(7.5)
    assert amounts_of(2.0, rates, 5.0).kg_co2e == pytest.approx(1.5)
    assert amounts_of(2.0, rates, 5.0).water_litres == pytest.approx(5.0)


def post(root: Path, site: Site, training: str = "t") -> LedgerEntry:
    with ledger_of(root, site) as ledger:
        return ledger.post(Posting(Event.QUOTED, training, site.name, NOTHING))


def test_a_changed_line_stops_every_training(root: Path, site: Site, rich: Params, states: Path) -> None:
    for training in ("t1", "t2"):
        post(root, site, training)
    path = ledger_path(root, site)
    path.write_bytes(path.read_bytes().replace(b'"t1"', b'"t9"'))
    with (
        pytest.raises(InputDamagedError, match=r"line 1 was changed.* what is left of the credits is not known"),
        accounted(root, rich, TEN_HOURS, "t1", site, states),
    ):
        pass


def test_a_line_that_a_kill_tore_never_counted(root: Path, site: Site) -> None:
    first = post(root, site)
    path = ledger_path(root, site)
    with path.open("ab") as stream:
        stream.write(b'{"sequence": 2, "tor')
    assert read_ledger(root, site) == (first,)
    second = post(root, site)
    assert (second.sequence, second.previous) == (2, first.sha256)
    assert read_ledger(root, site) == (first, second)


def test_a_ledger_that_cannot_be_kept_starts_nothing(root: Path, site: Site, rich: Params, states: Path) -> None:
    (root / "file").write_text("")
    elsewhere = site.model_copy(update={"ledger": "file/ledger.jsonl"})
    with (
        pytest.raises(OperatorError, match=r"cannot be written: .* nothing was started"),
        accounted(root, rich, TEN_HOURS, "t1", elsewhere, states),
    ):
        pass


@pytest.mark.slow
def test_writers_at_once_leave_a_whole_ledger(root: Path, site: Site) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.budget.test_spending import post; from latamgpt.launch.site import "
        "read_site; root = Path(sys.argv[1]); [post(root, read_site(root, 'casa')) for _ in range(20)]"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(root)], cwd=ROOT) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert [entry.sequence for entry in read_ledger(root, site)] == list(range(1, 41))


def test_the_burn_down_falls_by_what_is_reserved_and_rises_by_what_was_not_needed(
    root: Path, site: Site, rich: Params, states: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_quote(root, rich, TEN_HOURS, site)
    take(monkeypatch, 4.0)
    with accounted(root, rich, TEN_HOURS, "t1", site, states):
        pass
    funders, entries = read_funders(root), read_ledger(root, site)
    curves = {curve.name: curve.y for curve in burn_down(funders, entries)}
    assert curves["Horas: accelerator hours"] == pytest.approx((5, 5, 1, 1.8))
    assert curves["all trainings"] == pytest.approx((0, 0, 0, 8))
    assert left_table(funders, entries).rows[1][2:6] == pytest.approx((5, 3.2, 0, 1.8))
    picture = root / "burn.svg"
    draw(burn_down(funders, entries), picture)
    assert b"<svg" in picture.read_bytes()


@pytest.mark.parametrize(("name", "said"), [("burn.txt", "must end in .svg, .png, .pdf"), ("burn.svg", "the ledger is empty")])
def test_what_cannot_be_drawn_is_said(root: Path, site: Site, name: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        draw(burn_down(read_funders(root), read_ledger(root, site)), root / name)
