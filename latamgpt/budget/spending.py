"""A training's account: quoted before it starts, reserved while it runs, entered when it ends, however it ends."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from latamgpt.budget.counters import Counter, Meter, Nvml, Rapl
from latamgpt.budget.funders import Funding, Share, fund, must_be_paid, read_funders
from latamgpt.budget.ledger import (
    DONE,
    WORKED_OUT,
    Event,
    Ledger,
    LedgerEntry,
    Posting,
    ledger_of,
    left_of,
    trainings_of,
)
from latamgpt.budget.need import Need
from latamgpt.budget.quote import SECONDS_PER_HOUR, Amounts, SiteQuote, amounts_of, must_be_possible, must_keep_caps, quote
from latamgpt.launch.site import Site
from latamgpt.params import Params

CPU = "cpu"


@dataclass(frozen=True)
class Account:
    """One training on one site, as its account sees it."""

    root: Path
    params: Params
    site: Site
    quoted: SiteQuote
    training: str  # its identity

    @property
    def ranks(self) -> int:
        """Accelerators that are taken while it runs."""
        return self.site.num_ranks


def seconds_now() -> float:
    """A clock that nobody sets."""
    return time.monotonic()


def today() -> date:
    """The day that credits are held against."""
    return datetime.now(UTC).date()


def enter_quote(root: Path, params: Params, need: Need, site: Site) -> SiteQuote:
    """Quote a training, refuse it where it must not start, and enter the quote.

    Raises:
        OperatorError: it breaks a cap, does not fit, or nobody's credits pay.
    """
    quoted = quote(params, need, site)
    must_be_possible(params, quoted)
    with ledger_of(root, site) as ledger:
        funding = funding_of(root, quoted, ledger.entries)
        must_be_paid(quoted, funding)
        ledger.post(Posting(Event.QUOTED, params.base_model.name, site.name, quoted.amounts, funding.shares))
    return quoted


def funding_of(root: Path, quoted: SiteQuote, entries: tuple[LedgerEntry, ...]) -> Funding:
    """Who would pay a quote today."""
    funders = read_funders(root)
    return fund(quoted.amounts, quoted.site, today(), funders, left_of(funders, entries))


@contextmanager
def accounted(root: Path, params: Params, need: Need, training: str, site: Site, states: Path) -> Generator[None]:
    """Hold a training against caps and today's ledger, reserve what it will take, and enter what it took.

    Args:
        root: of the workspace.
        params: the run's.
        need: of the whole training.
        training: its identity; attempts of one training are added up.
        site: where it runs.
        states: the folder of its saved states: the newest file says until when an attempt lived that a kill ended.

    Raises:
        OperatorError: it breaks a cap with what earlier attempts took, does not fit, or nobody's credits pay.
    """
    account = Account(root, params, site, quote(params, need, site), training)
    must_be_possible(params, account.quoted)
    with ledger_of(root, site) as ledger:
        _close_cut_off(ledger, account, states)
        remaining = _remaining(account, ledger.entries)
        funding = fund(remaining, site.name, today(), read_funders(root), left_of(read_funders(root), ledger.entries))
        must_be_paid(account.quoted, funding)
        ledger.post(Posting(Event.STARTED, training, site.name, remaining, funding.shares))
    meter = Meter(Rapl() if site.accelerator == CPU else Nvml())
    is_measured = site.nodes == 1 and site.training is None and meter.start()  # a job runs on another machine's counters
    began = seconds_now()
    end = "broke down"
    try:
        yield
        end = DONE
    finally:
        hours = (seconds_now() - began) / SECONDS_PER_HOUR * account.ranks
        kwh = meter.stop() if is_measured else None
        with ledger_of(root, site) as ledger:
            _enter_used(ledger, account, hours, kwh, end)


def used_of(training: str, entries: tuple[LedgerEntry, ...]) -> Amounts:
    """What all attempts of one training took that is not done."""
    mine = [each for each in trainings_of(entries) if each[0].subject == training and each[-1].detail != DONE]
    used = [entry.amounts for each in mine for entry in each if entry.action == Event.USED]
    return Amounts(**{name: sum(getattr(each, name) for each in used) for name in Amounts.model_fields})


def _remaining(account: Account, entries: tuple[LedgerEntry, ...]) -> Amounts:
    """What is still to come by the quote; refused where the training took more than the caps by now."""
    quoted, used = account.quoted.amounts, used_of(account.training, entries)
    must_keep_caps(account.params, account.quoted, used)
    share = max(0.0, 1 - used.accelerator_hours / quoted.accelerator_hours) if quoted.accelerator_hours else 1.0
    return _scaled(quoted, share)


def _close_cut_off(ledger: Ledger, account: Account, states: Path) -> None:
    """Enter what an attempt took that nobody could enter: it was killed."""
    started = [entry for entry in ledger.entries if entry.subject == account.training and entry.action != Event.QUOTED]
    if not started or started[-1].action != Event.STARTED:
        return
    began = datetime.fromisoformat(started[-1].time).timestamp()
    signs = [path.stat().st_mtime for path in states.rglob("*") if path.is_file()] if states.is_dir() else []
    hours = max(0.0, max(signs, default=began) - began) / SECONDS_PER_HOUR * account.ranks
    _enter_used(ledger, account, hours, None, "cut off: until its last saved state")


def _enter_used(ledger: Ledger, account: Account, hours: float, kwh: float | None, detail: str) -> None:
    rates = account.quoted.rates
    counter: type[Counter] = Rapl if account.site.accelerator == CPU else Nvml
    if kwh is not None and counter is Nvml:
        kwh += hours * rates.other_watts.value / 1000  # NVML sees the accelerators alone
    amounts = amounts_of(hours, rates, kwh)
    reserved = next(e for e in reversed(ledger.entries) if e.subject == account.training and e.action == Event.STARTED)
    share = hours / reserved.amounts.accelerator_hours if reserved.amounts.accelerator_hours else 0.0
    shares = tuple(
        Share(funder=each.funder, us_dollars=each.us_dollars * share, accelerator_hours=each.accelerator_hours * share)
        for each in reserved.shares
    )
    energy = WORKED_OUT if kwh is None else counter.name
    ledger.post(Posting(Event.USED, account.training, account.site.name, amounts, shares, energy, detail))


def _scaled(amounts: Amounts, share: float) -> Amounts:
    return Amounts(**{name: value * share for name, value in amounts.model_dump().items()})
