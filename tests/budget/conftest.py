"""A root with a site whose hours cost, and funders who pay for them."""

from datetime import date
from pathlib import Path

import pytest

from latamgpt.budget.funders import Funder
from latamgpt.budget.need import Need
from latamgpt.launch.site import Site, read_site
from latamgpt.params import Params
from tests.launch.fakes import Fakes

SITE = """
country: CL
processes: 2
accelerator: h100
cost:
  us_dollars_per_accelerator_hour: {value: 2, source: its bill}
  power_usage: {value: 1.5, source: its meter}
  litres_per_kwh: {value: 1.0, source: its meter}
  kg_co2e_per_kwh: {value: 0.2, source: its contract}
  utilisation: {value: 0.5, source: its last training}
"""
FUNDERS = """
funders:
  - {id: dinero, name: Dinero, sites: [casa], us_dollars: 12, valid_from: 2020-01-01, valid_until: 2098-12-31}
  - {id: horas, name: Horas, sites: [casa], accelerator_hours: 5, valid_from: 2020-01-01, valid_until: 2099-12-31}
"""
SECONDS = 3600 * 989e12 * 0.5  # FLOPs of an hour
TEN_HOURS = Need(num_parameters=1_000_000, num_steps=10, num_positions=1000, flops=10 * SECONDS)
DAY = date(2026, 11, 23)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of nothing but the site `casa` and two funders, whose credits pay 6 and 5 of its hours."""
    for name, text in (("sites/casa.yaml", SITE), ("governance/funders.yaml", FUNDERS)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def site(root: Path) -> Site:
    """It."""
    return read_site(root, "casa")


@pytest.fixture
def rich(params: Params) -> Params:
    """Parameters whose caps allow ten hours."""
    caps = {"max_us_dollars": 20.5, "max_accelerator_hours": 10.5, "max_kwh": 20.0, "max_kg_co2e": 4.0}
    return params.model_copy(update={"training_quote": params.training_quote.model_copy(update=caps)})


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """Slurm's commands, with nothing in the queue."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = Fakes(folder)
    monkeypatch.setenv("PATH", made.path)
    for name in ("squeue", "sacct"):
        made.answers(name, "")
    return made


def funder(name: str, **changes: object) -> Funder:
    """A funder of the site casa with ten hours."""
    fields: dict[str, object] = {
        "name": name,
        "sites": ("casa",),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
    }
    return Funder.model_validate(
        {"id": name, **fields, **({} if "us_dollars" in changes else {"accelerator_hours": 10.0}), **changes}
    )
