"""Follow a job of Slurm to its end: show what it prints, find out how it ended, have it begun anew when it shows no life."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from latamgpt.errors import OperatorError
from latamgpt.launch.batch import JobFiles
from latamgpt.launch.claims import note_end
from latamgpt.launch.interruption import Interruption
from latamgpt.launch.queue import GONE_UNLESS_QUEUED, JobState, Phase, look, requeue
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.words import say

SECONDS_BETWEEN_LINES = 0.5
BYTES_SHOWN_AGAIN = 16_384  # of a log, to whoever comes to it later
LINES_OF_LOG_SHOWN = 20
SECONDS_FOR_FILES = 60  # for which a shared folder may hide a file that another machine wrote: NFS' acdirmax


@dataclass
class Tail:
    """A file that another machine writes, shown on standard error as it grows."""

    path: Path
    _shown: int = -1  # bytes; -1 before the first look

    def show(self) -> None:
        """Pass on what is new."""
        try:
            with self.path.open("rb") as stream:
                if self._shown < 0:
                    self._shown = max(0, stream.seek(0, 2) - BYTES_SHOWN_AGAIN)
                stream.seek(self._shown)
                new = stream.read()
        except FileNotFoundError:
            return
        self._shown += len(new)
        sys.stderr.write(new.decode("utf-8", errors="replace"))
        sys.stderr.flush()


@dataclass
class Life:
    """Signs of life: files that a job at work changes. Times are this machine's, since clocks of others may be wrong."""

    places: Sequence[Path]  # files, and folders of which entries come and go
    _seen: object = None
    _changed_at: float = field(default_factory=time.monotonic)

    def silent_for(self) -> float:
        """Seconds since something changed."""
        now = [_stamp(path) for place in self.places for path in (place, *(sorted(place.iterdir()) if place.is_dir() else ()))]
        if now != self._seen:
            self.begin()
            self._seen = now
        return time.monotonic() - self._changed_at

    def begin(self) -> None:
        """Count from now on."""
        self._changed_at = time.monotonic()


def follow(files: JobFiles, jobs: RankJobs, signs: Sequence[Path], outcome: Path, interruption: Interruption) -> None:
    """Wait until the job ended well and its `outcome` is there.

    A node that failed, a preemption and a controller that says nothing are no ends: Slurm starts the job again, or answers later.

    Raises:
        OperatorError: the ranks failed by somebody's mistake, the job was ended from outside, or Slurm forgot it.
        RuntimeError: the ranks failed in another way; the end of the log is in the message.
        InterruptedBySignalError: a signal came.
    """
    tail, life = Tail(files.log), Life([files.log, *signs])
    asked_at, sure_at, shown = float("-inf"), time.monotonic(), ""
    while True:
        tail.show()
        now = time.monotonic()
        if now - asked_at >= jobs.poll_seconds:
            asked_at = now
            job = look(files.name)
            if job is not None and job.state not in GONE_UNLESS_QUEUED:
                sure_at = time.monotonic()
            shown = _tell(job, shown)
            if job is None or job.state in GONE_UNLESS_QUEUED:
                _must_not_be_forgotten(files, job, (time.monotonic() - sure_at) / 60, jobs.unknown_minutes)
            elif job.phase is Phase.ENDED_WELL:
                _must_have_outcome(job, outcome, interruption)
                tail.show()
                return
            elif job.phase is Phase.ENDED_BADLY:
                tail.show()
                note_end(files, job)
                _explain(files, job)
            elif job.state != "RUNNING":
                life.begin()
            elif life.silent_for() >= 60 * jobs.silence_minutes:
                say(f"job {job.id} runs and gave no sign of life for {jobs.silence_minutes:g} minutes: it is begun anew")
                requeue(job.id)
                life.begin()
        interruption.wait(SECONDS_BETWEEN_LINES)


def _tell(job: JobState | None, shown: str) -> str:
    words = f"job {job.id}: {job.state} {job.reason}".rstrip() if job else "Slurm says nothing of the job; asking again"
    if words != shown:
        say(words)
    return words


def _must_not_be_forgotten(files: JobFiles, job: JobState | None, minutes: float, limit: float) -> None:
    if minutes >= limit:
        state = f"says {job.state}" if job else "says nothing"
        raise OperatorError(
            f"Slurm {state} of {files.name} for {minutes:.0f} minutes, and has not started it again. What the job saved is kept. "
            "Ask whoever runs the cluster, and run the command again: it finds the job, or goes on in a new one."
        )


def _must_have_outcome(job: JobState, outcome: Path, interruption: Interruption) -> None:
    end = time.monotonic() + SECONDS_FOR_FILES
    while not outcome.exists():
        if time.monotonic() >= end:
            raise OperatorError(
                f"job {job.id} is COMPLETED for Slurm, and {outcome} is missing: the ranks did not finish their work, or this "
                "machine does not see the folder that they write to. Nothing was published. Run the command again to go on."
            )
        interruption.wait(SECONDS_BETWEEN_LINES)


def _explain(files: JobFiles, job: JobState) -> None:
    if files.failure.is_file():
        raise OperatorError(str(orjson.loads(files.failure.read_bytes())["message"]))
    if job.state in ("CANCELLED", "TIMEOUT", "DEADLINE"):
        raise OperatorError(
            f"job {job.id} ({files.name}) was ended from outside: {job.state}. What it saved is kept, nothing was published. "
            "Run the command again to go on in a new job; where the time was over before the ranks had saved, raise "
            "training.drain_seconds in the site's file."
        )
    lines = files.log.read_text(encoding="utf-8", errors="replace").splitlines() if files.log.exists() else []
    raise RuntimeError(f"job {job.id} ended as {job.state}; the end of {files.log}:\n" + "\n".join(lines[-LINES_OF_LOG_SHOWN:]))


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), found.st_size, found.st_mtime_ns
