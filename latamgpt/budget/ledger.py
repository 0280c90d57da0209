"""The ledger: what trainings were quoted and what they took, a line each, every line sealed to the one before it.

It lies where the site's file says (`ledger`), for all who share the site's credits, and in no published output: hours are not the
same twice. A training reserves its quote when it starts; what it used takes the reservation's place when it ends.
"""

import fcntl
import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import SerializerFunctionWrapHandler, model_serializer, model_validator

from latamgpt.budget.funders import Funder, Share
from latamgpt.budget.quote import Amounts
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.chain import Chain, Entry, read_chain
from latamgpt.launch.site import Site
from latamgpt.units import KG_PER_KWH

DONE = "done"
WORKED_OUT = "worked out from power and time"
BY_COMMAND = ""  # hours by the clock of the command that ran the training, which for processes of its own machine is right
BY_SLURM = "hours as Slurm's accounting has them"
BY_COMMAND_WITH_QUEUE = "hours by the command's clock, the time in the queue too: Slurm's accounting did not say"


class Event(StrEnum):
    """What a line says."""

    QUOTED = "quoted"
    STARTED = "started"  # its amounts are reserved
    USED = "used"  # takes the place of the reservation
    RELEASED = "released"  # the same, by a person's word: the training was given up


ENDS = (Event.USED, Event.RELEASED)  # their amounts are what was taken


