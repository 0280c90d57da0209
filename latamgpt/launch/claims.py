"""One work, one job: looked up before it is submitted, whoever asks, and however often its submitter is killed."""

import fcntl
import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.launch.batch import Command, JobFiles, batch_script, training_jobs
from latamgpt.launch.interruption import Interruption
from latamgpt.launch.queue import GONE_UNLESS_QUEUED, JobState, Phase, choose, find
from latamgpt.launch.site import Site
from latamgpt.launch.words import say
from latamgpt.records import Frozen
from latamgpt.store import replace_json

SECONDS_TO_SETTLE = 10  # for which a submission whose submitter died may still be on its way: Slurm's MessageTimeout
SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class Work:
    """What is to be done once: a stage, for one key of it, from these inputs with these parameters, in this checkout."""

    stage: str
    identity: str  # digest of inputs, parameters and program
    root: Path
    key: str = ""  # the partition, where the stage has some

    @property
    def digest(self) -> str:
        """Names the work; another checkout's is another, since its job would write elsewhere."""
        return hashlib.sha256("\0".join((self.stage, self.key, self.identity, str(self.root))).encode()).hexdigest()

    def job_name(self, attempt: int) -> str:
        """Of its job: known before Slurm is asked for one."""
        return f"{self.stem}-{attempt}"

    @property
    def stem(self) -> str:
        """What the names of all its attempts begin with."""
        return f"latamgpt-{'-'.join(filter(None, (self.stage, self.key)))}-{self.digest[:16]}"

    def comment(self, attempt: int) -> str:
        """For whoever reads the accounting."""
        return f"stage={self.stage} key={self.key} identity={self.identity} work={self.digest} attempt={attempt}"


class Claim(Frozen):
    """What a claim's file says."""

    job: str = ""  # its id; '' before Slurm gave one
    ended: str = ""  # the state in which somebody saw it end badly


@dataclass(frozen=True)
class Claimed:
    """The job that does a work."""

    files: JobFiles
    id: str


def attach_or_submit(work: Work, command: Command, site: Site, outcome: Path, interruption: Interruption) -> Claimed:
    """The job that does this work: the one that is there already, or a new one.

    Steps: hold the work's lock, which the kernel frees when its holder and the sbatch that it started are gone; ask Slurm for a
    job of the attempt's name until the answer is sure; take it where it waits, runs, or ended well; go on to the next attempt
    where it failed; submit where there is none.

    Raises:
        OperatorError: Slurm refuses the job, or does not know a job that it took.
    """
    jobs = training_jobs(site)
    folder = jobs.folder(work.root)
    folder.mkdir(parents=True, exist_ok=True)
    with _only_submitter(folder / f"{work.stem}.lock", interruption) as lock:
        attempt = newest_attempt(folder, work)
        while True:
            files = JobFiles(folder, work.job_name(attempt))
            sure = partial(_find_for_sure, files, outcome, 60 * jobs.unknown_minutes, interruption)
            job = sure()
            if job is None:
                return _submit(files, batch_script(command, files, work.comment(attempt), site), lock, sure)
            if _is_of_use(job, outcome):
                replace_json(files.claim, Claim(job=job.id))
                say(f"job {job.id} ({files.name}) does this work already: {job.state}")
                return Claimed(files, job.id)
            say(f"attempt {attempt}, job {job.id}, ended as {job.state}; its words are in {files.log}")
            attempt += 1


def note_end(files: JobFiles, job: JobState) -> None:
    """Remember how an attempt ended, for a Slurm that will have forgotten it."""
    replace_json(files.claim, Claim(job=job.id, ended=job.state))


def _is_of_use(job: JobState, outcome: Path) -> bool:
    if job.state in GONE_UNLESS_QUEUED:
        return False
    return job.phase in (Phase.WAITING, Phase.RUNNING) or (job.phase is Phase.ENDED_WELL and outcome.exists())


def newest_attempt(folder: Path, work: Work) -> int:
    """The number of the last attempt that somebody claimed; 1 before the first."""
    numbers = [path.name.removeprefix(f"{work.stem}-").removesuffix(".claim") for path in folder.glob(f"{work.stem}-*.claim")]
    return max((int(number) for number in numbers), default=1)


def _find_for_sure(files: JobFiles, outcome: Path, patience: float, interruption: Interruption) -> JobState | None:
    """The attempt's job; None when Slurm has none and none can be on its way to it.

    A controller that does not answer knows nothing of jobs: it is asked again. An attempt that was claimed and has no job may
    have one in a moment; an attempt whose job had an id has one, even where Slurm says nothing of it.
    """
    began = time.monotonic()
    claim = Claim.model_validate_json(files.claim.read_bytes()) if files.claim.exists() else None
    known_id = claim.job if claim else ""
    while True:
        waited = time.monotonic() - began  # until the question is put: a slow answer is of that moment
        found = find(files.name)
        if found:
            job = choose(found)
            if job.state not in GONE_UNLESS_QUEUED or waited >= SECONDS_TO_SETTLE:
                return job
        elif found is not None:
            if claim and claim.ended:
                return JobState(known_id, claim.ended)
            if known_id and outcome.exists():
                return JobState(known_id, "COMPLETED")
            if not known_id and (claim is None or waited >= SECONDS_TO_SETTLE):
                return None
        if waited >= patience:
            raise OperatorError(_forgotten(files, known_id, waited / 60))
        interruption.wait(SECONDS_BETWEEN_LOOKS)


def _forgotten(files: JobFiles, job_id: str, minutes: float) -> str:
    if not job_id:
        return (
            f"Slurm's controller has not answered for {minutes:.0f} minutes: whether a job {files.name} is there is not known, "
            "and none was submitted. Ask whoever runs the cluster (`scontrol ping`), and run the command again."
        )
    return (
        f"job {job_id} ({files.name}) was submitted, and Slurm has not known it for {minutes:.0f} minutes, neither in squeue nor "
        "in sacct. Nothing was submitted in its place, since two jobs would write the same files. Make sure that it is gone "
        f"(`squeue --name={files.name}`), then remove {files.claim} and run the command again."
    )


def _submit(files: JobFiles, script: str, lock: int, lost: Callable[[], JobState | None]) -> Claimed:
    """Claim the attempt, then submit it: a claim without a job tells the next one that a job may be on its way."""
    for stale in (files.owner, files.cancelled):
        stale.unlink(missing_ok=True)
    files.script.write_text(script, encoding="utf-8")
    replace_json(files.claim, Claim())
    sbatch = subprocess.Popen(  # not in our process group, and with the lock: it is seen to its end, whatever happens to us
        ["sbatch", "--parsable", str(files.script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=[lock],
        start_new_session=True,
    )
    said, complaint = sbatch.communicate()
    job_id = said.strip().partition(";")[0]
    if sbatch.returncode != 0:
        job = lost()  # it may have been taken, and the answer lost
        if job is None:
            files.claim.unlink()
            raise OperatorError(
                f"Slurm refuses the job {files.name}: {' '.join(complaint.split())}. Nothing was submitted. Mend the section "
                "training of the site's file (`latamgpt site check` says what it lacks) and run the command again. The script: "
                f"{files.script}"
            )
        job_id = job.id
    replace_json(files.claim, Claim(job=job_id))
    say(f"job {job_id} ({files.name}) was submitted; what it prints is in {files.log}")
    return Claimed(files, job_id)


@contextmanager
def _only_submitter(path: Path, interruption: Interruption) -> Generator[int]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                interruption.wait(SECONDS_BETWEEN_LOOKS)
        yield lock
    finally:
        os.close(lock)
