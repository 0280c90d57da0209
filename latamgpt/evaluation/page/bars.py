"""What models know, get wrong and leave open, country by country."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latamgpt.evaluation.score import Scored

BATTERY = "hallucination"
OUTCOMES = ("knows", "wrong", "abstains")

Shares = tuple[tuple[str, float], ...]
"""Of a model's answers, 0 to 1, by outcome; only the outcomes that are possible."""


@dataclass(frozen=True)
class Place:
    """The models side by side on a country's questions; '' is all countries."""

    country: str
    num: int  # of answers of each model
    models: tuple[str, ...]
    answerable: Mapping[str, Shares]  # by model; one that was not asked is not there
    unanswerable: Mapping[str, Shares]


def bars(items: Sequence[Scored], models: Sequence[str]) -> list[Place]:
    """All countries together, then each; empty where nothing of the battery was asked."""
    asked = [item for item in items if item.battery == BATTERY and item.answer is not None]
    if not asked:
        return []
    places = ["", *sorted({item.country for item in asked if item.country})]
    return [_place(place, [item for item in asked if not place or item.country == place], models) for place in places]


def _place(country: str, items: Sequence[Scored], models: Sequence[str]) -> Place:
    closed = _bars([item for item in items if item.answer != item.abstain], models, OUTCOMES)
    open_ones = _bars([item for item in items if item.answer == item.abstain], models, OUTCOMES[1:])
    return Place(
        country, len(items), tuple(model for model in models if model in closed or model in open_ones), closed, open_ones
    )


def _bars(items: Sequence[Scored], models: Sequence[str], outcomes: Sequence[str]) -> dict[str, Shares]:
    found: dict[str, Shares] = {}
    for model in models:
        told = [_outcome(i, chosen) for i in items if model in i.scores and (chosen := i.scores[model].chosen) is not None]
        if told:
            found[model] = tuple((outcome, told.count(outcome) / len(told)) for outcome in outcomes)
    return found


def _outcome(item: Scored, chosen: int) -> str:
    if chosen == item.abstain:
        return "abstains"
    return "knows" if chosen == item.answer else "wrong"
