"""Give a reservation back by a person's word: of a training that was killed, and that nobody goes on with."""

import fcntl
from collections.abc import Callable, Iterable
from pathlib import Path

from latamgpt.budget.ledger import Event, LedgerEntry, Posting, ledger_of, lines_of, shares_of, under_way
from latamgpt.budget.quote import Amounts
from latamgpt.budget.spending import taken_until_cut_off
from latamgpt.errors import OperatorError
from latamgpt.launch.accounting import jobs_in_queue
from latamgpt.launch.site import Site


def release(
    root: Path, site: Site, name: str, reason: str, actor: str, states_of: Callable[[str], Path], *, dry_run: bool = False
) -> str:
    """End a reservation by a line of its own; what the training took, as far as that is known, stays drawn.

    Args:
        root: of the workspace.
        site: whose ledger it is.
        name: of the training, or how it begins.
        reason: why nobody goes on with it.
        actor: who says so.
        states_of: the folder of a training's states, where it works in this checkout.
        dry_run: say what would be done and change nothing.

    Returns:
        What was done, in a sentence.

    Raises:
        OperatorError: there is no such reservation, or more than one, or its training runs, or nobody can say whether it does.
    """
    with ledger_of(root, site) as ledger:
        reserved = _find(under_way(ledger.entries), name, site)
        training, states = reserved.subject, states_of(reserved.subject)
        _must_not_run(site, training, states)
        taken = taken_until_cut_off(root, site, lines_of(training, ledger.entries), states)
        share = taken.hours / reserved.amounts.accelerator_hours if reserved.amounts.accelerator_hours else 0.0
        amounts = Amounts(**{unit: value * share for unit, value in reserved.amounts.model_dump().items()})
        posting = Posting(
            Event.RELEASED,
            training,
            reserved.site,
            amounts,
            shares_of(reserved, taken.hours),
            detail=reason,
            clock=taken.clock,
            actor=actor,
        )
        if not dry_run:
            ledger.post(posting)
    back = reserved.amounts.accelerator_hours - taken.hours
    does = "would give back" if dry_run else "gave back"
    return (
        f"{does} {back:,.2f} of the {reserved.amounts.accelerator_hours:,.2f} accelerator hours that were reserved for training "
        f"{training[:16]}; {taken.hours:,.2f} are entered as taken"
    )


def _find(reservations: Iterable[LedgerEntry], name: str, site: Site) -> LedgerEntry:
    reservations = list(reservations)
    found = [entry for entry in reservations if name and entry.subject.startswith(name)]
    if len(found) == 1 and found[0].site != site.name:
        raise OperatorError(
            f"training {found[0].subject[:16]} is reserved at {found[0].site}, and whether it runs there cannot be asked of "
            f"{site.name}. Nothing was released. Give --site {found[0].site}, on its login node."
        )
    if len(found) == 1:
        return found[0]
    known = ", ".join(entry.subject[:16] for entry in reservations) or "none"
    raise OperatorError(
        f"{len(found) or 'no'} open reservations of {site.ledger} begin with {name!r}; open are: {known}. Nothing was released. "
        "Name one of them, as `latamgpt ledger` prints it."
    )


def _must_not_run(site: Site, training: str, states: Path) -> None:
    if site.training is not None:
        jobs = jobs_in_queue(training)
        if jobs is None:
            raise OperatorError(
                f"Slurm does not say whether training {training[:16]} has a job. Its reservation was not released: it may be at "
                "work. Ask on the cluster's login node, once `squeue` answers there."
            )
        if jobs:
            raise OperatorError(
                f"training {training[:16]} has a job in Slurm's queue: {', '.join(jobs)}. Its reservation was not released, as "
                "it spends the credits. Cancel it with scancel and run the command again, or let it end."
            )
    lock = states / "lock"
    if lock.is_file() and _is_held(lock):
        raise OperatorError(
            f"training {training[:16]} is at work in this checkout: a process holds {lock}. Its reservation was not released. "
            "End it, or let it end: then it is entered by itself."
        )


def _is_held(lock: Path) -> bool:
    with lock.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
