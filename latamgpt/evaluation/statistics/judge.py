"""A judge model's labels, corrected by people's: prediction-powered inference, with the judge's error in the interval.

The judge labels all answers, people some of them, drawn by chance. What the judge says of all is moved by what it got wrong on
those, and what it gets wrong varies, so the interval holds that too. The judge may be biased, also in favour of one model; the
result is not. Source: Angelopoulos, Duchi and Zrnic, PPI++: efficient prediction-powered inference, 2023, section 6 (means).

    N  answers that only the judge labelled     L  answers that people labelled too
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latamgpt.evaluation.statistics.student import half_width

FEWEST_LABELS = 50
"""By people. With 20, where 9 of 10 answers are right, an interval of 95% misses the truth 17 times in 100 and not 5; with 50 ten
times, with 100 seven. Of a judge that never erred on a handful of answers nothing is known."""


@dataclass(frozen=True)
class Judged:
    """A mean as people would have labelled it."""

    value: float
    standard_error: float
    low: float
    high: float
    by_judge_alone: float
    weight: float  # of the judge: 0 is none (it says nothing that people's labels do not), 1 full


def corrected_mean(human_L: Sequence[float], judge_L: Sequence[float], judge_N: Sequence[float], *, confidence: float) -> Judged:
    """The mean of people's labels over all answers.

    Steps: weigh the judge by how well it follows people on the answers that both labelled; take the judge's mean over the rest,
    so weighed, and add the mean of what people said more than that. To compare two models give differences, candidate minus
    base, answer by answer: a judge that likes one model's style is then corrected for it. Values may be 0 and 1, marks, or
    differences.

    Raises:
        ValueError: people labelled fewer than 50 answers, or the judge another number of them, or none beside.
    """
    if len(human_L) != len(judge_L) or len(human_L) < FEWEST_LABELS or len(judge_N) < FEWEST_LABELS:
        raise ValueError(
            f"{len(human_L)} labels by people, {len(judge_L)} by the judge on the same answers, {len(judge_N)} on others: each "
            f"{FEWEST_LABELS} at least, else nobody can say how often the judge errs. Have more answers labelled, drawn by chance"
        )
    human, judge, rest = (np.array(labels, dtype=np.float64) for labels in (human_L, judge_L, judge_N))
    ratio = len(human) / len(rest)
    variance = float(np.concatenate([judge, rest]).var(ddof=1))
    covariance = float(np.cov(human, judge)[0, 1])
    weight = float(np.clip(covariance / ((1 + ratio) * variance), 0.0, 1.0)) if variance else 0.0
    beside = human - weight * judge
    value = float(weight * rest.mean() + beside.mean())
    error = float(np.sqrt(weight**2 * rest.var(ddof=1) / len(rest) + beside.var(ddof=1) / len(human)))
    width = half_width(error, len(human) - 1, confidence)
    return Judged(value, error, value - width, value + width, float(np.concatenate([judge, rest]).mean()), weight)
