"""The batch script: its text for each site, and what it does with what the ranks end with, in a bash without Slurm."""

import subprocess
from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch.batch import Command, JobFiles, batch_script
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site
from tests.launch.fakes import Fakes
from tests.launch.scripts import SITES, golden, script

ENDS = """#!/bin/bash
case " $* " in *" rank "*) ;; *) exit 99 ;; esac
echo "srun $*" >>{calls}
turn=$(grep -c '^srun ' {calls})
{act}
exit "$(cut -d ' ' -f "$turn" <<<"{codes}")"
"""


@pytest.mark.parametrize("site", SITES)
def test_script_of_a_site_is_as_recorded(site: str) -> None:
    assert script(site) == golden(site).read_text(), "on purpose? then: python -m tests.launch.scripts"


def run(folder: Path, fakes: Fakes, codes: str, act: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    """The script, where `srun` ends with these codes, one after the other."""
    fakes.program("srun", ENDS.format(calls=fakes.calls, codes=codes, act=act))
    site = Site(training=RankJobs(partition="work", walltime_minutes=5, restarts=2, requeues=3))
    job = JobFiles(folder, "job")
    text = batch_script(Command("python", "module", ["it's"], {"GREETING": "a 'b' $c"}, folder), job, "comment", site)
    job.script.write_text(text.replace("sleep 300", "exit 0"))
    variables = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "node[1-2]", "PATH": fakes.path, **environment}
    return subprocess.run(["bash", job.script], env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("codes", "state", "ends_with", "sruns", "requeues"),
    [
        ("0", "RUNNING", 0, 1, 0),
        ("85", "RUNNING", 0, 1, 1),
        ("85", "COMPLETING", 85, 1, 0),  # cancelled: started again, it would train against its owner's will
        ("85", "PENDING", 85, 1, 0),  # Slurm has requeued it already
        ("137 0", "RUNNING", 0, 2, 0),
        ("137 1 139", "RUNNING", 139, 3, 0),
    ],
)
def test_what_the_ranks_end_with_decides(
    tmp_path: Path, fakes: Fakes, codes: str, state: str, ends_with: int, sruns: int, requeues: int
) -> None:
    fakes.answers("squeue", state)
    done = run(tmp_path, fakes, codes)
    assert (done.returncode, fakes.count("srun"), fakes.count("scontrol requeue 7")) == (ends_with, sruns, requeues), done


def test_a_person_s_mistake_is_not_tried_again(tmp_path: Path, fakes: Fakes) -> None:
    done = run(tmp_path, fakes, "1 0", act=f"touch {JobFiles(tmp_path, 'job').failure}")
    assert (done.returncode, fakes.count("srun")) == (1, 1)


@pytest.mark.parametrize(("code", "ends_with", "requeues"), [(85, 0, 1), (138, 0, 1), (0, 0, 0)])
def test_before_the_walltime_ends_the_ranks_are_told_and_the_job_starts_again_unless_they_finish(
    tmp_path: Path, fakes: Fakes, code: int, ends_with: int, requeues: int
) -> None:
    fakes.answers("squeue", "RUNNING")
    told = f"trap 'exit {code}' USR1; kill -USR1 $PPID; while :; do sleep 0.05; done"
    done = run(tmp_path, fakes, "1 1 1 1", act=told)
    assert (done.returncode, fakes.count("srun"), fakes.count("scontrol requeue 7")) == (ends_with, 1, requeues), done
    assert "the ranks are asked to save" in done.stdout


def test_a_job_that_was_started_often_enough_is_not_started_again(tmp_path: Path, fakes: Fakes) -> None:
    fakes.answers("squeue", "RUNNING")
    done = run(tmp_path, fakes, "85", SLURM_RESTART_COUNT="3")
    assert (done.returncode, fakes.count("scontrol requeue")) == (85, 0)
    assert "was started 4 times, which is all that the site allows" in done.stdout


def test_a_second_job_of_one_work_ends_before_the_ranks(tmp_path: Path, fakes: Fakes) -> None:
    JobFiles(tmp_path, "job").owner.write_text("6\n")
    done = run(tmp_path, fakes, "0")
    assert (done.returncode, fakes.count("srun")) == (75, 0)
    assert "job 6 does this work already" in done.stdout


def test_another_start_of_the_same_job_is_its_owner_and_meets_at_another_port(tmp_path: Path, fakes: Fakes) -> None:
    first = run(tmp_path, fakes, "0 0")
    second = run(tmp_path, fakes, "0 0", SLURM_RESTART_COUNT="1")
    assert second.returncode == 0
    ports = {line.rpartition(" ")[2] for done in (first, second) for line in done.stdout.splitlines() if "port" in line}
    assert len(ports) == 2


def test_a_site_s_own_options_reach_the_step_of_the_ranks(tmp_path: Path) -> None:
    jobs = RankJobs(partition="work", walltime_minutes=5, srun_options=("--auto-resume=1",))
    command = Command("python", "module", [], {}, tmp_path)
    assert "    srun --auto-resume=1 --wait=30 " in batch_script(command, JobFiles(tmp_path, "job"), "", Site(training=jobs))


def test_a_site_without_the_section_is_told_what_it_lacks(tmp_path: Path) -> None:
    command = Command("python", "module", [], {}, tmp_path)
    with pytest.raises(OperatorError, match=r"sites/here.yaml has no section training.*docs/training-on-slurm.md"):
        batch_script(command, JobFiles(tmp_path, "job"), "", Site(name="here"))
