"""What is reserved for a training that was given up is given back by a line of its own; never while it runs."""

import fcntl
from pathlib import Path

import pytest

from latamgpt.budget.burn_down import reservations_table
from latamgpt.budget.funders import Share, read_funders
from latamgpt.budget.ledger import BY_SLURM, Event, Posting, ledger_of, left_of, read_ledger, under_way
from latamgpt.budget.quote import Amounts
from latamgpt.budget.releasing import release
from latamgpt.errors import OperatorError
from latamgpt.launch.batch import JobFiles
from latamgpt.launch.claims import Claim, Work
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site
from latamgpt.store import replace_json
from tests.launch.fakes import Fakes

FOUR_HOURS = Amounts(accelerator_hours=4, us_dollars=8, kwh=4, kg_co2e=0.8, water_litres=4)
SHARES = (Share(funder="dinero", us_dollars=8, accelerator_hours=4),)
GIVEN_UP, OTHER = "a" * 64, "ab" * 32


@pytest.fixture
def reserved(root: Path, site: Site) -> Site:
    """A site at which two trainings have begun and not ended."""
    with ledger_of(root, site) as ledger:
        for training in (GIVEN_UP, OTHER):
            ledger.post(Posting(Event.STARTED, training, "casa", FOUR_HOURS, SHARES))
    return site


def let_go(root: Path, site: Site, name: str = GIVEN_UP, *, dry_run: bool = False) -> str:
    return release(root, site, name, "its corpus was withdrawn", "ana", lambda name: root / name[:16], dry_run=dry_run)


def test_what_was_reserved_is_given_back_and_the_line_says_who_and_why(root: Path, reserved: Site) -> None:
    assert left_of(read_funders(root), read_ledger(root, reserved))["dinero"] == pytest.approx(-4)
    before = (root / reserved.ledger).read_bytes()
    assert let_go(root, reserved, dry_run=True).startswith("would give back 4.00 of the 4.00 accelerator hours")
    assert (root / reserved.ledger).read_bytes() == before
    assert let_go(root, reserved).startswith("gave back 4.00 of the 4.00")
    last = read_ledger(root, reserved)[-1]
    assert (last.action, last.subject, last.actor, last.detail) == ("released", GIVEN_UP, "ana", "its corpus was withdrawn")
    assert [entry.subject for entry in under_way(read_ledger(root, reserved))] == [OTHER]
    assert left_of(read_funders(root), read_ledger(root, reserved))["dinero"] == pytest.approx(4)


@pytest.mark.parametrize(("name", "said"), [("a", "2 open reservations"), ("c", "no open reservations"), ("", "no open res")])
def test_a_name_that_means_none_or_several_is_refused(root: Path, reserved: Site, name: str, said: str) -> None:
    with pytest.raises(OperatorError, match=f"{said}.*open are: {GIVEN_UP[:16]}, {OTHER[:16]}"):
        let_go(root, reserved, name)


def test_a_reservation_of_another_site_is_asked_for_there(root: Path, reserved: Site) -> None:
    with pytest.raises(OperatorError, match="is reserved at casa, and whether it runs there cannot be asked of elsewhere"):
        let_go(root, reserved.model_copy(update={"name": "elsewhere"}))


def test_what_a_process_of_this_checkout_trains_is_not_released(root: Path, reserved: Site) -> None:
    (root / GIVEN_UP[:16]).mkdir()
    with (root / GIVEN_UP[:16] / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OperatorError, match="is at work in this checkout"):
            let_go(root, reserved)
    let_go(root, reserved)


def test_what_has_a_job_is_not_released_and_what_had_one_is_drawn(root: Path, reserved: Site, fakes: Fakes) -> None:
    cluster = reserved.model_copy(update={"training": RankJobs(partition="work", walltime_minutes=5)})
    fakes.answers("squeue", "", code=1)
    with pytest.raises(OperatorError, match="Slurm does not say whether"):
        let_go(root, cluster)
    fakes.answers("squeue", f"7|PENDING|stage=checkpoint key= identity={GIVEN_UP} work=1 attempt=1\n")
    with pytest.raises(OperatorError, match=r"has a job in Slurm's queue: 7 \(PENDING\)"):
        let_go(root, cluster)
    fakes.answers("squeue", "")
    fakes.answers("sacct", "1800|node=1\n")
    jobs = RankJobs(partition="work", walltime_minutes=5).folder(root)
    jobs.mkdir(parents=True)
    replace_json(JobFiles(jobs, Work("checkpoint", GIVEN_UP, root).job_name(1)).claim, Claim(job="7"))
    assert let_go(root, cluster).startswith("gave back 3.00 of the 4.00")
    last = read_ledger(root, cluster)[-1]
    assert (last.amounts.us_dollars, last.clock) == (pytest.approx(2), BY_SLURM)
    assert left_of(read_funders(root), read_ledger(root, cluster))["dinero"] == pytest.approx(12 - 8 - 2)


def test_open_reservations_show_their_age(root: Path, reserved: Site) -> None:
    from datetime import UTC, datetime, timedelta

    row, _ = reservations_table(read_ledger(root, reserved), datetime.now(UTC) + timedelta(hours=36)).rows
    assert (row[0], row[3], row[4], row[6]) == (GIVEN_UP[:16], pytest.approx(36, abs=0.2), 4.0, "dinero")
