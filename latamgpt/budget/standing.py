"""A quote on a site, who would pay it, and the ledger as it stands: one report, for the command line and for Dagster."""

from collections.abc import Callable, Mapping
from pathlib import Path

from latamgpt.budget.burn_down import burn_down, left_table, trainings_table
from latamgpt.budget.funders import Funding, must_be_paid, read_funders
from latamgpt.budget.ledger import ledger_path, read_ledger
from latamgpt.budget.need import Need, need_of, planned_need
from latamgpt.budget.quote import must_fit_memory, must_keep_caps, quote, readable, tables_of
from latamgpt.budget.spending import funding_of
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.records import Expectation, Report, Severity, Table


def site_report(root: Path, params: Params, counts: Mapping[str, int], site: Site) -> Report:
    """The quote of today for a training on a site; `counts` are those of the published quote, empty where none was made.

    Raises:
        OperatorError: the site does not say what it costs, or the funders or the ledger are wrong.
    """
    need = need_of(params, counts["num_parameters"], counts["steps"]) if counts else planned_need(params)
    quoted, entries, funders = quote(params, need, site), read_ledger(root, site), read_funders(root)
    funding = funding_of(root, quoted, entries)
    unread = "" if ledger_path(root, site).is_file() else f". No ledger to be seen from here: {site.ledger}"
    amounts = quoted.amounts
    return Report(
        stage="training_quote",
        summary=f"{_subject(params, need)}, on {quoted.num_ranks} {quoted.rates.accelerator} of {site.name}: "
        f"{amounts.accelerator_hours:,.2f} accelerator hours, {quoted.walltime_hours:,.2f} hours, US$ {amounts.us_dollars:,.2f}, "
        f"{amounts.kwh:,.2f} kWh, {amounts.kg_co2e:,.2f} kg CO2e, {amounts.water_litres:,.1f} litres of water; "
        f"{quoted.layout.words()}{unread}",
        tables=(*tables_of(params, quoted), payers_table(funding), left_table(funders, entries), trainings_table(entries)),
        curves=burn_down(funders, entries),
        expectations=(
            _held("expect_every_rank_to_have_room", lambda: must_fit_memory(params, quoted)),
            _held("expect_every_cap_to_hold", lambda: must_keep_caps(params, quoted, quoted.amounts)),
            _held("expect_credits_to_pay", lambda: must_be_paid(quoted, funding)),
        ),
    )


def _held(kind: str, refuse: Callable[[], object]) -> Expectation:
    """One thing that would stop the training."""
    try:
        refuse()
    except OperatorError as error:
        return Expectation(kind=kind, severity=Severity.CRITICAL, passed=False, observed=str(error))
    return Expectation(kind=kind, severity=Severity.CRITICAL, passed=True, observed="it does")


def payers_table(funding: Funding) -> Table:
    """Who would pay, as far as credits reach."""
    rows = [(share.funder, readable(share.accelerator_hours), readable(share.us_dollars)) for share in funding.shares]
    unpaid = [("nobody", funding.unpaid_hours, None)] if funding.unpaid_hours else []
    return Table(name="who pays", columns=("funder", "accelerator hours", "US$"), rows=(*rows, *unpaid))


def _subject(params: Params, need: Need) -> str:
    return f"{params.base_model.name}, {need.num_parameters:,} parameters, {need.num_steps:,} steps, {need.flops:.3g} FLOPs"
