"""Submitters killed at random moments, again and again: each work has one job in the end, and nobody waits for ever.

`python -m tests.launch.kills FOLDER WORKS KILLS` with SLURM_CONF set: so many works, each submitter killed so many times. In
every second kill all that it had started dies with it, as where a machine loses power.
"""

import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import orjson
import psutil

from latamgpt.launch.batch import JobFiles
from latamgpt.launch.claims import Work
from latamgpt.launch.queue import find
from latamgpt.launch.ranks import Ranks, run_ranks
from latamgpt.launch.site import read_site
from tests.conftest import ROOT
from tests.servers.slurm import ask

SITE = """nodes: 1
threads_per_process: 1
training: {partition: work, walltime_minutes: 5, drain_seconds: 30, poll_seconds: 1, directives: ["--mem=100", "--hold"]}
"""
SECONDS_TO_ACCOUNT = 60.0


@dataclass(frozen=True)
class Drill:
    """What came of it, by work."""

    kills: dict[str, int]  # how many, by what the submitter had done for its work: nothing, claimed it, a job
    jobs: list[list[str]]  # ids of all jobs that Slurm ever took
    seconds_to_attach: float  # the longest
    exit_codes: list[int]  # of the last two followers of each work


def drill(folder: Path, works: int, kills: int, seed: int = 0) -> Drill:
    """Kill, then let two followers at once find or submit the job of each work, and follow it to its end."""
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "lab.yaml").write_text(SITE)
    draw = random.Random(seed)
    reached: Counter[str] = Counter()
    seconds = 1.2 * _seconds_to_submit(folder)  # the kills fall all over it
    todo = [Work("checkpoint", f"{number}-{token_hex(4)}", folder) for number in range(works)]
    for turn in range(works * kills):
        work = todo[turn % works]
        _kill_soon(follower(folder, work), draw.uniform(0, seconds), all_of_it=turn % 2 == 1)
        reached[_reached(folder, work)] += 1
    began = time.monotonic()
    last = [follower(folder, work) for work in todo for _ in range(2)]
    while any(_reached(folder, work) != "a job" for work in todo):
        time.sleep(0.1)
    attached = time.monotonic() - began
    for work in todo:
        place(folder, work).joinpath("enough").touch()
    ask("scontrol", "release", *(job.id for work in todo for job in find(work.job_name(1)) or ()))
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in last]
    return Drill(dict(reached), [_ever(work) for work in todo], attached, codes)


def _seconds_to_submit(folder: Path) -> float:
    """How long looking, claiming and submitting take on this machine now."""
    began, work = time.monotonic(), Work("checkpoint", token_hex(4), folder)
    pid = follower(folder, work)
    while _reached(folder, work) != "a job":
        time.sleep(0.002)
    seconds = time.monotonic() - began
    os.kill(pid, signal.SIGINT)  # which cancels the job
    os.waitpid(pid, 0)
    return seconds


def place(folder: Path, work: Work) -> Path:
    """Where the ranks of a work write."""
    return folder / "work" / work.identity


def follower(folder: Path, work: Work) -> int:
    """A process that does the work; its id."""
    here = place(folder, work)
    here.mkdir(parents=True, exist_ok=True)
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(folder / "followers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 2)
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        ranks = Ranks("tests.launch.rank", ["wait", str(here)], environment, here / "log", here / "outcome.json")
        run_ranks(read_site(folder, "lab"), work, ranks)
        code = 0
    finally:
        os._exit(code)


def _kill_soon(pid: int, seconds: float, *, all_of_it: bool) -> None:
    time.sleep(seconds)
    family = psutil.Process(pid).children(recursive=True) if all_of_it else []
    os.kill(pid, signal.SIGKILL)
    for process in family:
        if process.is_running():
            process.kill()
    os.waitpid(pid, 0)


def _reached(folder: Path, work: Work) -> str:
    claim = JobFiles(folder / "var" / "slurm" / "jobs", work.job_name(1)).claim
    if not claim.exists():
        return "nothing"
    return "a job" if orjson.loads(claim.read_bytes())["job"] else "claimed it"


def _ever(work: Work) -> list[str]:
    """The accounts of a busy Slurm tell of a job some time after it."""
    names = f"--name={work.job_name(1)},{work.job_name(2)}"
    latest = time.monotonic() + SECONDS_TO_ACCOUNT
    while True:
        rows = ask("sacct", "--allocations", "--noheader", names, "--format=JobIDRaw").split()
        if rows or time.monotonic() > latest:
            return sorted(set(rows))
        time.sleep(0.5)


if __name__ == "__main__":
    print(drill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))  # noqa: T201
