"""A site's Slurm: what the jobs of its workers ask for, and the commands that every such site has."""

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import Field

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen

Count = Annotated[int, Field(gt=0)]
Directive = Annotated[str, Field(pattern=r"^--?[a-zA-Z].*$")]
PROGRAMS = ("sbatch", "squeue", "scancel")
NOT_THERE = 127  # as a shell says it
ANSWER_SECONDS = 60  # a busy controller takes its time; squeue itself gives up later


class Slurm(Frozen):
    """The jobs in which a site's workers run; all that is not said here is Slurm's own default."""

    partition: str = Field(min_length=1)
    account: str = ""  # none where the site charges nobody
    walltime_minutes: Count  # a job that ends is asked for again while there is work: short ones start sooner
    workers_per_job: Count = 1  # more where a job gets whole nodes
    cores_per_worker: Count = 1  # a worker computes on one; more where memory is handed out by the core
    memory_mib_per_worker: Count
    scheduler_interface: str = Field(min_length=1)  # network interface of this machine that the nodes reach, such as ib0
    worker_interface: str = Field(min_length=1)  # of the nodes, that this machine reaches
    local_folder: str = (
        "var/slurm/local"  # where a worker puts what does not fit its memory; relative to the checkout, or absolute
    )
    log_folder: str = "var/slurm/log"  # shared by this machine and the nodes: what the jobs print, and the run's certificate
    wait_minutes: float = Field(default=30, gt=0)  # without any worker, after which the command gives up
    directives: tuple[Directive, ...] = ()  # further ones of sbatch, such as --qos=long

    def resolve(self, root: Path) -> "Slurm":
        """The same with folders that are absolute."""
        return self.model_copy(update={"local_folder": str(root / self.local_folder), "log_folder": str(root / self.log_folder)})


def require_slurm() -> None:
    """Refuse to go on where Slurm's commands are missing.

    Raises:
        OperatorError: one of them is not on PATH.
    """
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise OperatorError(
            f"{', '.join(missing)} not on PATH: this site's engine is slurm, and jobs are submitted where the command runs. Run "
            "it on the cluster's login node (often after `module load slurm`), or choose another site (LATAMGPT_SITE)."
        )


def require_interface(name: str) -> None:
    """Refuse to go on where this machine has no such network interface.

    Raises:
        OperatorError: it has others.
    """
    known = sorted(psutil.net_if_addrs())
    if name not in known:
        raise OperatorError(
            f"this machine has no network interface {name!r}: it has {', '.join(known)}. The nodes have to reach the scheduler, "
            "which runs here, through one. Mend scheduler_interface in the section slurm of the site's file."
        )


def try_job(script: str) -> None:
    """Ask Slurm whether it would take a job, without submitting it.

    Raises:
        OperatorError: it would not; the message is Slurm's own.
    """
    answer = call("sbatch", "--test-only", given=script)
    if answer.returncode != 0:
        raise OperatorError(
            f"Slurm refuses the workers' jobs: {' '.join(answer.stderr.split())}. Nothing was submitted. Mend the section slurm "
            "of the site's file, sites/*.yaml, and run the command again."
        )


def queued_jobs(job_name: str) -> dict[str, str] | None:
    """Jobs of this name that have not ended: the id, and its state and the reason or nodes. None where Slurm does not answer."""
    answer = call("squeue", "--noheader", f"--name={job_name}", "--format=%i|%T %R")
    if answer.returncode != 0:
        return None
    return dict(line.split("|", 1) for line in answer.stdout.splitlines())


def call(*command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """One of Slurm's commands, to its end; one that does not answer in time, or is not there, failed."""
    try:
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, NOT_THERE, "", f"{command[0]} is not on PATH")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"{command[0]} did not answer within {ANSWER_SECONDS} seconds")
