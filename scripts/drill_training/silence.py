"""`python -m scripts.drill_training.silence --steps 10000`: the signs of life of a real training, what a watchdog makes of it.

Nothing is killed. Every alarm is a false one; they are counted for the limits in use, and for three times the p99 step alone.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from latamgpt.launch.heartbeat import Activity, Beat, read_beats
from latamgpt.launch.vigil import Limits, Vigil
from latamgpt.launch.watchdog import SECONDS_BETWEEN_LOOKS
from latamgpt.params import Precision
from latamgpt.training.kernels import pinned_environment
from scripts.drill_training.kills import train_without_mlflow
from scripts.drill_training.workspace import make_workspace, plan
from scripts.drill_training.zygote import fork_ranks, import_once

TOKENS = 16  # of a step: one sequence
SIZES = {
    "seq_len_tokens": TOKENS,
    "batch_sequences": 1,
    "micro_batch_sequences": 1,
    "zero_stage": 0,
    "save_every_steps": 500,
    "evaluate_every_steps": 1000,
}


@dataclass
class Watcher:
    """A vigil, and how often it would have killed."""

    name: str
    limits: Limits
    vigil: Vigil = field(init=False)
    alarmed: set[int] = field(default_factory=set[int])  # numbers of the signs after which it was silent for too long

    def __post_init__(self) -> None:
        self.vigil = Vigil(self.limits)

    def look(self, beats: Iterable[Beat], now: float) -> None:
        """As the watchdog does."""
        self.vigil.look(beats, now)
        self.alarmed |= {beat.number for beat, _ in self.vigil.silent()}


def watch_steps(folder: Path, num_steps: int) -> list[str]:
    """Train so many steps and more, and look on; returns lines for people."""
    workspace, params = make_workspace(folder, _documents(num_steps))
    small = params.model_copy(update={"checkpoint": params.checkpoint.model_copy(update=SIZES)})
    job = plan(workspace, small, folder / "drill")
    import_once()
    watchers = [Watcher("the limits in use", Limits()), Watcher("three times the p99 step alone", Limits(floor=0.0))]
    Path(job.output).mkdir(parents=True)
    ranks = fork_ranks(1, lambda: train_without_mlflow(job, folder / "drill"), folder / "log", folder / "heartbeats")
    longest, step, began = 0.0, 0, time.monotonic()
    while step < num_steps:
        beats = read_beats(ranks.heartbeats)
        for watcher in watchers:
            watcher.look(beats, time.monotonic())
        for beat in beats:
            if beat.activity is Activity.STEP:
                longest, step = max(longest, beat.step_seconds), beat.step
        if ranks.poll():
            raise RuntimeError(
                f"the training ended before {num_steps} steps:\n{(folder / 'log').read_text(encoding='utf-8')[-4000:]}"
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)
    ranks.kill()
    seconds, p99 = time.monotonic() - began, watchers[0].vigil.p99_step
    told = (
        f"{step:,} steps in {seconds:.0f} s at a load of {os.getloadavg()[1]:.0f}: p99 {p99:.3f} s, longest seen {longest:.2f} s"
    )
    return [told, *(f"{watcher.name}: {len(watcher.alarmed)} false alarms" for watcher in watchers)]


def _documents(num_steps: int) -> list[list[int]]:
    """Tokens enough for so many steps; random ones, since nothing has to be learned."""
    draw = random.Random(1)
    return [[draw.randrange(1, 300) for _ in range(TOKENS)] for _ in range(num_steps + 100)]


def main() -> None:
    """Watch, then print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    asked = parser.parse_args()
    pinned = pinned_environment(Precision.FP32, 1)
    if any(os.environ.get(name) != value for name, value in pinned.items()):
        os.execve(sys.executable, [sys.executable, "-m", "scripts.drill_training.silence", *sys.argv[1:]], os.environ | pinned)
    with tempfile.TemporaryDirectory(prefix="drill-silence-") as name:
        print("\n".join(watch_steps(Path(name), asked.steps)))


if __name__ == "__main__":
    main()
