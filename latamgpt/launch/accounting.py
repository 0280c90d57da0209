"""What Slurm's accounting knows of a work's jobs: how long they ran, over all starts of each, without their time in the queue."""

from datetime import datetime, timedelta
from pathlib import Path

from latamgpt.launch.batch import JobFiles
from latamgpt.launch.claims import Work, newest_attempt
from latamgpt.launch.slurm import call

ACCELERATORS = "gres/gpu="  # in AllocTRES, where the site's Slurm counts them
MARGIN = timedelta(hours=1)  # by which the clocks of this machine and the accounting may differ
SECONDS_PER_HOUR = 3600


def accelerator_hours(folder: Path, work: Work, num_ranks: int, since: datetime) -> float | None:
    """Hours that all jobs of a work took of accelerators, until now where one runs; None where accounting does not say.

    Args:
        folder: of the jobs' files.
        work: whose jobs; they are known by their names.
        num_ranks: accelerators that a job has, where Slurm does not count them.
        since: when the work was first begun.
    """
    names = [work.job_name(number) for number in range(1, newest_attempt(folder, work) + 1)]
    if not any(JobFiles(folder, name).claim.exists() for name in names):
        return 0.0
    from_then = (since - MARGIN).astimezone().strftime("%Y-%m-%dT%H:%M:%S")  # local time, as sacct takes it
    told = call(
        *("sacct", "--allocations", "--duplicates", "--noheader", "--parsable2"),
        *(f"--name={','.join(names)}", f"--starttime={from_then}", "--format=ElapsedRaw,AllocTRES"),
    )
    starts = told.stdout.split() if told.returncode == 0 else []
    return sum(_seconds(start, num_ranks) for start in starts) / SECONDS_PER_HOUR if starts else None


def _seconds(start: str, num_ranks: int) -> float:
    elapsed, _, allocated = start.partition("|")
    counted = [part.removeprefix(ACCELERATORS) for part in allocated.split(",") if part.startswith(ACCELERATORS)]
    return float(elapsed or 0) * (int(counted[0]) if counted else num_ranks)


def jobs_in_queue(identity: str) -> list[str] | None:
    """Jobs that wait or run for the work of this identity, whoever's and in whatever checkout; None where Slurm does not say."""
    told = call("squeue", "--noheader", "--format=%i|%T|%k")
    if told.returncode != 0:
        return None
    rows = [line.split("|", 2) for line in told.stdout.splitlines()]
    return [f"{number} ({state})" for number, state, comment in rows if f"identity={identity} " in f"{comment} "]
