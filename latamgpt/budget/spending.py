"""A training's account: quoted before it starts, reserved while it runs, entered when it ends, however it ends."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from latamgpt.budget.counters import Counter, Meter, Nvml, Rapl
from latamgpt.budget.funders import Funding, fund, must_be_paid, read_funders
from latamgpt.budget.ledger import (
    BY_COMMAND,
    BY_COMMAND_WITH_QUEUE,
    BY_SLURM,
    DONE,
    ENDS,
    WORKED_OUT,
    Event,
    Ledger,
    LedgerEntry,
    Posting,
    ledger_of,
    left_of,
    lines_of,
    shares_of,
    trainings_of,
)
from latamgpt.budget.need import Need
from latamgpt.budget.quote import SECONDS_PER_HOUR, Amounts, SiteQuote, amounts_of, must_be_possible, must_keep_caps, quote
from latamgpt.launch.accounting import accelerator_hours
from latamgpt.launch.claims import Work
from latamgpt.launch.ranks import LeftRunningError
from latamgpt.launch.site import Site
from latamgpt.params import Params

CPU = "cpu"
STAGE = "checkpoint"  # whose jobs a training's are


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


@dataclass(frozen=True)
class Taken:
    """Accelerator hours, and how they are known: one of the ledger's words for clocks."""

    hours: float
    clock: str


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
    except LeftRunningError:
        end = ""
        raise
    finally:
        hours = (seconds_now() - began) / SECONDS_PER_HOUR * account.ranks
        kwh = meter.stop() if is_measured else None
        if end:  # else it still runs, and stays reserved: whoever follows it next enters what it took
            with ledger_of(root, site) as ledger:
                _enter_used(ledger, account, _taken(root, site, lines_of(training, ledger.entries), hours), kwh, end)


def used_of(training: str, entries: tuple[LedgerEntry, ...]) -> Amounts:
    """What all attempts of one training took that is not done."""
    mine = [each for each in trainings_of(entries) if each[0].subject == training and each[-1].detail != DONE]
    used = [entry.amounts for each in mine for entry in each if entry.action in ENDS]
    return Amounts(**{name: sum(getattr(each, name) for each in used) for name in Amounts.model_fields})


def _remaining(account: Account, entries: tuple[LedgerEntry, ...]) -> Amounts:
    """What is still to come by the quote; refused where the training took more than the caps by now."""
    quoted, used = account.quoted.amounts, used_of(account.training, entries)
    must_keep_caps(account.params, account.quoted, used)
    share = max(0.0, 1 - used.accelerator_hours / quoted.accelerator_hours) if quoted.accelerator_hours else 1.0
    return _scaled(quoted, share)


def _close_cut_off(ledger: Ledger, account: Account, states: Path) -> None:
    """Enter what an attempt took that nobody could enter: it was killed."""
    started = lines_of(account.training, ledger.entries)
    if not started or started[-1].action != Event.STARTED:
        return
    taken = taken_until_cut_off(account.root, account.site, started, states)
    until = "now" if taken.clock == BY_SLURM else "its last saved state"
    _enter_used(ledger, account, taken, None, f"cut off: until {until}")


def taken_until_cut_off(root: Path, site: Site, mine: Sequence[LedgerEntry], states: Path) -> Taken:
    """What the last attempt of a training took, of whose starts and ends the lines are given: nobody is left to say."""
    began = datetime.fromisoformat(mine[-1].time).timestamp()
    signs = [path.stat().st_mtime for path in states.rglob("*") if path.is_file()] if states.is_dir() else []
    hours = max(0.0, max(signs, default=began) - began) / SECONDS_PER_HOUR * site.num_ranks
    return _taken(root, site, mine, hours)


def _taken(root: Path, site: Site, mine: Sequence[LedgerEntry], by_command: float) -> Taken:
    """What an attempt took: by Slurm's accounting all that its jobs took, less what earlier attempts entered of it."""
    if site.training is None:
        return Taken(by_command, BY_COMMAND)
    since, work = datetime.fromisoformat(mine[0].time), Work(STAGE, mine[0].subject, root)
    all_of_them = accelerator_hours(site.training.folder(root), work, site.num_ranks, since)
    if all_of_them is None:
        return Taken(by_command, BY_COMMAND_WITH_QUEUE)
    return Taken(max(0.0, all_of_them - sum(e.amounts.accelerator_hours for e in mine if e.action in ENDS)), BY_SLURM)


def _enter_used(ledger: Ledger, account: Account, taken: Taken, kwh: float | None, detail: str) -> None:
    hours = taken.hours
    rates = account.quoted.rates
    counter: type[Counter] = Rapl if account.site.accelerator == CPU else Nvml
    if kwh is not None and counter is Nvml:
        kwh += hours * rates.other_watts.value / 1000  # NVML sees the accelerators alone
    amounts = amounts_of(hours, rates, kwh)
    reserved = next(e for e in reversed(ledger.entries) if e.subject == account.training and e.action == Event.STARTED)
    energy = WORKED_OUT if kwh is None else counter.name
    shares = shares_of(reserved, hours)
    ledger.post(Posting(Event.USED, account.training, account.site.name, amounts, shares, energy, detail, taken.clock))


def _scaled(amounts: Amounts, share: float) -> Amounts:
    return Amounts(**{name: value * share for name, value in amounts.model_dump().items()})
