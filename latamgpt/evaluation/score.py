"""What a model got on an item, and what two models got on all of them: the types of scorecard.json."""

from collections.abc import Mapping
from dataclasses import dataclass

from latamgpt.evaluation.items import Measure
from latamgpt.records import Frozen

DECIMALS = 6


@dataclass(frozen=True)
class Score:
    """What a model got on one item.

    `value` is bits over `weight` bytes of a passage; the probability of the right choice among the choices of a question, with
    weight 1; chrF of a translation, with weight 1. `chosen` is the most probable choice of a question.
    """

    item: str
    value: float
    weight: float
    chosen: int | None = None


class ItemScore(Frozen):
    """What one model got on an item."""

    value: float
    chosen: int | None = None


class Scored(Frozen):
    """An item with what every model got on it."""

    task: str
    battery: str
    measure: Measure
    item: str
    cluster: str
    language: str
    country: str = ""
    theme: str = ""
    variety: str = ""
    weight: float
    answer: int | None = None  # of a question
    abstain: int | None = None
    stereotype: int | None = None
    scores: Mapping[str, ItemScore]  # by the model's name; a model that was not asked is not there


class Cell(Frozen):
    """Two models on the same items: a line of the scorecard.

    `measure` is bits_per_byte, probability, accuracy, chrf, or a share of choices (abstained, wrong, stereotyped); `group` says
    which items: gug, culture, culture/es, culture/CL, ability/arithmetic. `low` and `high` bound candidate - base at the
    scorecard's confidence; `p_value` is that of no difference, two-sided, `p_holm` the same with Holm's correction over its
    family; `minimum_detectable` is the true difference that would be found four times in five.
    """

    measure: str
    group: str
    num_items: int
    num_clusters: int
    base: float
    candidate: float
    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float
    minimum_detectable: float


class Scorecard(Frozen):
    """All that was measured: scorecard.json."""

    base: str  # a name in `scores`
    candidate: str
    items: tuple[Scored, ...]
    cells: tuple[Cell, ...]
