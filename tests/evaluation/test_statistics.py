from zlib import crc32

import numpy as np
import pytest

from latamgpt.evaluation.harness import Score
from latamgpt.evaluation.statistics import compare

BITS = {
    "base": [40.0, 90.0, 33.0, 70.0, 51.0],
    "candidate": [35.0, 91.0, 30.0, 61.0, 50.0],
    "bytes": [20.0, 40.0, 15.0, 33.0, 27.0],
}


def scores(values: list[float]) -> list[Score]:
    return [Score(str(n), value, weight) for n, (value, weight) in enumerate(zip(values, BITS["bytes"], strict=True))]


def test_comparison_equals_a_plain_loop():
    found = compare("t", scores(BITS["base"]), scores(BITS["candidate"]), num_samples=200, confidence=0.9, seed=7)

    drawn = np.random.default_rng([7, crc32(b"t")]).integers(0, 5, size=(200, 5))
    differences = []
    for sample in drawn.tolist():
        bits = sum(BITS["candidate"][n] - BITS["base"][n] for n in sample)
        differences.append(bits / sum(BITS["bytes"][n] for n in sample))
    differences.sort()

    def quantile(share: float) -> float:
        place = share * (len(differences) - 1)
        below = int(place)
        return differences[below] + (place - below) * (differences[below + 1] - differences[below])

    assert found.base == pytest.approx(sum(BITS["base"]) / sum(BITS["bytes"]), abs=1e-6)
    assert found.difference == pytest.approx((sum(BITS["candidate"]) - sum(BITS["base"])) / sum(BITS["bytes"]), abs=1e-6)
    assert found.low == pytest.approx(quantile(0.05), abs=1e-6)
    assert found.high == pytest.approx(quantile(0.95), abs=1e-6)


def test_interval_of_equal_models_is_zero_wide():
    found = compare("t", scores(BITS["base"]), scores(BITS["base"]), num_samples=50, confidence=0.95, seed=1)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_models_that_answered_different_items_are_not_compared():
    with pytest.raises(ValueError, match="not measured on the same items"):
        compare("t", scores(BITS["base"]), scores(BITS["candidate"])[::-1], num_samples=50, confidence=0.95, seed=1)


def test_interval_does_not_depend_on_other_measures_but_on_its_own_name():
    arguments = {"num_samples": 50, "confidence": 0.95, "seed": 1}
    first = compare("a", scores(BITS["base"]), scores(BITS["candidate"]), **arguments)
    assert first == compare("a", scores(BITS["base"]), scores(BITS["candidate"]), **arguments)
    assert first.low != compare("b", scores(BITS["base"]), scores(BITS["candidate"]), **arguments).low


def test_paired_interval_is_narrower_than_items_differ_among_themselves():
    hard_and_easy = scores([20.0, 400.0, 15.0, 330.0, 27.0])
    little_better = [Score(s.item, s.value - 0.1 * s.weight, s.weight) for s in hard_and_easy]
    found = compare("t", hard_and_easy, little_better, num_samples=200, confidence=0.95, seed=1)
    assert found.low == found.high == pytest.approx(-0.1)
