"""Neighbours in encodings, counted a few at a time."""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from latamgpt.tokens import neighbours
from latamgpt.tokens.neighbours import Neighbours


@pytest.mark.parametrize("fewest_pending", [1, 50, 10**9])
def test_counts_are_those_of_plain_python(monkeypatch: pytest.MonkeyPatch, fewest_pending: int) -> None:
    monkeypatch.setattr(neighbours, "FEWEST_PENDING", fewest_pending)
    draw = random.Random(3)
    texts = [draw.choices([0, 1, 2, 2**32 - 1], k=draw.randint(0, 40)) for _ in range(50)]
    found = Neighbours()
    for text in texts:
        found.add(np.array(text, np.uint32))
    wanted = Counter(pair for text in texts for pair in pairwise(text))
    assert {pair: found.count([pair]) for pair in wanted} == wanted
    assert found.count(list(wanted)) == wanted.total()
    assert found.num_tokens == sum(map(len, texts))
    assert (2**32 - 1, 0) in found
    assert (3, 0) not in found
    assert found.count([(3, 0), (2**32 - 1, 3)]) == 0


def test_of_nothing_no_pair_stands_anywhere() -> None:
    assert (1, 2) not in Neighbours()
