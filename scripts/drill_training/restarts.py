"""How long a killed rank takes to its next step: a process that imports everything anew, ended by SIGKILL once it is there.

`python -m scripts.drill_training.restarts --times 5`. CPU seconds say more than seconds where a machine is shared.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from latamgpt.launch.heartbeat import HEARTBEATS_VARIABLE, Activity, read_beats
from latamgpt.launch.local import die_with_parent
from latamgpt.params import Precision
from latamgpt.store import write_json
from latamgpt.training.job import TrainingJob
from latamgpt.training.kernels import pinned_environment
from scripts.drill_training.workspace import make_workspace, plan

LOOKS_SECONDS = 0.01
STEPS_BEFORE = 3  # of the start that leaves a state to go on from


class Taken(NamedTuple):
    """What a start took until a step began, of the rank's process alone."""

    cpu_seconds: float
    wall_seconds: float


def time_restarts(folder: Path, times: int) -> list[Taken]:
    """Start a rank, kill it after a few steps, then measure so many restarts."""
    workspace, params = make_workspace(folder)
    job = plan(workspace, params, folder / "drill")
    Path(job.resume).mkdir(parents=True)
    path = folder / "job.json"
    write_json(path, job)
    _start(path, job, folder / "first", until=STEPS_BEFORE)
    return [_start(path, job, folder / f"again-{number}", until=STEPS_BEFORE - 1) for number in range(times)]


def _start(path: Path, job: TrainingJob, heartbeats: Path, until: int) -> Taken:
    heartbeats.mkdir()
    environment = pinned_environment(job.params.checkpoint.precision, job.threads)
    started = time.monotonic()
    with (path.parent / "log").open("ab") as log:
        rank = subprocess.Popen(
            [sys.executable, "-m", "latamgpt.training.worker", str(path)],
            env={**os.environ, **environment, HEARTBEATS_VARIABLE: str(heartbeats)},
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (one prctl call; nothing that could deadlock)
        )
        while not any(beat.activity is Activity.STEP and beat.step >= until for beat in read_beats(heartbeats)):
            if rank.poll() is not None:
                raise RuntimeError(f"the rank ended with {rank.returncode}:\n{(path.parent / 'log').read_text()[-4000:]}")
            time.sleep(LOOKS_SECONDS)
        taken = Taken(_cpu_seconds(rank.pid), time.monotonic() - started)
        rank.send_signal(signal.SIGKILL)
        rank.wait()
    return taken


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime of proc(5)


def main() -> None:
    """Measure, then print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    os.environ |= pinned_environment(Precision.FP32, 1)
    with tempfile.TemporaryDirectory(prefix="drill-restarts-") as name:
        taken = time_restarts(Path(name), asked.times)
    cpu, wall = statistics.median(t.cpu_seconds for t in taken), statistics.median(t.wall_seconds for t in taken)
    print(f"{asked.times} restarts: medians of {cpu:.1f} CPU seconds and {wall:.1f} s from the process to its first step")


if __name__ == "__main__":
    main()
