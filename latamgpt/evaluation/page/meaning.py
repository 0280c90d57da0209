"""What a comparison says to a person: in which unit, which way is better, and whether it says anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from latamgpt.evaluation.page.words import PASSAGES, Words, battery_of
from latamgpt.evaluation.score import Cell
from latamgpt.pages import decimal

LEVELS = ("base", "candidate")
PERCENT = "%"


@dataclass(frozen=True)
class Meaning:
    """How a measure is read: shown times `scale` with so many decimals; `better` is 1 where more is better, -1 where less is."""

    unit: str  # of a difference, a key of words.yaml; '' where the measure's own name has to do
    scale: float
    places: int
    better: int


MEANINGS = {
    PASSAGES: Meaning("bits_per_byte", 1, 3, -1),
    "probability": Meaning("points", 100, 2, 1),
    "accuracy": Meaning("points", 100, 2, 1),
    "abstained": Meaning("points", 100, 2, 0),
    "wrong": Meaning("points", 100, 2, -1),
    "stereotyped": Meaning("points", 100, 2, -1),
    "chrf": Meaning("chrf", 1, 2, 1),
    "accuracy_by_letter": Meaning("points", 100, 2, 1),
    "task_metric": Meaning("", 1, 3, 1),
}
UNKNOWN = Meaning("", 1, 3, 0)
HEADLINES = {"probability": ("culture", "hallucination", "variety", "indigenous"), "stereotyped": ("stereotype",)}
"""Batteries that are said in one line, by the measure that says it; abilities and translations are said one by one."""

ORDER = ("probability", "stereotyped", PASSAGES, "chrf")
"""Of the measures in the first sentence."""


class Verdict(StrEnum):
    """What a comparison allows to say."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"  # beyond chance, of a measure that has no better side
    UNSURE = "unsure"


SAID = {Verdict.GAINED: "gained", Verdict.LOST: "lost", Verdict.CHANGED: "changed", Verdict.UNSURE: "cannot tell"}
"""In the tables of reports and of the terminal."""


def meaning(measure: str) -> Meaning:
    """How a measure is read."""
    return MEANINGS.get(measure, UNKNOWN)


def judge(cell: Cell, alpha: float) -> Verdict:
    """Gained or lost only where Holm's correction leaves a p-value below `alpha`, and the interval does not hold 0 either."""
    if cell.p_holm >= alpha or cell.low <= 0 <= cell.high:
        return Verdict.UNSURE
    way = meaning(cell.measure).better * cell.difference
    return Verdict.GAINED if way > 0 else Verdict.LOST if way < 0 else Verdict.CHANGED


def headlines(cells: Sequence[Cell]) -> list[Cell]:
    """What the first sentence counts: each language, each ability, each translation, and each other battery once.

    Batteries come first, and among what is alike the largest differences.
    """
    found = [
        cell
        for cell in cells
        if cell.measure in (PASSAGES, "chrf")
        or cell.group in HEADLINES.get(cell.measure, ())
        or (cell.measure == "probability" and battery_of(cell) == "ability" and cell.group != "ability")
    ]
    return sorted(found, key=lambda cell: (ORDER.index(cell.measure), battery_of(cell) == "ability", -abs(cell.difference)))


def figure(cell: Cell, part: str, words: Words) -> str:
    """One number of a comparison as a person reads it, without its unit: a difference carries its sign."""
    how = meaning(cell.measure)
    value: float = getattr(cell, part) * how.scale
    signed = part in ("difference", "low", "high")
    places = how.places - 1 if part in LEVELS and how.unit == "points" else how.places
    return decimal(value, places, words.language, signed=signed)


def unit(cell: Cell, words: Words) -> str:
    """The unit of a difference."""
    key = meaning(cell.measure).unit
    return words.sections["units"][key] if key else words.measure(cell.measure)


def level_unit(cell: Cell, words: Words) -> str:
    """The unit of a level: what is a share is shown in per cent."""
    return PERCENT if meaning(cell.measure).unit == "points" else unit(cell, words)
