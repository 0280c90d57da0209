"""Ranks in one job of a real Slurm with two nodes: whatever dies, the work is done once, and by one job."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from latamgpt.budget.ledger import BY_SLURM, read_ledger
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.training import checkpoint
from tests.conftest import ROOT
from tests.launch.kills import drill
from tests.servers.slurm import NODE_INTERFACE, ask, slurm, why_not
from tests.training.conftest import make_ready

pytestmark = [
    pytest.mark.slow,
    pytest.mark.requires_slurm,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

SITE = """country: CL
nodes: {nodes}
threads_per_process: 1
cost:
  us_dollars_per_accelerator_hour: {{value: 0, source: a test}}
  power_usage: {{value: 1, source: a test}}
  litres_per_kwh: {{value: 0, source: a test}}
training:
  partition: {partition}
  walltime_minutes: 5
  drain_seconds: 30
  interface: {interface}
  poll_seconds: 0.5
  silence_minutes: {silence}
  directives: ["--mem=2000"]
"""
SECONDS_TO_ATTACH = 30


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Where a Slurm of two nodes keeps its files; this process' commands ask it."""
    folder = tmp_path_factory.mktemp("slurm")
    with slurm(folder) as configuration, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(configuration))
        patch.setenv("PYTHONPATH", str(ROOT))
        yield folder


@pytest.fixture
def here(lab: Path, tmp_path: Path) -> Path:
    """Where ranks write, with a site."""
    write_site(tmp_path)
    return tmp_path


def write_site(folder: Path, *, nodes: int = 2, partition: str = "work", silence: float = 30) -> None:
    (folder / "sites").mkdir(exist_ok=True)
    text = SITE.format(nodes=nodes, partition=partition, interface=NODE_INTERFACE, silence=silence)
    (folder / "sites" / "lab.yaml").write_text(text)


def follow(folder: Path, verb: str) -> "subprocess.Popen[str]":
    """A process that submits or finds the job, and follows it."""
    command = [sys.executable, "-m", "tests.launch.follower", str(folder), verb]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def finish(follower: "subprocess.Popen[str]") -> str:
    """What it said, once it ended well."""
    _, said = follower.communicate(timeout=60)
    assert follower.returncode == 0, said
    return said


