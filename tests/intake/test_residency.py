"""Where an agreement names the places of its texts, intake asks where it runs: of each delivery, before it is opened."""

import re

import pytest
import yaml

from latamgpt.errors import NotPermittedError
from latamgpt.params import Params, PlaceParams
from latamgpt.store import Workspace
from tests.intake.deliveries import AGREEMENT, PARTNER, deliver, documents, register, take_in

BOUND = AGREEMENT | {"id": "as-2", "residency": ["BR"]}


def of_run(params: Params, country: str = "CL", site: str = "") -> Params:
    """Parameters of a run that works on texts at a place."""
    place = PlaceParams(country=country, site=site)
    return params.model_copy(update={"documents": params.documents.model_copy(update={"place": place})})


def stand_in(workspace: Workspace, country: str) -> None:
    """Have this machine's site stand somewhere."""
    (workspace.root / "sites" / "laptop.yaml").write_text(f"country: '{country}'\n")


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    """A partner with a delivery that may lie anywhere, and one that is bound to Brazil."""
    register(workspace)
    path = workspace.root / "partners" / f"{PARTNER}.yaml"
    values = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**values, "agreements": [AGREEMENT, BOUND]}))
    deliver(workspace, {"a.txt": "Un relato libre."}, id="libre")
    deliver(workspace, {"b.txt": "Um conto que fica."}, id="atada", agreement="as-2")
    return workspace


def verdicts(workspace: Workspace, params: Params) -> dict[str, str]:
    """Delivery -> verdict, as the report's table has it."""
    (table,) = [table for table in take_in(workspace, params).tables if table.name == "deliveries"]
    return {str(row[0]): str(row[-1]) for row in table.rows}


def test_each_delivery_is_ruled_by_its_own_agreement(archive: Workspace, params: Params) -> None:
    assert verdicts(archive, of_run(params)) == {"atada": "quarantined: outside_residency", "libre": "taken in"}
    assert [row["text"] for row in documents(archive)] == ["Un relato libre."]
    assert (archive.root / "samples" / PARTNER / "atada" / "b.txt").is_file()


def test_a_run_at_no_named_place_lets_in_nothing_that_is_bound(archive: Workspace, params: Params) -> None:
    assert verdicts(archive, of_run(params, country=""))["atada"] == "quarantined: outside_residency"


@pytest.mark.parametrize("country", ["CL", ""])
def test_a_machine_elsewhere_stops_before_anything_is_read(archive: Workspace, params: Params, country: str) -> None:
    stand_in(archive, country)
    place = "laptop in CL" if country else "laptop whose country is not known"
    said = f"delivery atada: as-2 lets its texts lie in BR, not at {place}. Nothing was read"
    with pytest.raises(NotPermittedError, match=re.escape(said)) as refusal:
        take_in(archive, of_run(params, country="BR"))
    assert "libre" not in str(refusal.value)
    assert not archive.place("documents", PARTNER).exists()


def test_a_machine_that_stands_there_reads_it_and_another_run_s_bytes_are_the_same(archive: Workspace, params: Params) -> None:
    stand_in(archive, "BR")
    assert set(verdicts(archive, of_run(params, country="BR")).values()) == {"taken in"}
    take_in(archive, of_run(params))
    there = (archive.place("documents", PARTNER) / "exclusions.parquet").read_bytes()
    stand_in(archive, "CL")
    take_in(archive, of_run(params))
    assert (archive.place("documents", PARTNER) / "exclusions.parquet").read_bytes() == there


def test_an_agreement_may_name_the_site(archive: Workspace, params: Params) -> None:
    path = archive.root / "partners" / f"{PARTNER}.yaml"
    path.write_text(path.read_text().replace("- BR", "- laptop"))
    assert set(verdicts(archive, of_run(params, site="laptop")).values()) == {"taken in"}
    assert verdicts(archive, of_run(params))["atada"] == "quarantined: outside_residency"