class LedgerEntry(Entry):
    """One line: `subject` is the training, `action` one of Event."""

    site: str
    amounts: Amounts
    shares: tuple[Share, ...] = ()
    energy: str = WORKED_OUT  # how the kWh are known
    clock: str = BY_COMMAND  # how the hours are known; not written where it says nothing: older lines have no such field

    @model_serializer(mode="wrap")
    def _without_an_empty_clock(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields = write(self)
        return {name: value for name, value in fields.items() if name != "clock" or value}

    @model_validator(mode="after")
    def _energy_and_carbon_fit(self) -> "LedgerEntry":
        if self.amounts.kwh:
            KG_PER_KWH(self.amounts.kg_co2e / self.amounts.kwh)
        return self


@dataclass(frozen=True)
class Posting:
    """A line to be: all of it but the seal."""

    event: Event
    training: str
    site: str
    amounts: Amounts
    shares: tuple[Share, ...] = ()
    energy: str = WORKED_OUT
    detail: str = ""
    clock: str = BY_COMMAND
    actor: str = ""  # a person; '' for the stage that posts it


class Ledger:
    """The ledger as it stands, held by one process: only `ledger_of` gives it."""

    def __init__(self, path: Path, chain: Chain):
        self._path, self._chain = path, chain

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """Every line."""
        return _typed(self._chain)

    def post(self, posting: Posting) -> LedgerEntry:
        """Add a line and wait until it is on the disk.

        Raises:
            OperatorError: the disk did not take it; the ledger is as it was before.
        """
        entry = LedgerEntry(
            sequence=len(self._chain.entries) + 1,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            actor=posting.actor or f"latamgpt stage {'training_quote' if posting.event is Event.QUOTED else 'checkpoint'}",
            action=posting.event,
            subject=posting.training,
            detail=posting.detail,
            previous=self._chain.head,
            site=posting.site,
            amounts=posting.amounts,
            shares=posting.shares,
            energy=posting.energy,
            clock=posting.clock,
        )
        sealed = entry.model_copy(update={"sha256": entry.digest()})
        _append(self._path, sealed.line())
        self._chain = Chain((*self._chain.entries, sealed))
        return sealed


def ledger_path(root: Path, site: Site) -> Path:
    """Where a site's ledger lies."""
    return root / site.ledger


@contextmanager
def ledger_of(root: Path, site: Site) -> Generator[Ledger]:
    """The site's ledger, verified; others wait while the block runs.

    What a killed writer left of a last line is cut off: it never counted.

    Raises:
        OperatorError: its folder cannot be written.
        InputDamagedError: a line of it is wrong.
    """
    path = ledger_path(root, site)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("wb")
    except OSError as error:
        raise OperatorError(
            f"{path}, the ledger of sites/{site.name}.yaml, cannot be written: {error.strerror}. What a training takes could not "
            "be entered; nothing was started. Make the folder, or name another place under `ledger` in the site's file."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        chain = _sound(path)
        if chain.torn:
            os.truncate(path, path.stat().st_size - len(chain.torn))
        yield Ledger(path, Chain(chain.entries))


def read_ledger(root: Path, site: Site) -> tuple[LedgerEntry, ...]:
    """Every line, for who only looks.

    Raises:
        InputDamagedError: a line is wrong.
    """
    return _typed(_sound(ledger_path(root, site)))


def left_of(funders: Sequence[Funder], entries: Iterable[LedgerEntry]) -> dict[str, float]:
    """What every funder has left, in its own unit: credits less what was used and what is reserved."""
    left = {each.id: each.credits for each in funders}
    for left in lefts(funders, entries):  # noqa: B007  (the last one counts)
        pass
    return left


def lefts(funders: Sequence[Funder], entries: Iterable[LedgerEntry]) -> Generator[dict[str, float]]:
    """The same after every line: a training that starts reserves, and gives that back when what it used is entered."""
    left = {each.id: each.credits for each in funders}
    in_hours = {each.id for each in funders if each.accelerator_hours is not None}
    reserved: dict[str, tuple[Share, ...]] = {}
    for entry in entries:
        if entry.action != Event.QUOTED:
            _draw(left, in_hours, reserved.pop(entry.subject, ()), -1)
            _draw(left, in_hours, entry.shares, 1)
            if entry.action == Event.STARTED:
                reserved[entry.subject] = entry.shares
        yield dict(left)


def under_way(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The lines that reserve for trainings which have not ended."""
    reserved: dict[str, LedgerEntry] = {}
    for entry in entries:
        if entry.action == Event.STARTED:
            reserved[entry.subject] = entry
        elif entry.action in ENDS:
            reserved.pop(entry.subject, None)
    return list(reserved.values())


def lines_of(training: str, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The starts and ends of a training, of all its attempts."""
    return [entry for entry in entries if entry.subject == training and entry.action != Event.QUOTED]


def trainings_of(entries: Iterable[LedgerEntry]) -> list[list[LedgerEntry]]:
    """The starts and ends of every training, all its attempts together; what is trained again after it was done is another."""
    trainings: list[list[LedgerEntry]] = []
    latest: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        if entry.action == Event.QUOTED:
            continue
        if entry.subject not in latest:
            latest[entry.subject] = []
            trainings.append(latest[entry.subject])
        latest[entry.subject].append(entry)
        if entry.detail == DONE:
            del latest[entry.subject]
    return trainings


def shares_of(reserved: LedgerEntry, hours: float) -> tuple[Share, ...]:
    """Who pays so many hours of what was reserved."""
    share = hours / reserved.amounts.accelerator_hours if reserved.amounts.accelerator_hours else 0.0
    return tuple(
        Share(funder=each.funder, us_dollars=each.us_dollars * share, accelerator_hours=each.accelerator_hours * share)
        for each in reserved.shares
    )


def _draw(left: dict[str, float], in_hours: set[str], shares: Iterable[Share], sign: int) -> None:
    for share in shares:
        if share.funder in left:
            left[share.funder] -= sign * (share.accelerator_hours if share.funder in in_hours else share.us_dollars)


def _typed(chain: Chain) -> tuple[LedgerEntry, ...]:
    return tuple(entry for entry in chain.entries if isinstance(entry, LedgerEntry))


def _sound(path: Path) -> Chain:
    chain = read_chain(path, LedgerEntry)
    if chain.fault:
        raise InputDamagedError(
            f"{path}: {chain.fault}. The {len(chain.entries):,} lines before it are good; what is left of the credits is not "
            "known, so nothing is started. See who changed it and restore the file from a copy."
        )
    return chain


def _append(path: Path, line: bytes) -> None:
    before = path.stat().st_size if path.exists() else 0
    try:
        with path.open("ab") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        if path.exists():
            os.truncate(path, before)
        raise OperatorError(
            f"{path} could not be written: {error.strerror}. What a training takes could not be entered. Free some space, then "
            "run the command again: a training goes on from its last saved state."
        ) from error
