"""A whole Dagster over a real Slurm: killed and started again, its run goes on with the one job; cancelling cancels the job."""

from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import ROOT
from tests.dagster_project.one_stage import make
from tests.servers.dagster import Deployment, wait_until
from tests.servers.ports import free_port
from tests.servers.slurm import NODE_INTERFACE, ask, slurm, why_not
from tests.training.test_training_on_slurm import SITE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.requires_slurm,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
SECONDS = 240  # on a machine that does much else; figures are in docs/training-on-slurm.md


@pytest.fixture
def dagster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Deployment]:
    """Dagster over a workspace whose one stage is a job of a Slurm; nothing is started yet."""
    workspace = make(tmp_path / "one", SITE.format(nodes=2, partition="work", interface=NODE_INTERFACE, silence=30))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("LATAMGPT_SITE", "lab")
    deployment = Deployment(workspace.root, free_port())
    with TemporaryDirectory(prefix="slurm-") as short, slurm(Path(short) / "lab") as configuration:  # a socket's path is short
        monkeypatch.setenv("SLURM_CONF", str(configuration))
        yield deployment
        deployment.kill()


def jobs() -> list[list[str]]:
    """Every job that Slurm ever took, with its state."""
    rows = ask("sacct", "-X", "--noheader", "-P", "--format=JobIDRaw,State").split("\n")
    return [row.replace(" by ", "|").split("|")[:2] for row in rows if row]


def test_all_of_dagster_is_killed_its_run_goes_on_with_the_one_job_and_cancelling_it_cancels_the_job(dagster: Deployment) -> None:
    dagster.start()
    first = dagster.launch("checkpoint")
    wait_until(lambda: (dagster.root / "started-1-0").exists(), SECONDS)
    dagster.kill()
    assert ask("squeue", "--noheader", "--format=%T") == "RUNNING\n"
    dagster.start()
    wait_until(lambda: dagster.runs()[first] == "FAILURE", SECONDS)  # it would have said STARTED for ever
    wait_until(lambda: "stage" in dagster.family(), SECONDS)
    (again,) = dagster.runs().keys() - {first}
    wait_until(lambda: "does this work already: RUNNING" in said(dagster, again), SECONDS)
    dagster.terminate(again)
    wait_until(lambda: dagster.runs()[again] == "CANCELED", SECONDS)
    wait_until(lambda: jobs() == [["1", "CANCELLED"]], SECONDS)


def said(dagster: Deployment, run: str) -> str:
    """What the run's step printed, as its page shows it."""
    logs = (dagster.root / "var" / "dagster" / "storage" / run).rglob("*.err")
    return "".join(log.read_text() for log in logs)