def until(happened: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def started(folder: Path, start: int, ranks: int = 2) -> Callable[[], bool]:
    return lambda: all((folder / f"started-{rank}-{start}").exists() for rank in range(ranks))


def the_job(folder: Path) -> str:
    """Its name; there is one."""
    (claim,) = (folder / "var" / "slurm" / "jobs").glob("*.claim")
    return claim.name.removesuffix(".claim")


def states(folder: Path) -> list[str]:
    """Of the one job, start by start, as the accounting has them; it may know them a moment later."""
    rows = ask("sacct", "-X", "-D", "--noheader", "-P", f"--name={the_job(folder)}", "--format=JobIDRaw,State").split("\n")
    assert len({row.split("|")[0] for row in rows if row}) <= 1
    return [row.split("|")[1].split()[0] for row in rows if row]


def test_ranks_on_two_nodes_add_up(here: Path) -> None:
    said = finish(follow(here, "add"))
    assert (here / "outcome.json").read_text() == "3"
    assert "rank 1 of 2 says add" in said


def test_a_killed_submitter_s_job_goes_on_and_is_found_again_and_a_drained_one_starts_again(here: Path) -> None:
    first = follow(here, "wait")
    until(started(here, 0))
    first.kill()
    first.communicate()
    second = follow(here, "wait")
    assert second.stderr is not None
    began, line = time.monotonic(), second.stderr.readline()
    assert "does this work already: RUNNING" in line
    assert time.monotonic() - began < SECONDS_TO_ATTACH
    second.terminate()  # as when the daemon's machine is shut down
    assert "its job goes on" in second.communicate()[1]
    third = follow(here, "wait")
    ask("scancel", "--batch", "--signal=USR1", f"--name={the_job(here)}")  # as Slurm does before the walltime ends
    until(started(here, 1))
    assert (here / "drained-1").read_text() == "SIGUSR1"
    (here / "enough").touch()
    finish(third)
    until(lambda: states(here) == ["REQUEUED", "COMPLETED"])


def test_ctrl_c_cancels_the_job_and_what_drains_is_not_started_again(here: Path) -> None:
    follower = follow(here, "wait")
    until(started(here, 0))
    follower.send_signal(signal.SIGINT)
    assert "was cancelled" in follower.communicate(timeout=30)[1]
    assert follower.returncode == 128 + signal.SIGINT
    until(lambda: ask("squeue", "--noheader") == "")
    assert (here / "drained-0").exists()
    until(lambda: states(here) == ["CANCELLED"])


def test_a_preempted_job_saves_makes_room_and_starts_again(here: Path) -> None:
    write_site(here, partition="spare")
    follower = follow(here, "wait")
    until(started(here, 0))
    wrap = f"while [ ! -e {here}/started-0-1 ] && [ ! -e {here}/leave ]; do sleep .1; done"
    ask("sbatch", "--partition=work", "--nodes=2", "--exclusive", "--output=/dev/null", f"--wrap={wrap}")
    until(lambda: (here / "drained-0").exists())
    assert (here / "drained-0").read_text() == "SIGTERM"
    until(lambda: "PENDING" in ask("squeue", "--noheader", f"--name={the_job(here)}", "--format=%T"))
    (here / "leave").touch()
    until(started(here, 1))
    (here / "enough").touch()
    finish(follower)
    until(lambda: states(here)[-1] == "COMPLETED")
    assert len(states(here)) == 2


def test_a_job_without_a_sign_of_life_is_begun_anew(here: Path) -> None:
    write_site(here, silence=0.1)
    assert "gave no sign of life for 0.1 minutes" in finish(follow(here, "hang"))


def test_ranks_that_crash_are_started_again_and_a_person_s_mistake_is_not(here: Path) -> None:
    assert "the ranks ended with exit code 137" in finish(follow(here, "crash"))
    (here / "outcome.json").unlink()  # else the work is done
    follower = follow(here, "mistake")
    _, said = follower.communicate(timeout=60)
    assert said.splitlines()[-1] == "latamgpt: the soup is cold. Nobody likes that. Warm it."
    assert said.count(": ranks on node") == 1


def test_submitters_killed_twenty_times_leave_one_job_for_each_work(lab: Path, tmp_path: Path) -> None:
    done = drill(tmp_path / "drill", works=4, kills=5)
    assert [len(jobs) for jobs in done.jobs] == [1] * 4
    assert set(done.exit_codes) == {0}
    assert done.seconds_to_attach < SECONDS_TO_ATTACH
    assert sum(done.kills.values()) == 20


def test_two_nodes_train_with_deepspeed(
    lab: Path, tmp_path: Path, base_folder: Path, small: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_ready(tmp_path / "ready", base_folder)
    write_site(workspace.root)
    monkeypatch.setenv("LATAMGPT_SITE", "lab")
    few = small.checkpoint.model_copy(update={"save_every_steps": 20, "evaluate_every_steps": 30})
    report = checkpoint.run(workspace, small.model_copy(update={"checkpoint": few}))
    assert report.counts["num_tokens"] > 0
    (log,) = (workspace.root / "var" / "slurm" / "jobs").glob("*.log")
    assert "ranks on node[1-2]" in log.read_text()
    assert (workspace.read("checkpoint") / "model.safetensors").stat().st_size > 0
    used = read_ledger(workspace.root, read_site(workspace.root, "lab"))[-1]
    (seconds,) = {
        int(each) for each in ask("sacct", "-X", "--noheader", f"--name={the_job(workspace.root)}", "--format=ElapsedRaw").split()
    }
    assert used.clock == BY_SLURM
    assert used.amounts.accelerator_hours * 3600 / 2 == pytest.approx(seconds, abs=2)  # it may still have been ending
