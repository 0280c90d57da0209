"""McNemar's test for counts of answers, exact, also where the items of one cluster hang together."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def p_value(differences: Sequence[int], *, mid: bool = True) -> float:
    """The two-sided chance of a total at least as far from 0 where base and candidate are alike; mid-p, or exact.

    `differences` are right answers of the candidate minus those of the base, one number per cluster. Where the models are alike,
    each of them could as well have had the other sign: the exact distribution of the total over all signs is computed, in
    O(items^2). With one item in each cluster that is McNemar's exact test, and the mid-p one, which counts half of the
    chance of the very total that was seen. Mid-p errs as often as it says; the exact test half as often, and so finds less.
    Source: Fagerland, Lydersen and Laake, The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than
    exact conditional, 2013.
    """
    sizes, numbers = np.unique(np.abs([size for size in differences if size]), return_counts=True)
    if not len(sizes):
        return 1.0
    chances = np.ones(1)  # of the totals -reach, -reach + 2, ... reach: each sign that turns moves a total by twice a size
    for size, number in zip(sizes.tolist(), numbers.tolist(), strict=True):
        turned = np.zeros(size * number + 1)
        turned[::size] = _half_and_half(number)
        chances = np.convolve(chances, turned)
    totals = np.arange(len(chances)) * 2 - (sizes * numbers).sum()
    seen = abs(sum(differences))
    beyond, same = chances[totals > seen].sum(), chances[totals == seen].sum()
    return float(min(1.0, 2 * (beyond + same * (0.5 if mid else 1.0))))


@lru_cache(maxsize=1024)
def _half_and_half(number: int) -> NDArray[np.float64]:
    """The chances of 0 to `number` heads of so many coins."""
    return np.array([math.comb(number, heads) / 2**number for heads in range(number + 1)])
