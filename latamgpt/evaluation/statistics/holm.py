"""Holm's correction: who looks at many comparisons finds some that chance made."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p value, corrected: those below 0.05 hold together with a chance of error of 5% at most, however they depend.

    The smallest of n is multiplied by n, the next by n - 1, and so on; none becomes smaller than one before it.
    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    order = np.argsort(p_values, kind="stable")
    scaled = np.array(p_values)[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in corrected]


def family_of(measure: str, group: str) -> str:
    """Which comparisons are corrected together: those among which a reader would pick the best looking.

    All languages of the passages; the batteries as wholes; within a battery its languages, countries and files. Measures stand
    apart: accuracy is the probability of the same answers seen more coarsely, and not another attempt.
    """
    return f"{measure}: {group.partition('/')[0]}" if "/" in group else measure
