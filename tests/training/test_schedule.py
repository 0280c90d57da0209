"""The learning rate: re-warm, re-decay."""

import pytest

from latamgpt.training.schedule import learning_rate


def test_rate_rises_to_the_peak_and_falls_to_its_share() -> None:
    rates = [learning_rate(step, 100, 1.0, 0.1, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert max(rates) == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.1)


@pytest.mark.parametrize("num_steps", [1, 2, 3])
def test_rate_of_the_shortest_trainings_is_positive(num_steps: int) -> None:
    assert all(0 < learning_rate(step, num_steps, 1.0, 0.5, 0.1) <= 1 for step in range(num_steps))
