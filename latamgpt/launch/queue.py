"""What Slurm says about a job, and what it is told: squeue, then sacct; scancel, scontrol."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from latamgpt.launch.slurm import call

DAYS_LOOKED_BACK = 60  # in the accounting: a training that was submitted before is forgotten
DISABLED = "disabled"  # in sacct's words where a site keeps no accounting


class Phase(StrEnum):
    """What a job's state means for whoever waits for it."""

    WAITING = "waiting"  # it will start, or start again
    RUNNING = "running"
    ENDED_WELL = "ended well"  # which is a success only with what it made
    ENDED_BADLY = "ended badly"


GONE_UNLESS_QUEUED = ("NODE_FAIL", "PREEMPTED", "REQUEUED", "REVOKED")
"""States after which Slurm starts a job again, as a rule: look once more. It is then in the queue, and its state PENDING."""

BADLY = ("BOOT_FAIL", "CANCELLED", "DEADLINE", "FAILED", "OUT_OF_MEMORY", "TIMEOUT")
ACTIVE = ("RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "SUSPENDED", "STOPPED")


@dataclass(frozen=True)
class JobState:
    """A job as Slurm knows it."""

    id: str
    state: str  # Slurm's word
    reason: str = ""  # why it waits, or its nodes

    @property
    def phase(self) -> Phase:
        """What the state means."""
        if self.state == "COMPLETED":
            return Phase.ENDED_WELL
        if self.state in BADLY:
            return Phase.ENDED_BADLY
        return Phase.RUNNING if self.state in ACTIVE else Phase.WAITING


def look(name: str) -> JobState | None:
    """The job of this name, or its last state; None where Slurm does not answer or knows none: that is not an end."""
    found = find(name)
    return choose(found) if found else None


def choose(found: Sequence[JobState]) -> JobState:
    """Of several jobs of one name, as after a submission that was thought lost: the one that is still there, else the oldest."""
    return next((job for job in found if job.phase in (Phase.WAITING, Phase.RUNNING)), found[0])


def find(name: str) -> tuple[JobState, ...] | None:
    """All jobs of this name, by age; empty where Slurm says that there is none, None where it does not say."""
    queued = _ask("squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i|%T|%R")
    if queued is None:
        return None
    return parse(queued) or _find_ended(name)


def parse(text: str) -> tuple[JobState, ...]:
    """Lines 'id|state|reason'; of several with one id, as `sacct --duplicates` gives for a job that was requeued, the last."""
    jobs: dict[str, JobState] = {}
    for line in text.splitlines():
        number, state, reason = (line.split("|", 2) + ["", ""])[:3]
        words = state.split()  # CANCELLED by 1000
        if words:
            jobs[number] = JobState(number, words[0].rstrip("+"), reason)
    return tuple(jobs[number] for number in sorted(jobs, key=_as_number))


def cancel(name: str) -> None:
    """Have the job ended; in a process of its own, which goes on when this one is killed now."""
    scancel = subprocess.Popen(["scancel", "--quiet", f"--name={name}", *_own()], start_new_session=True)
    scancel.wait()


def requeue(job_id: str) -> bool:
    """Have a running job begun anew; whether Slurm took it."""
    return call("scontrol", "requeue", job_id).returncode == 0


def _find_ended(name: str) -> tuple[JobState, ...] | None:
    since = f"--starttime=now-{DAYS_LOOKED_BACK}days"
    told = call(
        "sacct", "--allocations", "--duplicates", "--noheader", "--parsable2", f"--name={name}", since, "--format=JobIDRaw,State"
    )
    if told.returncode != 0:
        return () if DISABLED in told.stderr else None
    return parse(told.stdout)


def _ask(*command: str) -> str | None:
    answer = call(*command, *_own())
    return answer.stdout if answer.returncode == 0 else None


def _own() -> list[str]:
    return [f"--user={os.getuid()}"]


def _as_number(job_id: str) -> int:
    return int("".join(filter(str.isdigit, job_id)) or 0)
