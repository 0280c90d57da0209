"""Sampled answers: the same items asked several times (seeds), and what of the spread is luck of the draw.

I  items     R  runs
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """What one model's values on I items in R runs vary by, as variances."""

    mean: float
    between_items: float  # of what an item would get on average over many runs
    within_items: float  # of one item from run to run
    num_items: int
    num_runs: int

    def standard_error(self, num_runs: int | None = None) -> float:
        """Of the mean, had each item been asked `num_runs` times; as it was asked where none is given.

        More runs lessen only what is within items: with 300 items, a between of 0.15 and a within of 0.08, one run gives 2.8
        points, five give 2.4, and no number of them less than 2.2; more items do.
        """
        runs = num_runs or self.num_runs
        return float(np.sqrt((self.between_items + self.within_items / runs) / self.num_items))


def spread(values: Sequence[Sequence[float]]) -> Spread:
    """Take the spread apart: a row for each item, a column for each run (one-way random effects, balanced).

    Between is not negative: where it comes out below 0, runs explain all that is seen. The means of the rows are the values to
    compare two models by (`paired.by_cluster`): what varies within items is in them already, in its share.

    Raises:
        ValueError: fewer than two items or runs, or not every item was asked as often: of that nothing can be taken apart.
    """
    if len({len(row) for row in values}) != 1 or len(values) < 2 or len(values[0]) < 2:
        raise ValueError(
            f"{len(values)} items with {sorted({len(row) for row in values})} runs: two of each at least, and all alike"
        )
    values_IR = np.array(values, dtype=np.float64)
    num_items, num_runs = values_IR.shape
    within = float(values_IR.var(axis=1, ddof=1).mean())
    between = float(values_IR.mean(axis=1).var(ddof=1)) - within / num_runs
    return Spread(float(values_IR.mean()), max(between, 0.0), within, num_items, num_runs)
