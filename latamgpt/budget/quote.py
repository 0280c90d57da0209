"""A training on a site: hours, speed, money, energy, carbon, water and memory; refused where it would break a cap or not fit."""

from dataclasses import dataclass, replace

from latamgpt.budget.memory import Layout, Memory, memory_of, must_fit, shape_of
from latamgpt.budget.need import Need
from latamgpt.errors import OperatorError
from latamgpt.launch.costs import Rates, rates_of
from latamgpt.launch.site import Site
from latamgpt.params import Activations, Params, TrainingQuoteParams
from latamgpt.records import Frozen, Table

SECONDS_PER_HOUR = 3600
RECOMPUTED_WORK = 4 / 3
"""A forward pass more, 8 operations instead of 6; Korthikanti et al. 2022, table 4, measured 30 to 40%
(https://arxiv.org/abs/2205.05198)."""


class Amounts(Frozen):
    """What a training takes; quoted, or used."""

    accelerator_hours: float
    us_dollars: float
    kwh: float  # of the whole building, PUE included
    kg_co2e: float
    water_litres: float


@dataclass(frozen=True)
class SiteQuote:
    """One training on one site."""

    site: str
    rates: Rates
    layout: Layout
    memory: Memory
    need: Need
    amounts: Amounts
    walltime_hours: float
    positions_per_second: float  # of all ranks

    @property
    def num_ranks(self) -> int:
        """That train together."""
        return self.layout.num_ranks


def quote(params: Params, need: Need, site: Site) -> SiteQuote:
    """What a training takes on a site.

    Raises:
        OperatorError: the site does not say what it costs.
    """
    rates = rates_of(site.name, site.country, site.accelerator, site.cost)
    asked = params.checkpoint
    layout = Layout(asked.zero_stage, site.processes, site.nodes, asked.offload, asked.activations)
    speed = rates.peak_flops_per_second.value * rates.utilisation.value
    again = RECOMPUTED_WORK if layout.activations is Activations.RECOMPUTED else 1.0
    hours = need.flops * again / speed / SECONDS_PER_HOUR
    return SiteQuote(
        site=site.name,
        rates=rates,
        layout=layout,
        memory=memory_of(shape_of(params, need.num_parameters), layout),
        need=need,
        amounts=amounts_of(hours, rates),
        walltime_hours=hours / site.num_ranks,
        positions_per_second=need.num_positions / (hours * SECONDS_PER_HOUR) * site.num_ranks if hours else 0.0,
    )


def amounts_of(hours: float, rates: Rates, kwh_of_computers: float | None = None) -> Amounts:
    """What so many hours of one accelerator take; the computers' energy by power and time, where nothing measured it."""
    computers = hours * (rates.watts.value + rates.other_watts.value) / 1000 if kwh_of_computers is None else kwh_of_computers
    kwh = computers * rates.power_usage.value
    return Amounts(
        accelerator_hours=hours,
        us_dollars=hours * rates.us_dollars_per_hour.value,
        kwh=kwh,
        kg_co2e=kwh * rates.kg_co2e_per_kwh.value,
        water_litres=computers * rates.litres_per_kwh.value,
    )


def must_be_possible(params: Params, quoted: SiteQuote) -> None:
    """Refuse a training that does not fit the memory or breaks a cap.

    Raises:
        OperatorError: it names the cap, or the layouts that would fit.
    """
    must_fit_memory(params, quoted)
    must_keep_caps(params, quoted, quoted.amounts)


def must_fit_memory(params: Params, quoted: SiteQuote) -> Memory:
    """What each rank holds, where the accelerator has room for it.

    Raises:
        OperatorError: it has not; the message names the layouts that would fit.
    """
    shape = shape_of(params, quoted.need.num_parameters)
    return must_fit(shape, quoted.layout, quoted.rates.memory_gib.value, quoted.rates.accelerator)


def must_keep_caps(params: Params, quoted: SiteQuote, amounts: Amounts) -> None:
    """Refuse amounts above a cap: quoted, or taken by now.

    Raises:
        OperatorError: it names every cap that is broken.
    """
    broken = [
        f"{amount:,.2f} {unit}, above the {cap:,.2f} of training_quote.{name}"
        for name, unit, amount, cap in _caps(params.training_quote, amounts)
        if amount > cap
    ]
    if broken:
        takes = "would take" if amounts is quoted.amounts else "has taken"
        raise OperatorError(
            f"the training {takes} {'; '.join(broken)}, on {quoted.num_ranks} {quoted.rates.accelerator} of "
            f"{quoted.site}. Nothing was started. Train on fewer tokens (mixture.num_tokens), or have the cap raised by whoever "
            "answers for it."
        )


def _caps(terms: TrainingQuoteParams, amounts: Amounts) -> list[tuple[str, str, float, float]]:
    return [
        ("max_us_dollars", "US$", amounts.us_dollars, terms.max_us_dollars),
        ("max_accelerator_hours", "accelerator hours", amounts.accelerator_hours, terms.max_accelerator_hours),
        ("max_kwh", "kWh", amounts.kwh, terms.max_kwh),
        ("max_kg_co2e", "kg CO2e", amounts.kg_co2e, terms.max_kg_co2e),
    ]


def tables_of(params: Params, quoted: SiteQuote) -> tuple[Table, ...]:
    """The quote for people: what it takes, with the cap; memory by ZeRO stage; every assumption with its source."""
    caps = {unit: cap for _, unit, _, cap in _caps(params.training_quote, quoted.amounts)}
    amounts = quoted.amounts
    rows: tuple[tuple[str, float, float | None], ...] = (
        ("accelerator hours", amounts.accelerator_hours, caps["accelerator hours"]),
        ("walltime, hours", quoted.walltime_hours, None),
        ("tokens per second", quoted.positions_per_second, None),
        ("US$", amounts.us_dollars, caps["US$"]),
        ("kWh", amounts.kwh, caps["kWh"]),
        ("kg CO2e", amounts.kg_co2e, caps["kg CO2e"]),
        ("litres of water", amounts.water_litres, None),
        ("GiB per rank", quoted.memory.rank, quoted.rates.memory_gib.value),
    )
    shape = shape_of(params, quoted.need.num_parameters)
    stages = [memory_of(shape, replace(quoted.layout, zero_stage=stage)) for stage in range(4)]
    return (
        Table(
            name="quote",
            columns=("what", "quoted", "at most"),
            rows=tuple((name, readable(value), None if cap is None else readable(cap)) for name, value, cap in rows),
        ),
        Table(
            name="memory per rank, GiB",
            columns=("ZeRO stage", "states", "activations", "logits", "all", "fits"),
            rows=tuple(
                (stage, m.states, m.activations, m.logits, m.rank, "yes" if m.rank <= quoted.rates.memory_gib.value else "NO")
                for stage, m in enumerate(stages)
            ),
        ),
        Table(
            name="assumptions",
            columns=("what", "value", "source"),
            rows=tuple((name, each.value, each.source) for name, each in quoted.rates.named().items()),
        ),
    )


def readable(value: float) -> float | int:
    """A large number without decimals, so that a table does not show it as a power of ten."""
    return round(value) if abs(value) >= 1000 else value
