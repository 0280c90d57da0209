"""Run the ranks of a training where the site has them: processes of this machine, or one job of its Slurm."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from latamgpt.launch.batch import Command, JobFiles
from latamgpt.launch.claims import Work, attach_or_submit, newest_attempt
from latamgpt.launch.follow import follow
from latamgpt.launch.interruption import InterruptedBySignalError, interruptible
from latamgpt.launch.local import Watched, run_processes
from latamgpt.launch.queue import cancel
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site
from latamgpt.launch.slurm import require_slurm
from latamgpt.launch.words import say

SIGNAL_ADDS = 128  # to an exit code, as a shell counts


class LeftRunningError(SystemExit):
    """The command ends by a signal, and what it followed goes on without it."""


@dataclass(frozen=True)
class Ranks:
    """A module that all ranks run, and by which files they are followed."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path  # of processes of this machine; a job has one of its own
    outcome: Path  # the file that the ranks write last
    signs: Sequence[Path] = ()  # files and folders that change while they are at work


def run_ranks(site: Site, work: Work, ranks: Ranks) -> None:
    """Run them to their end.

    In a job this process only follows: when it dies, the job goes on, and running the same work again finds it.

    Raises:
        OperatorError: the ranks raised one, Slurm refuses or forgot the job, or somebody ended it.
        RuntimeError: the ranks failed in another way; the end of their log is in the message.
        SystemExit: a signal ended this process, and the job was cancelled, as somebody asked for.
        LeftRunningError: a signal ended this process, and the job goes on.
    """
    if site.training is None:
        on_this_machine = (site, ranks.module, ranks.arguments, ranks.environment, ranks.log)
        run_processes(*on_this_machine, processes=site.processes, watched=Watched())
        return
    require_slurm()
    command = Command(sys.executable, ranks.module, ranks.arguments, ranks.environment, work.root)
    with interruptible() as interruption:
        try:
            job = attach_or_submit(work, command, site, ranks.outcome, interruption)
            follow(job.files, site.training, ranks.signs, ranks.outcome, interruption)
        except InterruptedBySignalError as interrupted:
            _leave(work, site.training, interrupted)


def _leave(work: Work, jobs: RankJobs, interrupted: InterruptedBySignalError) -> None:
    folder = jobs.folder(work.root)
    files = JobFiles(folder, work.job_name(newest_attempt(folder, work)))
    if interrupted.is_cancelled:
        files.cancelled.touch()
        cancel(files.name)
        say(f"job {files.name} was cancelled; what it saved is kept")
        raise SystemExit(SIGNAL_ADDS + interrupted.number)
    say(f"this command ends and its job goes on: run the command again to follow it, `scancel --name={files.name}` to end it")
    raise LeftRunningError(SIGNAL_ADDS + interrupted.number)
