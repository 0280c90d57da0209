"""How often the gates' tests err, by simulation: what was planted is found, and chance is refused no more often than it says.

docs/evaluation-statistics.md has these rates, and those for other numbers of items.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from latamgpt.evaluation.statistics.holm import holm
from latamgpt.evaluation.statistics.margins import Verdict, hold
from latamgpt.evaluation.statistics.paired import standard_error
from latamgpt.evaluation.statistics.student import one_sided_width, p_above
from tests.scored_items import cell_of, one_each

NUM_DRAWS = 1000
NUM_QUESTIONS = 400
SPREAD = 0.05  # of the difference in probability from question to question: measured 0.04 to 0.07 on a cautious training
MARGINS = {"arithmetic": 0.02, "code": 0.02, "english": 0.01, "in_context": 0.01, "reasoning": 0.01}
SIGNIFICANCE = 0.05
AT_MOST = SIGNIFICANCE + 3 * (SIGNIFICANCE * (1 - SIGNIFICANCE) / NUM_DRAWS) ** 0.5  # what counting so many draws may show of it

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def even(rng: np.random.Generator, number: int) -> NDArray[np.float64]:
    return rng.normal(0.0, 1.0, number)


def skewed(rng: np.random.Generator, number: int) -> NDArray[np.float64]:
    """Most questions change little and a few much, all the same way; as even, mean 0 and variance 1."""
    return (rng.gamma(0.5, 1.0, number) - 0.5) / 0.5**0.5


def verdicts(changes: dict[str, float], draw: Draw = even, num_questions: int = NUM_QUESTIONS) -> list[Counter[Verdict]]:
    """What is said of the tasks in each of many scorecards where these are the true changes."""
    rng = np.random.default_rng(11)
    return [
        Counter(
            hold(
                cell_of("probability", task, one_each(changes.get(task, 0.0) + SPREAD * draw(rng, num_questions))),
                margin,
                SIGNIFICANCE,
            ).verdict
            for task, margin in MARGINS.items()
        )
        for _ in range(NUM_DRAWS)
    ]


def refused(found: list[Counter[Verdict]]) -> float:
    return sum(one[Verdict.KEPT] < len(MARGINS) for one in found) / NUM_DRAWS


@pytest.mark.parametrize("draw", [even, skewed])
def test_two_points_lost_in_maths_are_refused_though_the_average_is_flat(draw: Draw):
    flat = dict.fromkeys(MARGINS, 0.005) | {"arithmetic": -0.02}
    assert sum(flat.values()) == pytest.approx(0.0)
    assert refused(verdicts(flat, draw)) >= 1 - AT_MOST


@pytest.mark.parametrize("draw", [even, skewed])
def test_noise_alone_is_refused_no_more_often_than_the_test_says(draw: Draw):
    found = verdicts({}, draw)
    assert refused(found) <= SIGNIFICANCE
    assert sum(one[Verdict.LOST] for one in found) == 0


def test_fewer_items_refuse_noise_too_but_say_that_they_cannot_tell():
    found = verdicts({}, num_questions=40)
    assert refused(found) > 0.9
    assert sum(one[Verdict.LOST] > 0 for one in found) <= SIGNIFICANCE * NUM_DRAWS


def test_loss_of_a_whole_margin_in_one_task_of_many_passes_no_more_often_than_the_test_says():
    found = verdicts({"english": -0.01})
    assert 1 - refused(found) <= AT_MOST


def test_number_of_items_that_a_refusal_names_is_enough():
    few = cell_of("probability", "english", one_each(SPREAD * even(np.random.default_rng(1), 40)))
    needed = hold(few, 0.01, SIGNIFICANCE).num_needed
    rng = np.random.default_rng(2)
    kept = [
        hold(cell_of("probability", "english", one_each(SPREAD * even(rng, needed))), 0.01, SIGNIFICANCE).verdict is Verdict.KEPT
        for _ in range(NUM_DRAWS)
    ]
    assert np.mean(kept) > 0.7  # 0.8 where the spread of the few is the true one


def lost_languages(changes: list[float]) -> list[int]:
    """How many of some languages, of 2 to 20 documents each, are said to have got worse, in many scorecards."""
    rng = np.random.default_rng(12)
    found: list[int] = []
    for _ in range(NUM_DRAWS):
        chances: list[float] = []
        for number, change in enumerate(changes):
            paired = one_each(rng.normal(change, 0.05, 2 + 2 * number))
            chances.append(p_above(paired.difference, standard_error(paired), paired.degrees))
        found.append(sum(chance < SIGNIFICANCE for chance in holm(chances)))
    return found


def test_noise_in_ten_languages_is_refused_no_more_often_than_the_test_says():
    rate = np.mean([number > 0 for number in lost_languages([0.0] * 10)])
    assert rate <= AT_MOST


def test_loss_in_one_language_of_ten_is_refused():
    assert np.mean(lost_languages([*[-0.1] * 9, 0.06])) > 0.95


@pytest.mark.parametrize("num_clusters", [3, 12, 60])
def test_bounds_by_t_err_as_often_as_they_say_where_those_of_the_bootstrap_do_not(num_clusters: int):
    rng = np.random.default_rng(13)
    beyond_t, beyond_bootstrap = 0, 0
    for _ in range(NUM_DRAWS):
        values = rng.normal(0.0, 1.0, num_clusters)
        paired = one_each(values)
        beyond_t += paired.difference - one_sided_width(standard_error(paired), paired.degrees, SIGNIFICANCE) > 0
        drawn = values[rng.integers(0, num_clusters, (200, num_clusters))].mean(axis=1)
        beyond_bootstrap += np.quantile(drawn, SIGNIFICANCE) > 0
    assert beyond_t / NUM_DRAWS <= AT_MOST
    if num_clusters == 3:
        assert beyond_bootstrap / NUM_DRAWS > 2 * SIGNIFICANCE
