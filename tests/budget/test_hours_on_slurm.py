"""Where a training is a job of Slurm, its hours are those of Slurm's accounting, and a follower that leaves ends no account."""

from pathlib import Path

import pytest

from latamgpt.budget import spending
from latamgpt.budget.ledger import BY_COMMAND_WITH_QUEUE, BY_SLURM, LedgerEntry, ledger_of, read_ledger, under_way
from latamgpt.budget.spending import accounted
from latamgpt.launch.batch import JobFiles
from latamgpt.launch.claims import Claim, Work
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.ranks import LeftRunningError
from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.store import replace_json
from tests.budget.conftest import TEN_HOURS
from tests.launch.fakes import Fakes

JOBS = RankJobs(partition="work", walltime_minutes=5)


@pytest.fixture
def cluster(root: Path, site: Site) -> Site:
    """The site with a Slurm, which got the training's job."""
    JOBS.folder(root).mkdir(parents=True)
    replace_json(JobFiles(JOBS.folder(root), Work("checkpoint", "t1", root).job_name(1)).claim, Claim(job="7"))
    return site.model_copy(update={"training": JOBS})


def ran(fakes: Fakes, *seconds: int) -> None:
    """What accounting says: how long each start of the job ran."""
    fakes.answers("sacct", "".join(f"{each}|cpu=2,node=2\n" for each in seconds))


def test_the_queue_is_not_paid_and_every_start_is(
    root: Path, cluster: Site, rich: Params, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 9 * 3600.0])  # by the command's clock: five hours of it in the queue
    monkeypatch.setattr(spending, "seconds_now", lambda: next(moments))
    ran(fakes, 3600, 10800)
    with accounted(root, rich, TEN_HOURS, "t1", cluster, root / "states"):
        pass
    used = read_ledger(root, cluster)[-1]
    assert (used.amounts.accelerator_hours, used.clock, used.detail) == (pytest.approx(8), BY_SLURM, "done")


def test_a_follower_that_leaves_keeps_the_reservation_and_the_next_counts_no_hour_twice(
    root: Path, cluster: Site, rich: Params, fakes: Fakes
) -> None:
    with pytest.raises(LeftRunningError), accounted(root, rich, TEN_HOURS, "t1", cluster, root / "states"):
        raise LeftRunningError(143)
    assert [entry.subject for entry in under_way(read_ledger(root, cluster))] == ["t1"]
    ran(fakes, 3600)
    with accounted(root, rich, TEN_HOURS, "t1", cluster, root / "states"):
        ran(fakes, 7200)
    _, cut_off, again, used = read_ledger(root, cluster)
    assert (cut_off.detail, cut_off.amounts.accelerator_hours) == ("cut off: until now", pytest.approx(2))
    assert again.amounts.accelerator_hours == pytest.approx(8)
    assert used.amounts.accelerator_hours == pytest.approx(2)


def test_without_accounting_the_command_s_clock_counts_and_the_ledger_says_so(
    root: Path, cluster: Site, rich: Params, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 3600.0])
    monkeypatch.setattr(spending, "seconds_now", lambda: next(moments))
    fakes.answers("sacct", "", code=1)
    with accounted(root, rich, TEN_HOURS, "t1", cluster, root / "states"):
        pass
    used = read_ledger(root, cluster)[-1]
    assert (used.amounts.accelerator_hours, used.clock) == (pytest.approx(2), BY_COMMAND_WITH_QUEUE)


def test_a_line_without_a_clock_is_written_as_it_was_before_there_were_clocks(root: Path, site: Site, rich: Params) -> None:
    with accounted(root, rich, TEN_HOURS, "t1", site, root / "states"):
        pass
    with ledger_of(root, site) as ledger:
        lines = ledger.entries
    assert all(isinstance(line, LedgerEntry) and b'"clock"' not in line.line() for line in lines)
