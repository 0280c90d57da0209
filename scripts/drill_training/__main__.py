"""`python -m scripts.drill_training --kills 100`: kill trainings and saves, damage files; ends with 1 where something differs.

With `--kills 0` only saves are killed and files damaged. All lies in a folder that is removed at the end; --report keeps counts.
"""

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from latamgpt.params import Precision
from latamgpt.store import write_json
from latamgpt.training.kernels import pinned_environment
from scripts.drill_training.damage import damage_often
from scripts.drill_training.kills import Combination, Killed, kill_often
from scripts.drill_training.saves import kill_in_save
from scripts.drill_training.workspace import make_workspace
from scripts.drill_training.zygote import import_once


def main() -> int:
    """Do the drills that were asked for."""
    asked = _arguments()
    pinned = pinned_environment(Precision.FP32, 1)
    if any(os.environ.get(name) != value for name, value in pinned.items()):
        os.execve(sys.executable, [sys.executable, "-m", "scripts.drill_training", *sys.argv[1:]], os.environ | pinned)
    logging.getLogger("latamgpt").setLevel(logging.ERROR)  # each damage is told, by the thousand
    with tempfile.TemporaryDirectory(prefix="drill-") as name:
        folder = Path(name)
        workspace, params = make_workspace(folder)
        lines = kill_in_save(folder / "saves")
        _say(f"a save was killed at {len(lines)} points: each time the newest whole state was loaded, no partial one seen")
        injected = damage_often(workspace, asked.damages, asked.seed)
        _say(
            f"{asked.damages:,} damages, all seen: "
            + ", ".join(f"{count:,} x {kind}" for kind, count in sorted(injected.items()))
        )
        found: list[Killed] = []
        if asked.kills:
            import_once()
            combinations = [_combination(words, asked.ranks) for words in asked.combinations]
            for number, wanted in enumerate(combinations):
                kills = asked.kills // len(combinations) + (number < asked.kills % len(combinations))
                started = time.monotonic()
                found.append(kill_often(workspace, params, wanted, kills, asked.seed + number))
                _say(f"{_explain(found[-1])}; {time.monotonic() - started:.0f} s")
    if asked.report:
        write_json(asked.report, {"saves": len(lines), "damages": dict(injected), "kills": [asdict(each) for each in found]})
    differing = [f"{each.combination}: {', '.join(each.differing)}" for each in found if each.differing]
    for line in differing:
        _say(f"DIFFERS: {line}")
    return 1 if differing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="over all combinations")
    parser.add_argument("--damages", type=int, default=10_000, help="files to damage")
    parser.add_argument("--ranks", type=int, default=1, help="processes that train together")
    parser.add_argument("--seed", type=int, default=1, help="of when is killed and what is damaged")
    parser.add_argument("--report", type=Path, help="file for what was found, as JSON")
    every = [f"{stage}-{precision}" for stage in (1, 2, 3) for precision in Precision]
    parser.add_argument("--combinations", nargs="+", default=every, choices=every, help="ZeRO stage and precision")
    return parser.parse_args()


def _combination(words: str, ranks: int) -> Combination:
    stage, precision = words.split("-")
    return Combination(int(stage), Precision(precision), ranks)


def _explain(found: Killed) -> str:
    restart = f", restart {statistics.median(found.restart_seconds):.2f} s" if found.restart_seconds else ""
    return (
        f"{found.combination}: {found.kills} kills over {found.trainings} trainings of {found.steps} batches, "
        f"{found.steps_replayed} replayed{restart}, {len(found.differing)} differing"
    )


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
