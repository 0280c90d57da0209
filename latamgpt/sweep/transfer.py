"""From rung to rung: how the best learning rate moves with the model's width.

    ln(best learning rate) = k - e ln(width)

With Adam, muP has e = 1 for hidden weights (Yang et al. 2022, 'Tensor Programs V', table 3, https://arxiv.org/abs/2203.03466).
Rungs differ in depth, tokens and pretraining too, so e is fitted and not believed. Nothing is said from one rung, and nothing
where the best rate of a rung lay on the edge of what was tried: such a rung bounds its optimum, and has not measured it.
"""

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from latamgpt.records import Frozen

LEAST_RUNGS = 2
WIDEST_FACTOR = 4.0
"""Between the ends of a rate's interval: a wider one proposes nothing that a person would not guess."""
LN_OF_NO_SPREAD = 1e-9


class Optimum(Frozen):
    """The best learning rate of one rung, and between what it likely lies."""

    rung: str
    hidden_size: Annotated[int, Field(gt=0)]
    learning_rate: float
    low: float
    high: float
    is_inside: bool  # not on the edge of the rates that were tried


class Carried(Frozen):
    """The rate for a rung that was not measured."""

    rung: str
    hidden_size: int
    learning_rate: float
    low: float
    high: float


class Transfer(Frozen):
    """What the ladder says of larger models."""

    exponent: float | None = None
    low: float | None = None
    high: float | None = None
    carried: tuple[Carried, ...] = ()
    words: str


def transfer(optima: Sequence[Optimum], widths: dict[str, int]) -> Transfer:
    """Fit the exponent and carry the rate to the rungs of `widths` that were not measured; refuses where rungs cannot tell."""
    usable = [one for one in optima if one.is_inside]
    if len({one.hidden_size for one in usable}) < LEAST_RUNGS:
        return Transfer(words=_too_few(optima, usable))
    x = np.log([one.hidden_size for one in usable])
    y = np.log([one.learning_rate for one in usable])
    sd = np.array([max(LN_OF_NO_SPREAD, math.log(one.high / one.low) / 2) for one in usable])
    design = np.stack([np.ones_like(x), -x], axis=1) / sd[:, None]
    solved, covariance = np.linalg.pinv(design) @ (y / sd), np.linalg.inv(design.T @ design)
    half = math.sqrt(covariance[1, 1])
    carried: list[Carried] = []
    untold: list[str] = []
    for rung, width in widths.items():
        if any(one.rung == rung for one in optima):
            continue
        point = np.array([1.0, -math.log(width)])
        middle, spread = float(point @ solved), math.sqrt(float(point @ covariance @ point))
        if math.exp(2 * spread) > WIDEST_FACTOR:
            untold.append(f"{rung}: {math.exp(middle - spread):.2g} to {math.exp(middle + spread):.2g} is too wide to propose")
            continue
        carried.append(
            Carried(
                rung=rung,
                hidden_size=width,
                learning_rate=math.exp(middle),
                low=math.exp(middle - spread),
                high=math.exp(middle + spread),
            )
        )
    exponent = float(solved[1])
    return Transfer(
        exponent=exponent,
        low=exponent - half,
        high=exponent + half,
        carried=tuple(carried),
        words="; ".join([_fitted(exponent, half, len(usable)), *(_carried(one) for one in carried), *untold]),
    )


def _fitted(exponent: float, half: float, num_rungs: int) -> str:
    caution = ", through which a line always goes: a third would test it" if num_rungs == LEAST_RUNGS else ""
    return (
        f"the best learning rate falls with width to the power {exponent:.2f} ({exponent - half:.2f} to {exponent + half:.2f}; "
        f"muP says 1) over {num_rungs} rungs{caution}"
    )


def _carried(one: Carried) -> str:
    return f"{one.rung} (width {one.hidden_size:,}): try {one.learning_rate:.2g} ({one.low:.2g} to {one.high:.2g})"


def _too_few(optima: Sequence[Optimum], usable: Sequence[Optimum]) -> str:
    on_edge = [one.rung for one in optima if not one.is_inside]
    edge = f"; on {', '.join(on_edge)} the best rate lies on the edge of those tried, which bounds it only" if on_edge else ""
    return (
        f"cannot tell how the learning rate carries over to a larger model: {len(usable)} rungs have a best rate inside of what "
        f"was tried, {LEAST_RUNGS} of different width are needed{edge}. Nothing is extrapolated"
    )
