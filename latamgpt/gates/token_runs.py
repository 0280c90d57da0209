"""How much of the held-out texts also stands in training texts: a look at tokens that shares no code with the holding out."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

RUN_TOKENS = 16
FACTORS = np.random.default_rng(RUN_TOKENS).integers(1, 2**63, RUN_TOKENS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
"""One odd number per place in a run: a run's hash is the sum of its tokens' products with them."""

Runs = NDArray[np.uint64]


def share_seen(held_out: Iterable[Sequence[int]], train: Iterable[Sequence[int]]) -> float:
    """Of the runs of 16 tokens in held-out pieces, those that also stand in a piece that is trained on."""
    found = [runs_of(tokens) for tokens in held_out]
    runs = np.concatenate([np.zeros(0, dtype=np.uint64), *found])
    known, times = np.unique(runs, return_counts=True)
    if not len(known):
        return 0.0
    seen = np.zeros(len(known), dtype=np.bool_)
    for tokens in train:
        trained = runs_of(tokens)
        places = np.minimum(np.searchsorted(known, trained), len(known) - 1)
        seen[places[known[places] == trained]] = True
    return float(times[seen].sum() / times.sum())


def runs_of(tokens: Sequence[int]) -> Runs:
    """A hash for every 16 tokens that follow each other; a shorter piece has none."""
    values = np.asarray(tokens, dtype=np.uint64)
    if len(values) < RUN_TOKENS:
        return np.zeros(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(values, RUN_TOKENS)
    return (windows * FACTORS).sum(axis=1, dtype=np.uint64)
