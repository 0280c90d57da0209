"""What a training that has to go back leaves out, and what it knows afterwards: pure functions of what it measured.

Nothing of a roll back is written down before the next state is. Who is killed during one, or after, takes up the newest state,
computes the same values again to the last bit, and so comes to the same decision, whichever state that is.
"""

from collections.abc import Callable

from latamgpt.params import SpikeParams
from latamgpt.training import spikes
from latamgpt.training.resume import History
from latamgpt.training.spikes import LeftOutStep, Reason


def to_quarantine(history: History, step: int, tokens_seen: Callable[[int], int], params: SpikeParams) -> tuple[LeftOutStep, ...]:
    """The steps that a roll back after `step` leaves out, by their number.

    Where too many spiked it is these; where weights or an evaluation are not numbers, the last step taken is to blame as well.
    """
    taken = _taken(history, step, tokens_seen)
    spiked = spikes.unsettled(history.left_out, step, params)
    if not spikes.must_roll_back(spiked, step, params):
        spiked = (*spiked, *(each.model_copy(update={"reason": Reason.BROKEN}) for each in taken[-1:]))
    return spikes.quarantine(spiked, taken, params)


def after_roll_back(restored: History, given_up: History, quarantined: tuple[LeftOutStep, ...]) -> History:
    """What a training knows once it is back: what the state says, and every quarantine that was imposed until then."""
    before = [each for each in given_up.left_out if each.is_quarantined]
    return History(
        steps=restored.steps,
        evaluations=restored.evaluations or given_up.evaluations[:1],  # of the base, if it begins anew
        left_out=spikes.joined(restored.left_out, before, quarantined),
        num_rollbacks=given_up.num_rollbacks + 1,
    )


def _taken(history: History, last: int, tokens_seen: Callable[[int], int]) -> list[LeftOutStep]:
    steps = {step.tokens: step for step in history.steps}
    left_out = {each.step for each in history.left_out}
    numbers = [number for number in range(last + 1) if number not in left_out]
    measured = [(number, steps[tokens_seen(number + 1)]) for number in numbers]
    return [
        LeftOutStep(step=number, reason=Reason.BEFORE, loss=each.loss, grad_norm=each.grad_norm, sigmas=None)
        for number, each in measured
    ]
