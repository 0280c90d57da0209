"""How the cost grows with the input: the same pipeline on a sixteenth, a quarter and all of the documents."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from scripts.curation_bench.systems import PipelineRun, System, cut, run_unless_failed

SHARES = (1 / 16, 1 / 4)


def run_growing(system: System, documents: Path, folder: Path, failures: dict[str, str]) -> list[PipelineRun]:
    """A run on each share; the whole is measured beside the others."""
    runs: list[PipelineRun] = []
    for number, share in enumerate(SHARES):
        part = cut(documents, share, folder / f"part-{number}")
        runs += run_unless_failed(system, part, folder / "runs", number, failures)
    return runs


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The k of seconds = c * size^k that fits best: 1 is linear. What a start costs whatever the size makes it smaller."""
    slope, _ = np.polyfit([math.log(size) for size in sizes], [math.log(taken) for taken in seconds], 1)
    return float(slope)


def seconds_per_further_unit(sizes: Sequence[float], seconds: Sequence[float]) -> list[float]:
    """From each size to the next: what a unit more cost. The start is in none of them; where they rise, cost is not linear."""
    points = sorted(zip(sizes, seconds, strict=True))
    return [(taken - before) / (size - smaller) for (smaller, before), (size, taken) in pairwise(points)]
