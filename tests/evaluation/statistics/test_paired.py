"""Differences and standard errors by cluster, held against scipy, statsmodels and plain loops."""

from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray

from latamgpt.evaluation.statistics.paired import bootstrap, by_cluster, standard_error, standard_error_of_share
from latamgpt.evaluation.statistics.student import half_width, p_two_sided
from tests.scored_items import one_each

RNG = np.random.default_rng(5)
NUM_ITEMS = 60
CLUSTERS = [f"q{number}" for number in RNG.integers(0, 13, NUM_ITEMS)]
WEIGHTS = RNG.integers(20, 200, NUM_ITEMS).astype(float)
BASE = WEIGHTS * RNG.normal(2.0, 0.3, NUM_ITEMS)
CANDIDATE = BASE + WEIGHTS * RNG.normal(-0.1, 0.2, NUM_ITEMS)
PAIRED = by_cluster(CLUSTERS, BASE.tolist(), CANDIDATE.tolist(), WEIGHTS.tolist())


def test_interval_and_chance_of_single_items_are_those_of_the_paired_t_test():
    from scipy.stats import ttest_rel

    found = by_cluster([str(n) for n in range(NUM_ITEMS)], BASE.tolist(), CANDIDATE.tolist(), [1.0] * NUM_ITEMS)
    asked = ttest_rel(CANDIDATE, BASE)
    interval = asked.confidence_interval(0.9)
    width = half_width(standard_error(found), found.degrees, 0.9)
    assert (found.difference - width, found.difference + width) == pytest.approx((interval.low, interval.high))
    assert p_two_sided(found.difference, standard_error(found), found.degrees) == pytest.approx(asked.pvalue)


def test_standard_error_of_clusters_of_one_size_is_that_of_cluster_robust_regression():
    from statsmodels.regression.linear_model import OLS

    differences = RNG.normal(0.05, 0.2, 40) + np.repeat(RNG.normal(0, 0.2, 20), 2)
    clusters = np.repeat(np.arange(20), 2)
    found = by_cluster(clusters.astype(str).tolist(), [0.0] * 40, differences.tolist(), [1.0] * 40)
    asked = OLS(differences, np.ones(40)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    assert found.difference == pytest.approx(asked.params[0])
    assert standard_error(found) == pytest.approx(asked.bse[0])


def test_standard_error_of_unequal_clusters_is_little_more_than_that_of_cluster_robust_regression():
    from statsmodels.regression.linear_model import WLS

    codes = np.unique(CLUSTERS, return_inverse=True)[1]
    model = WLS((CANDIDATE - BASE) / WEIGHTS, np.ones(NUM_ITEMS), weights=WEIGHTS)
    asked = model.fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert PAIRED.difference == pytest.approx(asked.params[0])
    assert 1.0 < standard_error(PAIRED) / asked.bse[0] < 1.1


def test_standard_error_is_that_of_leaving_out_each_cluster_in_a_plain_loop():
    names = sorted(set(CLUSTERS))
    without: list[float] = []
    for name in names:
        kept = [n for n, cluster in enumerate(CLUSTERS) if cluster != name]
        without.append(sum(CANDIDATE[kept] - BASE[kept]) / sum(WEIGHTS[kept]))
    mean = sum(without) / len(names)
    variance = (len(names) - 1) / len(names) * sum((value - mean) ** 2 for value in without)
    assert standard_error(PAIRED) == pytest.approx(variance**0.5)


def test_order_of_items_changes_nothing_to_the_last_bit():
    order = np.random.default_rng(1).permutation(NUM_ITEMS)
    rows = [[CLUSTERS[n] for n in order], *([float(values[n]) for n in order] for values in (BASE, CANDIDATE, WEIGHTS))]
    shuffled = by_cluster(*rows)
    assert [v.tobytes() for v in (shuffled.base_C, shuffled.candidate_C, shuffled.weight_C)] == [
        v.tobytes() for v in (PAIRED.base_C, PAIRED.candidate_C, PAIRED.weight_C)
    ]


def test_one_cluster_is_refused():
    with pytest.raises(ValueError, match="needs two or more"):
        by_cluster(["a", "a"], [1.0, 2.0], [1.0, 3.0], [1.0, 1.0])


def test_bootstrap_equals_a_plain_loop():
    low, high = bootstrap("t", PAIRED, num_samples=300, confidence=0.9, seed=7)
    drawn = np.random.default_rng([7, crc32(b"t")]).integers(0, len(PAIRED.weight_C), size=(300, len(PAIRED.weight_C)))
    differences = sorted(sum(PAIRED.differences_C[row]) / sum(PAIRED.weight_C[row]) for row in drawn)

    def quantile(share: float) -> float:
        place = share * (len(differences) - 1)
        below = int(place)
        return differences[below] + (place - below) * (differences[below + 1] - differences[below])

    assert (low, high) == pytest.approx((quantile(0.05), quantile(0.95)))


def test_bootstrap_agrees_with_scipy_on_many_clusters():
    from scipy import stats

    differences = np.random.default_rng(3).gamma(2.0, 0.1, 200)
    low, high = bootstrap("t", one_each(differences), num_samples=4000, confidence=0.95, seed=1)
    asked = stats.bootstrap((differences,), np.mean, n_resamples=4000, method="percentile", rng=2).confidence_interval
    assert (low, high) == pytest.approx((asked.low, asked.high), abs=0.003)


def test_bootstrap_in_blocks_holds_as_many_samples(monkeypatch: pytest.MonkeyPatch):
    from latamgpt.evaluation.statistics import paired

    sizes: list[int] = []
    plain = np.quantile

    def remember(values: NDArray[np.float64], shares: list[float]) -> NDArray[np.float64]:
        sizes.append(len(values))
        return plain(values, shares)

    monkeypatch.setattr(paired, "DRAWN_AT_ONCE", 100)
    monkeypatch.setattr(np, "quantile", remember)
    bootstrap("t", PAIRED, num_samples=55, confidence=0.9, seed=7)
    assert sizes == [55]


def test_equal_models_have_an_interval_of_no_width():
    same = one_each([0.0] * 10)
    assert standard_error(same) == 0.0
    assert bootstrap("t", same, num_samples=20, confidence=0.95, seed=1) == (0.0, 0.0)
    assert p_two_sided(0.0, 0.0, 9) == 1.0


def test_answers_that_agree_throughout_are_not_certain():
    few, many = (standard_error_of_share(one_each([0.0] * number)) for number in (5, 500))
    assert few == pytest.approx(1 / 7 * (7 / 6) ** 0.5)
    assert many < 0.0021


def test_standard_error_of_shares_is_that_of_agresti_and_min():
    disagreements = [1.0] * 9 + [-1.0] * 4 + [0.0] * 47
    b, c, n = 9.5, 4.5, 62
    variance = (b + c - (b - c) ** 2 / n) / n**2
    assert standard_error_of_share(one_each(disagreements)) == pytest.approx((variance * n / (n - 1)) ** 0.5)
