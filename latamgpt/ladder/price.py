"""What a rung's trials cost together on this site: asked before the first of them starts."""

from dataclasses import dataclass, replace

from latamgpt.budget.funders import must_be_paid
from latamgpt.budget.ledger import read_ledger
from latamgpt.budget.need import planned_need
from latamgpt.budget.quote import Amounts, SiteQuote, must_fit_memory, quote
from latamgpt.budget.spending import funding_of
from latamgpt.errors import OperatorError
from latamgpt.ladder.rungs import rung_params
from latamgpt.ladder.standing import standing_result, trial_params
from latamgpt.launch.site import Site, read_site
from latamgpt.params import RungParams, SweepParams
from latamgpt.records import Table
from latamgpt.store import Workspace
from latamgpt.sweep.trials import trials_of


@dataclass(frozen=True)
class RungPrice:
    """All trials of a rung."""

    rung: RungParams
    quoted: SiteQuote  # of one trial
    num_trials: int
    num_done: int

    @property
    def whole(self) -> Amounts:
        """Of all trials, those done too: a sweep is priced whole."""
        return Amounts(**{name: value * self.num_trials for name, value in self.quoted.amounts.model_dump().items()})


def price_rung(checkout: Workspace, sweep: SweepParams, rung: RungParams, site: Site | None = None) -> RungPrice:
    """What a rung takes on a site, by the quote that the training itself is held against.

    Raises:
        OperatorError: the site does not say what it costs, or params.yaml gives another base.
    """
    trials = trials_of(sweep, (rung.name,))
    params = trial_params(rung_params(checkout.root, rung), rung, sweep, trials[0])
    quoted = quote(params, planned_need(params), site or read_site(checkout.root))
    return RungPrice(rung, quoted, len(trials), sum(standing_result(checkout, sweep, one) is not None for one in trials))


def must_afford(checkout: Workspace, sweep: SweepParams, rung: RungParams) -> RungPrice:
    """Refuse a rung whose trials together break its caps, do not fit the machine, or are paid by nobody.

    Raises:
        OperatorError: it says which.
    """
    site = read_site(checkout.root)
    price = price_rung(checkout, sweep, rung, site)
    whole = price.whole
    caps = (
        ("US$", whole.us_dollars, rung.max_us_dollars, "max_us_dollars"),
        ("accelerator hours", whole.accelerator_hours, rung.max_accelerator_hours, "max_accelerator_hours"),
    )
    if broken := [f"{value:,.2f} {unit}, above the {cap:,.2f} of {name}" for unit, value, cap, name in caps if value > cap]:
        raise OperatorError(
            f"the {price.num_trials} trials of rung {rung.name} would take {'; '.join(broken)} together, on {site.name}. Nothing "
            "was started. Try fewer learning rates, shares or tokens (params.yaml, sweep), run on a site that the rung is meant "
            "for (LATAMGPT_SITE), or have the cap raised by whoever answers for it."
        )
    must_fit_memory(rung_params(checkout.root, rung), price.quoted)
    left = price.num_trials - price.num_done
    must_be_paid(price.quoted, funding_of(checkout.root, _times(price.quoted, left), read_ledger(checkout.root, site)))
    return price


def price_table(prices: list[RungPrice]) -> Table:
    """A row per rung."""
    columns = ("rung", "model", "trials", "done", "tokens each", "hours each", "hours", "US$", "kWh", "kg CO2e", "hours at most")
    return Table(
        name="price",
        columns=columns,
        rows=tuple(
            (
                *(one.rung.name, one.rung.base_model, one.num_trials, one.num_done, one.rung.num_tokens),
                *(one.quoted.walltime_hours, one.whole.accelerator_hours, one.whole.us_dollars, one.whole.kwh),
                *(one.whole.kg_co2e, one.rung.max_accelerator_hours),
            )
            for one in prices
        ),
    )


def _times(quoted: SiteQuote, number: int) -> SiteQuote:
    amounts = Amounts(**{name: value * number for name, value in quoted.amounts.model_dump().items()})
    return replace(quoted, amounts=amounts)
