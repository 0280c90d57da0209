"""Two models on the same items: their difference, and how sure it is when some items hang together.

Items of one cluster (both wordings of a question, passages of one document) are no independent evidence, so the cluster is what
is left out, drawn and counted. Which interval decides, and why, was measured: docs/evaluation-statistics.md.

    C  clusters     S  bootstrap samples of one block
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

DRAWN_AT_ONCE = 1_000_000  # numbers drawn in one block of the bootstrap: 8 MB, however many samples and clusters there are


@dataclass(frozen=True)
class Paired:
    """Sums per cluster: what base and candidate got on its items, and the items' weights. A mean is values over weights."""

    base_C: NDArray[np.float64]
    candidate_C: NDArray[np.float64]
    weight_C: NDArray[np.float64]

    @property
    def differences_C(self) -> NDArray[np.float64]:
        """Candidate minus base, summed over each cluster."""
        return self.candidate_C - self.base_C

    @property
    def difference(self) -> float:
        """Of the two means."""
        return float(self.differences_C.sum() / self.weight_C.sum())

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the standard error: one less than there are clusters."""
        return len(self.weight_C) - 1


def by_cluster(clusters: Sequence[str], base: Sequence[float], candidate: Sequence[float], weights: Sequence[float]) -> Paired:
    """Add up the items of each cluster; the order in which items come changes nothing, to the last bit.

    Raises:
        ValueError: there are fewer than two clusters: of one thing nobody can say how sure it is.
    """
    values = np.array([base, candidate, weights], dtype=np.float64)
    names, code = np.unique(np.array(clusters), return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"{len(names)} clusters: a difference needs two or more to say how sure it is")
    order = np.lexsort((*values, code))
    sums = [np.bincount(code[order], weights=row[order]).astype(np.float64) for row in values]
    base_C, candidate_C, weight_C = sums
    return Paired(base_C, candidate_C, weight_C)


def standard_error(paired: Paired) -> float:
    """Of the difference, by leaving out each cluster in turn (delete-one jackknife).

    With clusters of one weight it is the paired t test's; with unequal ones, of those tried, what errs least with few clusters.
    Source: MacKinnon, Nielsen and Webb, Cluster-robust inference: a guide to empirical practice, 2023, section 3 (CV3J).
    """
    difference_C, total = paired.differences_C, paired.weight_C.sum()
    without_C = (difference_C.sum() - difference_C) / (total - paired.weight_C)
    num_clusters = len(difference_C)
    return float(np.sqrt((num_clusters - 1) / num_clusters * np.square(without_C - without_C.mean()).sum()))


def standard_error_of_share(paired: Paired) -> float:
    """The same for counts of answers, where both models may agree throughout by luck.

    Two clusters more, of the mean weight, which disagree by half an answer each way after squaring: so that 5 items without a
    disagreement are not certainty. Source: Agresti and Min, Effects and non-effects of paired identical observations, 2005.
    """
    weight = paired.weight_C.mean()
    step = weight * np.sqrt(0.5)
    return standard_error(
        Paired(
            base_C=np.append(paired.base_C, [0.0, step]),
            candidate_C=np.append(paired.candidate_C, [step, 0.0]),
            weight_C=np.append(paired.weight_C, [weight, weight]),
        )
    )


def bootstrap(name: str, paired: Paired, *, num_samples: int, confidence: float, seed: int) -> tuple[float, float]:
    """The ends of the middle `confidence` of the differences when clusters are drawn with replacement, both models' alike.

    Each name has its own random draws, so that a new measure does not alter the others. Source: Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, chapter 13. With few clusters it is too narrow (docs/evaluation-statistics.md).
    """
    rng = np.random.default_rng([seed, crc32(name.encode())])
    difference_C, weight_C = paired.differences_C, paired.weight_C
    num_clusters = len(weight_C)
    block = max(1, DRAWN_AT_ONCE // num_clusters)
    found: list[NDArray[np.float64]] = []
    for first in range(0, num_samples, block):
        drawn_SC = rng.integers(0, num_clusters, size=(min(block, num_samples - first), num_clusters))
        found.append(difference_C[drawn_SC].sum(axis=1) / weight_C[drawn_SC].sum(axis=1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(found), [tail, 1 - tail])
    return float(low), float(high)
