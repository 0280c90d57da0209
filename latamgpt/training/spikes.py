"""Which batches a training does not learn from, decided from what it measured and nothing else.

A step whose loss or gradient norm stands far above those before it is skipped: one bad batch can undo days of learning. The
rule, 6 sigma over 128 steps, is that of OLMo 2 (OLMo-core's SkipStepOptimizer, https://github.com/allenai/OLMo-core), but for the
norm's logarithm: norms have a long tail, and one or two of 10,000 sound steps would stand above 6 sigma of the norm itself. Where
skips come in numbers, the weights went astray before, and the training goes back to a state before the first of them and leaves
out what spiked and the batches that led there, as PaLM did (Chowdhery et al. 2022, section 5.1, https://arxiv.org/abs/2204.02311).
"""

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from latamgpt.params import SpikeParams
from latamgpt.records import Frozen

LEAST_SIGMA = 0.01
"""Of a loss this share of the mean, and so much of a norm's logarithm: where the values before are nearly equal, a change in the
last digits is no spike."""
LEAST_NORM = 1e-12  # the last batch may predict nothing, and 0 has no logarithm


class Reason(StrEnum):
    """Why a training did not learn from a batch."""

    NOT_FINITE = "loss or gradient not a number"
    LOSS = "loss"
    GRAD_NORM = "gradient norm"
    BROKEN = "weights or evaluation not a number after it"
    BEFORE = "trained on right before, until the roll back"


class Spike(NamedTuple):
    """What was found, and by how many sigmas it stands above the steps before; None where a value is not a number."""

    reason: Reason
    sigmas: float | None


class LeftOutStep(Frozen):
    """A step that changed no weight; the values are as measured, or None where they are not a number."""

    step: int  # 0 is the first
    reason: Reason
    loss: float | None  # nats per predicted token
    grad_norm: float | None
    sigmas: float | None
    is_quarantined: bool = False  # left out by a roll back: not even computed when its turn comes again


def find_spike(
    losses: Sequence[float], grad_norms: Sequence[float], loss: float, grad_norm: float, params: SpikeParams
) -> Spike | None:
    """Whether a step must not be taken, given the values of the steps taken before; None where it may.

    Skipped steps are not among those before: a spike would widen the sigma that the next one is held against.
    """
    if not (math.isfinite(loss) and math.isfinite(grad_norm)):
        return Spike(Reason.NOT_FINITE, None)
    if len(losses) < params.warmup_steps:
        return None
    logarithms = [_logarithm(norm) for norm in grad_norms[-params.window_steps :]]
    of_loss = sigmas_above(losses[-params.window_steps :], loss, LEAST_SIGMA * max(losses[-params.window_steps :]))
    of_norm = sigmas_above(logarithms, _logarithm(grad_norm), LEAST_SIGMA)
    highest = Spike(Reason.LOSS, of_loss) if of_loss >= of_norm else Spike(Reason.GRAD_NORM, of_norm)
    return highest if max(of_loss, of_norm) > params.sigmas else None


def sigmas_above(before: Sequence[float], value: float, least: float) -> float:
    """How many standard deviations, of `least` or more, a value stands above the mean of those before; summed exactly."""
    mean = math.fsum(before) / len(before)
    sigma = math.sqrt(math.fsum((each - mean) ** 2 for each in before) / len(before))
    return (value - mean) / max(sigma, least, LEAST_NORM)


def left_out(step: int, spike: Spike, loss: float, grad_norm: float) -> LeftOutStep:
    """The record of a skipped step."""
    return LeftOutStep(
        step=step, reason=spike.reason, loss=_number(loss), grad_norm=_number(grad_norm), sigmas=_number(spike.sigmas)
    )


def unsettled(steps: Iterable[LeftOutStep], step: int, params: SpikeParams) -> tuple[LeftOutStep, ...]:
    """The skips of the last `window_steps` up to `step` after which no roll back was made."""
    return tuple(each for each in steps if not each.is_quarantined and each.step > step - params.window_steps)


def must_roll_back(steps: Iterable[LeftOutStep], step: int, params: SpikeParams) -> bool:
    """Whether so many steps were skipped that the weights are to blame."""
    return len(unsettled(steps, step, params)) >= params.skips_before_rollback


def quarantine(spiked: Iterable[LeftOutStep], taken: Sequence[LeftOutStep], params: SpikeParams) -> tuple[LeftOutStep, ...]:
    """What a roll back leaves out: the batches that spiked, and those of the last steps taken before the first of them.

    Without the latter the same batches would lead to the same weights, and these to the same spikes.
    """
    spikes = tuple(spiked)
    first = min(each.step for each in spikes)
    before = [each for each in taken if each.step < first]
    chosen = joined(before[max(len(before) - params.steps_before_spike, 0) :], spikes)
    return tuple(each.model_copy(update={"is_quarantined": True}) for each in chosen)


def joined(*parts: Iterable[LeftOutStep]) -> tuple[LeftOutStep, ...]:
    """All of them in the order of their steps; of one step, what the last part says."""
    by_step = {each.step: each for part in parts for each in part}
    return tuple(by_step[step] for step in sorted(by_step))


def _logarithm(norm: float) -> float:
    return math.log(max(norm, LEAST_NORM))


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
