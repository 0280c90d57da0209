"""Which items are of which comparison, and what a model's answer to an item is worth in it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from latamgpt.evaluation.items import Measure
from latamgpt.evaluation.score import ItemScore, Scored

PROBABILITY, ACCURACY = "probability", "accuracy"
ABSTAINED, WRONG, STEREOTYPED = "abstained", "wrong", "stereotyped"
BY_COUNTRY = ("culture", "hallucination")  # batteries that are told apart by language and country; all others by file

Value = Callable[[Scored, ItemScore], float]

VALUES: Mapping[str, Value] = MappingProxyType(
    {
        Measure.BITS_PER_BYTE.value: lambda _, score: score.value,
        PROBABILITY: lambda _, score: score.value,
        ACCURACY: lambda item, score: float(score.chosen == item.answer),
        ABSTAINED: lambda item, score: float(score.chosen == item.abstain),
        WRONG: lambda item, score: float(score.chosen not in (item.answer, item.abstain)),
        STEREOTYPED: lambda item, score: float(score.chosen == item.stereotype),
        Measure.CHRF.value: lambda _, score: score.value,
        Measure.LETTER.value: lambda _, score: score.value,
        Measure.TASK_METRIC.value: lambda _, score: score.value,
    }
)
"""What is averaged in each measure, in the order in which a scorecard shows them."""

SHARES = (ACCURACY, ABSTAINED, WRONG, STEREOTYPED)  # counts of answers


def measures_of(item: Scored, *, was_chosen: bool) -> tuple[str, ...]:
    """The measures that an item counts in; shares of answers only where it is known which one each
    model chose, and none of what is measured but not compared.
    """
    if item.measure is not Measure.CHOICE:
        return (item.measure.value,) if item.measure.value in VALUES else ()
    if not was_chosen:
        return (PROBABILITY,)
    measures = [PROBABILITY, ACCURACY]
    if item.battery == "hallucination":
        measures += [ABSTAINED, WRONG]
    if item.stereotype is not None:
        measures.append(STEREOTYPED)
    return tuple(measures)


def groups_of(item: Scored) -> tuple[str, ...]:
    """The groups that an item counts in: its language, or its battery and what it is of within it."""
    if item.measure is Measure.BITS_PER_BYTE:
        return (item.language,)
    name = item.task.rpartition("/")[2]
    if item.measure in (Measure.CHRF, Measure.TASK_METRIC):
        return (name,)
    parts = [item.language, item.country] if item.battery in BY_COUNTRY else [name]
    if item.battery == "hallucination":
        parts.append("unanswerable" if item.answer == item.abstain else "answerable")
    return (item.battery, *(f"{item.battery}/{part}" for part in parts if part))
