"""What a model got on an item, and what two models got on all of them: the types of scorecard.json."""

from collections.abc import Mapping
from dataclasses import dataclass

from latamgpt.evaluation.items import Measure
from latamgpt.records import Frozen

DECIMALS = 6
SCORECARD_NAME = "scorecard.json"


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
    asked: str = ""  # a digest of what was asked
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
    scorecard's confidence, `bootstrap_low` and `bootstrap_high` do so by another way; `standard_error` is that of the difference
    with items counted by cluster, `standard_error_by_item` that if every item stood alone. `p_value` is that of no difference,
    two-sided, `p_holm` the same with Holm's correction over its family; `minimum_detectable` is the true difference that would
    be found four times in five. docs/evaluation-statistics.md says how each is computed.
    """

    measure: str
    group: str
    num_items: int
    num_clusters: int
    base: float
    candidate: float
    difference: float
    standard_error: float
    standard_error_by_item: float
    low: float
    high: float
    bootstrap_low: float
    bootstrap_high: float
    p_value: float
    p_holm: float
    minimum_detectable: float


class Made(Frozen):
    """What made a scorecard: two that were made otherwise may measure otherwise."""

    code: str = ""  # sha256 of the evaluation's code
    settings: Mapping[str, str] = {}  # the parameters of the stage, by name
    weights: Mapping[str, str] = {}  # sha256 of each model's manifest, by the model's name


class Memorised(Frozen):
    """How much of a partner's texts two models continue word for word: counts, never text.

    Of `num_tokens` tokens behind the beginnings of `num_passages` passages, so many were said before the first other one;
    `exact` counts passages of which all were.
    """

    partner: str
    seen: str  # training or held_out
    num_passages: int
    num_tokens: int
    base_verbatim: int
    candidate_verbatim: int
    base_longest: int
    candidate_longest: int
    base_exact: int
    candidate_exact: int


class LetterShare(Frozen):
    """How many of a group's answers by letter were right; `low` and `high` bound the share at the scorecard's confidence."""

    group: str
    num_items: int
    num_clusters: int
    share: float
    low: float
    high: float


class PeerColumn(Frozen):
    """Another model that was asked what ours were asked, or was to be: then `not_run` says why there are no numbers."""

    name: str
    model: str  # as its endpoint calls it
    protocol: str  # likelihood or letter: what one yields is compared with nothing that the other yields
    licence: str
    not_run: str = ""
    reported: tuple[str, ...] = ()  # the model's names in the endpoint's answers
    first_day: str = ""
    last_day: str = ""
    us_dollars: float | None = None
    num_items: int = 0
    num_changed: int = 0  # of its items, those that are asked no more, or in other words: left out
    num_unread: int = 0  # answers by letter that were none; they count as wrong
    cells: tuple[Cell, ...] = ()  # the candidate against it, by likelihood: `base` is the peer
    shares: tuple[LetterShare, ...] = ()  # by letter


class Scorecard(Frozen):
    """All that was measured: scorecard.json."""

    base: str  # a name in `scores`
    candidate: str
    confidence: float = 0.95  # of every interval
    made: Made = Made()
    items: tuple[Scored, ...]
    cells: tuple[Cell, ...]
    memorisation: tuple[Memorised, ...] = ()
    peers: tuple[PeerColumn, ...] = ()
