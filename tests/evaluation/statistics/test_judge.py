"""A judge's labels corrected by people's: right on average whatever the judge's bias, as sure as it says."""

import numpy as np
import pytest

from latamgpt.evaluation.statistics.judge import corrected_mean


def answers(rng: np.random.Generator, share: float, right: float, wrongly: float, number: int) -> tuple[list[float], list[float]]:
    """Labels of people, and of a judge that accepts so much of what is right, and of what is wrong."""
    human = rng.random(number) < share
    judge = np.where(human, rng.random(number) < right, rng.random(number) < wrongly)
    return human.astype(float).tolist(), judge.astype(float).tolist()


def test_interval_holds_the_truth_as_often_as_it_says_though_the_judge_is_biased():
    rng = np.random.default_rng(1)
    missed, alone, shorter = 0, 0, 0
    for _ in range(1000):
        human, judge = answers(rng, 0.6, 0.95, 0.4, 1100)
        found = corrected_mean(human[:100], judge[:100], judge[100:], confidence=0.95)
        missed += not found.low <= 0.6 <= found.high
        alone += abs(found.by_judge_alone - 0.6) > 0.05
        shorter += found.standard_error < np.std(human[:100], ddof=1) / 10
    assert missed / 1000 < 0.07
    assert alone > 990  # the judge by itself is 13 points off each time
    assert shorter > 950  # and yet it helps


def test_judge_that_prefers_one_model_does_not_decide():
    rng = np.random.default_rng(2)
    found: list[float] = []
    for _ in range(300):
        base, judged_base = answers(rng, 0.5, 0.9, 0.2, 1100)
        candidate, judged_candidate = answers(rng, 0.5, 1.0, 0.5, 1100)  # no better, and liked
        human, judge = np.subtract(candidate, base).tolist(), np.subtract(judged_candidate, judged_base).tolist()
        found.append(corrected_mean(human[:100], judge[:100], judge[100:], confidence=0.95).value)
    assert abs(np.mean(found)) < 3 * np.std(found) / 300**0.5


def test_judge_that_says_nothing_is_given_no_weight():
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(3)
    human, judge = answers(rng, 0.5, 0.0, 1.0, 300)  # says the opposite: of no use either, where a judge is to agree
    found = corrected_mean(human[:60], judge[:60], judge[60:], confidence=0.95)
    interval = ttest_1samp(human[:60], 0).confidence_interval(0.95)
    assert found.weight == 0.0
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_perfect_judge_is_worth_as_much_as_people():
    human = (np.random.default_rng(4).random(1060) < 0.7).astype(float).tolist()
    found = corrected_mean(human[:60], human[:60], human[60:], confidence=0.95)
    assert found.value == pytest.approx(np.mean(human), abs=found.standard_error / 5)  # its weight is estimated
    assert found.standard_error == pytest.approx(np.std(human, ddof=1) / 1060**0.5, rel=0.05)


@pytest.mark.parametrize(("num_human", "num_judge", "num_rest"), [(49, 49, 500), (60, 59, 500), (60, 60, 0)])
def test_too_few_labels_are_refused(num_human: int, num_judge: int, num_rest: int):
    with pytest.raises(ValueError, match="nobody can say how often the judge errs"):
        corrected_mean([1.0] * num_human, [1.0] * num_judge, [1.0] * num_rest, confidence=0.95)
