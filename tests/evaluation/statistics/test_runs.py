"""What of the spread of sampled answers is luck of the draw, held against scipy's analysis of variance."""

import numpy as np
import pytest

from latamgpt.evaluation.statistics.runs import spread

RNG = np.random.default_rng(4)
VALUES = (RNG.normal(0.5, 0.3, (50, 1)) + RNG.normal(0, 0.2, (50, 6))).tolist()


def test_parts_of_the_variance_are_those_of_scipy():
    from scipy.stats import f_oneway

    found = spread(VALUES)
    ratio = (6 * found.between_items + found.within_items) / found.within_items
    assert ratio == pytest.approx(f_oneway(*VALUES).statistic)


def test_standard_error_of_the_mean_is_that_of_the_items_means():
    from scipy.stats import sem

    found = spread(VALUES)
    assert found.standard_error() == pytest.approx(sem(np.mean(VALUES, axis=1)))


def test_more_runs_lessen_only_what_is_within_items():
    found = spread(VALUES)
    assert found.standard_error(1) > found.standard_error() > found.standard_error(10_000)
    assert found.standard_error(10_000) == pytest.approx((found.between_items / 50) ** 0.5, rel=1e-3)


def test_what_runs_explain_is_not_said_of_the_items():
    found = spread([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert found.between_items == 0.0
    assert found.within_items == pytest.approx(0.5)


@pytest.mark.parametrize("values", [[[1.0], [2.0]], [[1.0, 2.0]], [[1.0, 2.0], [1.0]]])
def test_what_cannot_be_taken_apart_is_refused(values: list[list[float]]):
    with pytest.raises(ValueError, match="two of each at least"):
        spread(values)
