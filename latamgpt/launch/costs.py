"""What an hour of a site costs: accelerator, price, power, water, and the grid of its country. Every figure has a source."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import Field, RootModel, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.units import DollarsPerHour, KgPerKwh, LitresPerKwh, MemoryGib, PeakFlops, PowerUsage, Utilisation, Watts
from latamgpt.yaml_files import explain_validation, load_yaml

HERE = Path(__file__).parent
Number = TypeVar("Number")
MODELLED = "codecarbon 3.3.2, data/private_infra/global_energy_mix.json, {country} in {year}"


class Sourced(Frozen, Generic[Number]):
    """A figure, and where it is from."""

    value: Number
    source: str = Field(min_length=1)


class Accelerator(Frozen):
    """One kind of what trains; `other_watts` is its share of the node's processors, memory, network and fans."""

    peak_flops_per_second: Sourced[PeakFlops]
    memory_gib: Sourced[MemoryGib]
    watts: Sourced[Watts]
    other_watts: Sourced[Watts]
    utilisation: Sourced[Utilisation]  # of the peak, by the FLOPs that a model needs (MFU)


class SiteCost(Frozen):
    """A site file's section `cost`: what its own bill and meters say, and what it knows better than accelerators.yaml."""

    us_dollars_per_accelerator_hour: Sourced[DollarsPerHour]
    power_usage: Sourced[PowerUsage]  # PUE: all power of the building over that of its computers
    litres_per_kwh: Sourced[LitresPerKwh]  # WUE: water for cooling, of the computers' energy
    kg_co2e_per_kwh: Sourced[KgPerKwh] | None = None  # where the site does not draw from its country's grid
    utilisation: Sourced[Utilisation] | None = None
    memory_gib: Sourced[MemoryGib] | None = None
    watts: Sourced[Watts] | None = None


class GridFactor(Frozen):
    """Of one country."""

    kg_co2e_per_kwh: KgPerKwh
    year: int = Field(ge=2000, le=2100)


@dataclass(frozen=True)
class Rates:
    """All that an hour on one accelerator of a site is worked out with."""

    accelerator: str
    peak_flops_per_second: Sourced[float]
    utilisation: Sourced[float]
    memory_gib: Sourced[float]
    watts: Sourced[float]
    other_watts: Sourced[float]
    us_dollars_per_hour: Sourced[float]
    power_usage: Sourced[float]
    litres_per_kwh: Sourced[float]
    kg_co2e_per_kwh: Sourced[float]

    def named(self) -> dict[str, Sourced[float]]:
        """Every figure by its name and unit."""
        return {
            "peak, FLOP/s": self.peak_flops_per_second,
            "utilisation, of the peak": self.utilisation,
            "memory, GiB": self.memory_gib,
            "accelerator, W": self.watts,
            "its share of the node, W": self.other_watts,
            "price, US$ per hour": self.us_dollars_per_hour,
            "PUE": self.power_usage,
            "water, litres per kWh": self.litres_per_kwh,
            "grid, kg CO2e per kWh": self.kg_co2e_per_kwh,
        }


def rates_of(site: str, country: str, accelerator: str, cost: SiteCost | None) -> Rates:
    """The rates of a site.

    Raises:
        OperatorError: its file says no cost, or names an accelerator or a country of which nothing is known.
    """
    place = f"sites/{site}.yaml"
    if cost is None:
        raise OperatorError(
            f"{place} has no section cost: nobody could say what a training there takes of money, energy and water. Nothing was "
            "started. Add price, PUE and litres per kWh, each with its source: docs/cost.md."
        )
    kind = accelerators().get(accelerator)
    if kind is None:
        raise OperatorError(
            f"{place}, accelerator is {accelerator!r}, of which nothing is known; known are: {', '.join(accelerators())}. "
            "Nobody could say what a training costs. Name one of these, or add a row to latamgpt/launch/accelerators.yaml."
        )
    return Rates(
        accelerator=accelerator,
        peak_flops_per_second=kind.peak_flops_per_second,
        utilisation=cost.utilisation or kind.utilisation,
        memory_gib=cost.memory_gib or kind.memory_gib,
        watts=cost.watts or kind.watts,
        other_watts=kind.other_watts,
        us_dollars_per_hour=cost.us_dollars_per_accelerator_hour,
        power_usage=cost.power_usage,
        litres_per_kwh=cost.litres_per_kwh,
        kg_co2e_per_kwh=cost.kg_co2e_per_kwh or _grid_of(place, country),
    )


def _grid_of(place: str, country: str) -> Sourced[float]:
    factor = grids().get(country)
    if factor is None:
        raise OperatorError(
            f"{place}, country is {country!r}, of whose grid no kg CO2e per kWh is known; known are: {', '.join(grids())}. Add "
            "it to latamgpt/launch/grids.yaml, or give cost.kg_co2e_per_kwh in the site's file, with its source."
        )
    return Sourced(value=factor.kg_co2e_per_kwh, source=MODELLED.format(country=country, year=factor.year))


@cache
def accelerators() -> dict[str, Accelerator]:
    """latamgpt/launch/accelerators.yaml.

    Raises:
        OperatorError: a figure in it cannot be.
    """
    return _read(HERE / "accelerators.yaml", Accelerator)


@cache
def grids() -> dict[str, GridFactor]:
    """latamgpt/launch/grids.yaml, by country.

    Raises:
        OperatorError: a figure in it cannot be.
    """
    return _read(HERE / "grids.yaml", GridFactor)


Row = TypeVar("Row", bound=Frozen)


def _read(path: Path, row: type[Row]) -> dict[str, Row]:
    try:
        return RootModel[dict[str, row]].model_validate(load_yaml(path.read_text(encoding="utf-8"))).root
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
