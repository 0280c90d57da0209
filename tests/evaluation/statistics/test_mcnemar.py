"""Exact McNemar, held against statsmodels and against every sign tried."""

from itertools import product

import numpy as np
import pytest

from latamgpt.evaluation.statistics.mcnemar import p_value


@pytest.mark.parametrize(("gained", "lost"), [(3, 9), (0, 5), (6, 6), (0, 0), (25, 10), (120, 81)])
def test_chance_of_single_items_is_that_of_statsmodels(gained: int, lost: int):
    from statsmodels.stats.contingency_tables import mcnemar

    differences = [1] * gained + [-1] * lost + [0] * 7
    assert p_value(differences, mid=False) == pytest.approx(mcnemar([[3, gained], [lost, 4]], exact=True).pvalue)


@pytest.mark.parametrize(("gained", "lost", "expected"), [(1, 7, 0.0390625), (59, 6, 0.0)])
def test_mid_p_takes_half_of_the_chance_of_what_was_seen(gained: int, lost: int, expected: float):
    from scipy.stats import binom

    differences = [1] * gained + [-1] * lost
    few, both = min(gained, lost), gained + lost
    assert p_value(differences) == pytest.approx(2 * binom.cdf(few, both, 0.5) - binom.pmf(few, both, 0.5))
    assert p_value(differences) == pytest.approx(expected, abs=1e-9)


def test_chance_of_clusters_is_that_of_trying_every_sign():
    differences = [2, -1, 2, 1, -2, 0, 3, 1]
    totals = [
        sum(sign * abs(size) for sign, size in zip(signs, differences, strict=True)) for signs in product((1, -1), repeat=8)
    ]
    seen = sum(differences)
    beyond, same = (sum(rule(abs(total)) for total in totals) for rule in (seen.__lt__, seen.__eq__))
    assert p_value(differences, mid=False) == pytest.approx((beyond + same) / len(totals))
    assert p_value(differences) == pytest.approx((beyond + same / 2) / len(totals))


def test_mid_p_errs_as_often_as_it_says_and_both_forms_of_a_question_do_not_count_twice():
    rng = np.random.default_rng(2)
    questions = rng.choice([-2, -1, 0, 1, 2], p=[0.1, 0.1, 0.6, 0.1, 0.1], size=(2000, 40))
    by_question = np.mean([p_value(row.tolist()) < 0.05 for row in questions])
    by_form = np.mean([p_value([np.sign(d) for d in row for _ in range(abs(d))]) < 0.05 for row in questions])
    assert by_question < 0.06
    assert by_form > 0.09
