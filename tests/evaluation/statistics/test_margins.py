"""A loss held against a margin: kept, lost, or too few items to tell."""

import pytest

from latamgpt.evaluation.statistics.margins import Verdict, hold
from tests.scored_items import cell


@pytest.mark.parametrize(
    ("difference", "error", "verdict"),
    [(0.0, 0.005, Verdict.KEPT), (-0.004, 0.003, Verdict.KEPT), (-0.006, 0.003, Verdict.UNTOLD), (-0.03, 0.003, Verdict.LOST)],
)
def test_loss_is_kept_only_where_its_bad_end_is_within_the_margin(difference: float, error: float, verdict: Verdict):
    assert hold(cell("probability", "ability/english", 0.6, difference, error), 0.01, 0.05).verdict is verdict


def test_verdict_of_too_few_items_says_how_many_it_would_take():
    few = hold(cell("probability", "ability/code", 0.6, 0.0, 0.02, num_clusters=60), 0.02, 0.05)
    assert few.words == "probability/ability/code cannot tell (60 questions or documents; 373 would)"
    assert few.num_needed == pytest.approx(60 * (0.02 * (1.645 + 0.842) / 0.02) ** 2, rel=0.01)


def test_loss_about_the_margin_is_not_blamed_on_the_number_of_items():
    many = hold(cell("probability", "ability/code", 0.6, -0.02, 0.001), 0.02, 0.05)
    assert many.words == "probability/ability/code cannot tell"


def test_fewer_bits_are_better_and_count_relative_to_the_base():
    found = hold(cell("bits_per_byte", "en", 2.0, 0.06, 0.001), 0.05, 0.05, more_is_better=False, relative=True)
    assert found.loss == pytest.approx(0.03)
    assert found.highest_loss == pytest.approx(0.03 + 0.0005 * 1.66, abs=1e-5)
    assert found.verdict is Verdict.KEPT
