"""`latamgpt quote` and `latamgpt ledger` on a terminal, and the same in Dagster."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.quote_view import quote_metadata
from latamgpt.budget.ledger import Event, Posting, ledger_of
from latamgpt.budget.quote import Amounts
from latamgpt.cli import main
from latamgpt.launch.site import read_site
from latamgpt.records import Report
from latamgpt.store import Workspace
from tests.conftest import ROOT

HOUR = Amounts(accelerator_hours=1, us_dollars=0, kwh=0.0155, kg_co2e=0.0045, water_litres=0)


@pytest.fixture
def here(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with the committed funders, gone into."""
    funders = workspace.root / "governance" / "funders.yaml"
    funders.parent.mkdir()
    funders.write_bytes((ROOT / "governance" / "funders.yaml").read_bytes())
    monkeypatch.chdir(workspace.root)
    monkeypatch.delenv("COLUMNS", raising=False)  # tables are as wide as they need
    return workspace


def test_the_default_run_is_free_on_a_laptop_and_may_start(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quote"]) == 0
    said = capsys.readouterr().out
    assert "US$ 0.00" in said
    assert said.count("holds    expect") == 3


def test_another_profile_on_another_site_is_quoted_and_its_invented_funders_pay_nothing(
    here: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["quote", "--site", "tarapaca", "--profile", "llama-3.1-8b"]) == 1
    said = capsys.readouterr().out
    assert "on 96 h200 of tarapaca: 857.70 accelerator hours, 8.93 hours, US$ 3,430.81, 1,705.97 kWh, 496.63 kg CO2e" in said
    assert "REFUSED  expect credits to pay: Consorcio Nube Abierta (muestra) would pay" in said
    assert "Grattafiori et al. 2024" in said
    assert not (here.root / "var").exists()


def test_the_ledger_prints_what_is_left_and_draws_it(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger"]) == 0
    assert "var/ledger.jsonl: 0 lines" in capsys.readouterr().out
    with ledger_of(here.root, read_site(here.root)) as ledger:
        ledger.post(Posting(Event.STARTED, "abc", "laptop", HOUR))
        ledger.post(Posting(Event.USED, "abc", "laptop", HOUR))
    assert main(["ledger", "--plot", "burn.png"]) == 0
    said = capsys.readouterr().out
    assert f"abc       laptop  {datetime.now(UTC).date()}         1" in said
    assert "var/ledger.jsonl: 2 lines, each follows from the one before it. Head: " in said
    assert Path("burn.png").read_bytes().startswith(b"\x89PNG")


def test_an_open_reservation_is_shown_with_its_age_and_released_by_name_with_a_reason(
    here: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger_of(here.root, read_site(here.root)) as ledger:
        ledger.post(Posting(Event.STARTED, "abc", "laptop", HOUR))
    assert main(["ledger"]) == 0
    assert "open reservations:" in capsys.readouterr().out
    assert main(["ledger", "--release", "abc", "--actor", "ana"]) == 2
    assert "--release needs --because REASON" in capsys.readouterr().err
    asked = ["ledger", "--release", "ab", "--because", "the corpus was withdrawn", "--actor", "ana"]
    assert main([*asked, "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing was written: --dry-run."
    assert main(asked) == 0
    assert capsys.readouterr().out.startswith("gave back 1.00 of the 1.00 accelerator hours")
    assert main(["ledger"]) == 0
    assert "open reservations:\n  none" in capsys.readouterr().out


def test_the_asset_shows_the_site_s_quote_its_ledger_and_the_burn_down(here: Workspace) -> None:
    with ledger_of(here.root, read_site(here.root)) as ledger:
        ledger.post(Posting(Event.STARTED, "abc", "laptop", HOUR))
    published = Report(stage="training_quote", summary="", counts={"num_parameters": 1000, "steps": 2})
    view = quote_metadata(here, published)
    shown = {f"site/table/{name}" for name in ("quote", "assumptions", "who pays", "credits", "trainings")}
    assert {*shown, "site/summary", "site/expectations", "site/plot/left, US$", "site/plot/hours used"} <= set(view)
    assert "1,000 parameters, 2 steps" in str(view["site/summary"].value)


def test_what_cannot_be_quoted_is_shown_in_words(here: Workspace) -> None:
    (here.root / "sites" / "laptop.yaml").write_text("country: CL\n")
    (view,) = quote_metadata(here, Report(stage="training_quote", summary="")).values()
    assert "sites/laptop.yaml has no section cost" in str(view.value)
