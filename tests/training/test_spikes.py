"""Which steps a training does not take, what a roll back leaves out, and that both follow from what was measured."""

import math
import random

import pytest
from pydantic import ValidationError

from latamgpt.params import SpikeParams
from latamgpt.training.resume import EvaluatedStep, History, TrainedStep
from latamgpt.training.roll_back import after_roll_back, to_quarantine
from latamgpt.training.spikes import LeftOutStep, Reason, find_spike, joined, left_out, must_roll_back, quarantine, sigmas_above

PARAMS = SpikeParams(
    window_steps=128, sigmas=6, warmup_steps=64, skips_before_rollback=3, steps_before_spike=2, max_left_out_share=0.1
)
TOKENS_PER_STEP = 100


def falling(num_steps: int, seed: int = 0) -> tuple[list[float], list[float]]:
    """Losses that fall with noise, and gradient norms with the long tail that they have."""
    noise = random.Random(seed)
    losses = [2.0 + 3.0 * math.exp(-step / 100) + noise.gauss(0, 0.1) for step in range(num_steps)]
    return losses, [noise.lognormvariate(0, 0.25) for _ in range(num_steps)]


def skip(step: int, *, is_quarantined: bool = False) -> LeftOutStep:
    return LeftOutStep(step=step, reason=Reason.LOSS, loss=9.0, grad_norm=1.0, sigmas=7.5, is_quarantined=is_quarantined)


def tokens_seen(num_steps: int) -> int:
    return num_steps * TOKENS_PER_STEP


def history(num_steps: int, *skipped: LeftOutStep) -> History:
    """So many steps, of which some were left out."""
    numbers = set(range(num_steps)) - {each.step for each in skipped}
    steps = tuple(
        TrainedStep(tokens=tokens_seen(n + 1), loss=float(n), grad_norm=1.0, learning_rate=1e-3) for n in sorted(numbers)
    )
    base = EvaluatedStep(tokens=0, languages=())
    return History(steps=steps, evaluations=(base, EvaluatedStep(tokens=300, languages=())), left_out=skipped)


def test_a_plain_training_of_10_000_steps_skips_none() -> None:
    losses, norms = falling(10_000)
    found = [
        find_spike(losses[max(0, n - 128) : n], norms[max(0, n - 128) : n], losses[n], norms[n], PARAMS) for n in range(10_000)
    ]
    assert not any(found)


@pytest.mark.parametrize(("loss", "norm", "reason"), [(3.2, 1.0, Reason.LOSS), (2.0, 10.0, Reason.GRAD_NORM)])
def test_what_stands_six_sigma_above_is_a_spike_and_what_stands_below_is_none(loss: float, norm: float, reason: Reason) -> None:
    losses, norms = falling(1000)
    spike = find_spike(losses, norms, loss, norm, PARAMS)
    assert spike is not None
    assert spike.reason is reason
    assert spike.sigmas is not None
    assert 6 < spike.sigmas < 20
    assert find_spike(losses, norms, 0.1, 1.0, PARAMS) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_taken_not_even_at_the_first_step(value: float) -> None:
    for loss, norm in ((value, 1.0), (2.0, value)):
        spike = find_spike([], [], loss, norm, PARAMS)
        assert spike is not None
        assert spike.reason is Reason.NOT_FINITE


def test_nothing_is_judged_before_the_warm_up() -> None:
    losses, norms = falling(64)
    assert find_spike(losses[:63], norms[:63], 1e6, 1e6, PARAMS) is None
    assert find_spike(losses, norms, 1e6, 1e6, PARAMS)


def test_window_in_which_no_step_would_be_judged_is_refused() -> None:
    with pytest.raises(ValidationError, match="none would be judged"):
        SpikeParams.model_validate({**PARAMS.model_dump(), "window_steps": 63})


def test_equal_values_have_a_sigma_of_a_hundredth_of_their_mean() -> None:
    assert sigmas_above([2.0] * 100, 2.06, 0.02) == pytest.approx(3)
    assert find_spike([2.0] * 100, [1.0] * 100, 2.0 + 1e-9, 1.0, PARAMS) is None


def test_values_that_are_not_numbers_are_recorded_as_none() -> None:
    spike = find_spike([], [], math.nan, math.inf, PARAMS)
    assert spike is not None
    record = left_out(4, spike, math.nan, math.inf)
    assert (record.loss, record.grad_norm, record.sigmas) == (None, None, None)
    assert LeftOutStep.model_validate_json(record.model_dump_json()) == record


def test_third_skip_within_the_window_rolls_back_and_quarantined_ones_do_not_count() -> None:
    assert not must_roll_back([skip(500), skip(501)], 501, PARAMS)
    assert must_roll_back([skip(500), skip(510), skip(600)], 600, PARAMS)
    assert not must_roll_back([skip(500), skip(510), skip(628)], 628, PARAMS)  # the first is 128 steps away
    assert not must_roll_back([skip(500, is_quarantined=True), skip(501), skip(502)], 502, PARAMS)


def test_quarantine_takes_the_spikes_and_the_steps_before_the_first_and_none_between() -> None:
    taken = [skip(n) for n in (5, 6, 7, 9, 11)]
    found = quarantine([skip(8), skip(10), skip(12)], taken, PARAMS)
    assert [each.step for each in found] == [6, 7, 8, 10, 12]
    assert all(each.is_quarantined for each in found)


def test_roll_back_leaves_out_what_spiked_with_its_values_and_what_led_there() -> None:
    given_up = history(13, skip(8), skip(10), skip(12))
    found = to_quarantine(given_up, 12, tokens_seen, PARAMS)
    assert [(each.step, each.reason, each.loss) for each in found] == [
        (6, Reason.BEFORE, 6.0),
        (7, Reason.BEFORE, 7.0),
        *((step, Reason.LOSS, 9.0) for step in (8, 10, 12)),
    ]


def test_weights_that_are_no_numbers_blame_the_last_step_taken() -> None:
    found = to_quarantine(history(12, skip(11)), 11, tokens_seen, PARAMS)
    assert [(each.step, each.reason) for each in found] == [
        (8, Reason.BEFORE),
        (9, Reason.BEFORE),
        (10, Reason.BROKEN),
        (11, Reason.LOSS),
    ]


def test_after_a_roll_back_the_state_s_steps_and_every_quarantine_are_known() -> None:
    earlier = skip(2, is_quarantined=True)
    given_up = history(13, earlier, skip(3), skip(8), skip(10), skip(12)).model_copy(update={"num_rollbacks": 1})
    restored = history(6, skip(3))  # a state from before the first roll back was made
    known = after_roll_back(
        restored, given_up, to_quarantine(given_up, 12, tokens_seen, PARAMS.model_copy(update={"window_steps": 6}))
    )
    assert [(each.step, each.is_quarantined) for each in known.left_out] == [
        (2, True),
        (3, False),
        (6, True),
        (7, True),
        (8, True),
        (10, True),
        (12, True),
    ]
    assert known.steps == restored.steps
    assert known.num_rollbacks == 2


def test_training_that_begins_anew_keeps_what_the_base_was_measured_at() -> None:
    given_up = history(3, skip(0), skip(1), skip(2))
    known = after_roll_back(History(), given_up, to_quarantine(given_up, 2, tokens_seen, PARAMS))
    assert [each.tokens for each in known.evaluations] == [0]
    assert known.steps == ()


def test_of_one_step_the_last_word_counts() -> None:
    assert joined([skip(3), skip(1)], [skip(3, is_quarantined=True)]) == (skip(1), skip(3, is_quarantined=True))
