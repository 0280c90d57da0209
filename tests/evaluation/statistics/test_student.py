"""Bounds, chances and detectable effects by Student's t, held against scipy and statsmodels."""

import numpy as np
import pytest

from latamgpt.evaluation.statistics.paired import standard_error
from latamgpt.evaluation.statistics.student import clusters_needed, minimum_detectable, one_sided_width, p_above
from tests.scored_items import one_each

DIFFERENCES = np.random.default_rng(8).normal(0.004, 0.03, 45)


def test_non_inferiority_and_superiority_are_those_of_statsmodels():
    from scipy.stats import ttest_1samp
    from statsmodels.stats.weightstats import ttost_paired

    error = standard_error(one_each(DIFFERENCES))
    _, (_, not_below_margin, _), _ = ttost_paired(DIFFERENCES, np.zeros(45), -0.01, 0.01)
    assert p_above(DIFFERENCES.mean(), error, 44, -0.01) == pytest.approx(not_below_margin)
    assert p_above(DIFFERENCES.mean(), error, 44) == pytest.approx(ttest_1samp(DIFFERENCES, 0, alternative="greater").pvalue)


def test_bound_lies_where_the_test_turns():
    error = standard_error(one_each(DIFFERENCES))
    bound = DIFFERENCES.mean() - one_sided_width(error, 44, 0.05)
    assert p_above(DIFFERENCES.mean(), error, 44, bound) == pytest.approx(0.05)


@pytest.mark.parametrize("num_clusters", [3, 6, 20, 300])
def test_minimum_detectable_effect_is_that_of_statsmodels(num_clusters: int):
    from statsmodels.stats.power import TTestPower

    asked = TTestPower().solve_power(nobs=num_clusters, alpha=0.05, power=0.8, alternative="two-sided")
    error = 1 / num_clusters**0.5  # of a mean of things that spread by 1
    assert minimum_detectable(error, num_clusters - 1, 0.025) == pytest.approx(asked, rel=1e-4)


@pytest.mark.parametrize(("num_clusters", "power"), [(5, 0.8), (60, 0.8), (400, 0.95)])
def test_number_of_clusters_needed_is_that_of_statsmodels_whatever_number_was_seen(num_clusters: int, power: float):
    from statsmodels.stats.power import TTestPower

    asked = TTestPower().solve_power(effect_size=0.01 / 0.05, alpha=0.05, power=power, alternative="larger")
    found = clusters_needed(0.05 / num_clusters**0.5, num_clusters - 1, 0.01, 0.05, power)
    assert asked <= found <= asked + 1


def test_equal_models_need_no_more_clusters():
    assert clusters_needed(0.0, 3, 0.01, 0.05) == 2
    assert p_above(0.0, 0.0, 3, -0.01) == 0.0
    assert p_above(0.0, 0.0, 3) == 1.0
