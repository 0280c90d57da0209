"""Figures that cannot be are refused, with what was probably meant: in every file that people write."""

from pathlib import Path

import pytest

from latamgpt import units
from latamgpt.budget.ledger import LedgerEntry
from latamgpt.budget.quote import Amounts
from latamgpt.errors import OperatorError
from latamgpt.launch import costs
from latamgpt.launch.site import read_site
from latamgpt.store import Workspace


@pytest.mark.parametrize(
    ("quantity", "value", "meant"),
    [
        (units.KG_PER_KWH, 7, "0.007 kg CO2e per kWh if it was written in grams per kWh, or kg per MWh"),
        (units.KG_PER_KWH, 7.1, "0.0071 kg CO2e"),
        (units.KG_PER_KWH, 291, "0.291 kg CO2e"),
        (units.POWER_USAGE, 130, "1.3 PUE if it was written in per cent"),
        (units.UTILISATION, 40, "0.4 of the peak if it was written in per cent"),
        (units.WATTS, 0.7, "700 W if it was written in kW"),
        (units.DOLLARS_PER_HOUR, 400, "4 US$ per hour if it was written in cents"),
        (units.LITRES_PER_KWH, 1800, "1.8 litres per kWh if it was written in millilitres"),
        (units.PEAK_FLOPS, 989, "9.89e+14 FLOP/s if it was written in TFLOP/s"),
        (units.MEMORY_GIB, 144_384, "141 GiB if it was written in MiB"),
    ],
)
def test_a_slip_of_units_is_named(quantity: units.Plausible, value: float, meant: str) -> None:
    with pytest.raises(ValueError, match="cannot be: it lies between") as error:
        quantity(value)
    assert meant in str(error.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
def test_what_is_no_quantity_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        units.KG_PER_KWH(value)


def test_seven_kilograms_per_kwh_in_a_site_s_file_stop_every_command(workspace: Workspace) -> None:
    path = workspace.root / "sites" / "laptop.yaml"
    path.write_text(path.read_text() + "  kg_co2e_per_kwh: {value: 7, source: a brochure}\n")
    with pytest.raises(OperatorError, match=r"cost.kg_co2e_per_kwh.value: 7 kg CO2e per kWh cannot be.* 0.007 kg .* found 7"):
        read_site(workspace.root)


def test_a_figure_without_its_source_is_refused(workspace: Workspace) -> None:
    path = workspace.root / "sites" / "laptop.yaml"
    path.write_text(path.read_text() + "  kg_co2e_per_kwh: {value: 0.3}\n")
    with pytest.raises(OperatorError, match="cost.kg_co2e_per_kwh.source: is missing"):
        read_site(workspace.root)


def test_the_tables_of_accelerators_and_grids_are_held_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (
        ("accelerators.yaml", "h200: {watts: {value: 0.7, source: x}}"),
        ("grids.yaml", "CL: {kg_co2e_per_kwh: 291, year: 2023}"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(costs, "HERE", tmp_path)
    with pytest.raises(OperatorError, match="h200.watts.value: 0.7 W cannot be"):
        costs.accelerators.__wrapped__()
    with pytest.raises(OperatorError, match="CL.kg_co2e_per_kwh: 291 kg CO2e per kWh cannot be"):
        costs.grids.__wrapped__()


def test_a_ledger_line_that_claims_seven_kilograms_per_kwh_is_none() -> None:
    amounts = Amounts(accelerator_hours=1, us_dollars=1, kwh=10, kg_co2e=70, water_litres=1)
    with pytest.raises(ValueError, match="7 kg CO2e per kWh cannot be"):
        LedgerEntry(
            **{"sequence": 1, "time": "", "actor": "", "action": "used", "subject": "", "detail": "", "previous": ""},
            site="laptop",
            amounts=amounts,
        )


def test_the_region_s_grids_are_known_and_in_order() -> None:
    known = costs.grids()
    assert {
        "AR",
        "BO",
        "BR",
        "CL",
        "CO",
        "CR",
        "CU",
        "DO",
        "EC",
        "GT",
        "HN",
        "MX",
        "NI",
        "PA",
        "PE",
        "PY",
        "SV",
        "UY",
        "VE",
    } <= set(known)
    assert known["PY"].kg_co2e_per_kwh < known["BR"].kg_co2e_per_kwh < known["CL"].kg_co2e_per_kwh < known["MX"].kg_co2e_per_kwh
