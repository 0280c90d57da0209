"""How sure a difference is: percentile bootstrap over items, paired, since both models answered the same ones.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from latamgpt.evaluation.score import DECIMALS, Score


@dataclass(frozen=True)
class Comparison:
    """Base and candidate on the same items; `low` and `high` bound candidate - base."""

    base: float
    candidate: float
    difference: float
    low: float
    high: float
    num_items: int


def compare(
    name: str, base: Sequence[Score], candidate: Sequence[Score], *, num_samples: int, confidence: float, seed: int
) -> Comparison:
    """Both means and the interval of their difference.

    Steps: a mean is the sum of values over the sum of weights (bits over bytes, right answers over questions); draw as many
    items as there are, with replacement, the same for both models, `num_samples` times; the interval holds the middle
    `confidence` of the differences. Each measure has its own random draws, so that a new one does not alter the others.
    """
    if [score.item for score in base] != [score.item for score in candidate] or not base:
        raise ValueError(f"{name}: base and candidate were not measured on the same items")
    weights = np.array([score.weight for score in base])
    values_base = np.array([score.value for score in base])
    values_candidate = np.array([score.value for score in candidate])
    mean_base, mean_candidate = values_base.sum() / weights.sum(), values_candidate.sum() / weights.sum()
    rng = np.random.default_rng([seed, crc32(name.encode())])
    drawn = rng.integers(0, len(weights), size=(num_samples, len(weights)))
    differences = (values_candidate - values_base)[drawn].sum(axis=1) / weights[drawn].sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    return Comparison(
        base=_rounded(mean_base),
        candidate=_rounded(mean_candidate),
        difference=_rounded(mean_candidate - mean_base),
        low=_rounded(low),
        high=_rounded(high),
        num_items=len(weights),
    )


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)
