"""Questions on which two models chose different answers, with their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from latamgpt.evaluation.items import digest_of_fields
from latamgpt.evaluation.questions import as_items, question_files, read_questions
from latamgpt.evaluation.score import Scored


@dataclass(frozen=True)
class Wording:
    """One form of a question as a person reads it."""

    prompt: str
    choices: tuple[str, ...]
    source: str
    digest: str  # of what models are asked


class Turn(StrEnum):
    """How a difference counts."""

    GAINED = "gained"
    LOST = "lost"
    OTHER = "other"


@dataclass(frozen=True)
class Differing:
    """A form of a question, what it says where that is known, and who chose which answer."""

    item: Scored
    wording: Wording | None
    turn: Turn
    chosen: Mapping[int, tuple[str, ...]]  # the models by the number of their choice

    @property
    def choices(self) -> list[str]:
        """The answers to choose from; '' each where their words are not known."""
        if self.wording is not None:
            return list(self.wording.choices)
        return [""] * (1 + max(*self.chosen, self.item.answer or 0))


@cache
def wordings() -> Mapping[tuple[str, str], Wording]:
    """Every form of every written question, by its task and item; read once in a process, since there are thousands."""
    found: dict[tuple[str, str], Wording] = {}
    for path in question_files():
        for question in read_questions(path):
            for item, form in zip(as_items(question), question.forms, strict=True):
                words = Wording(form.prompt, form.choices, question.source, digest_of_fields(item.fields))
                found[f"{path.parent.name}/{path.stem}", item.id] = words
    return found


def differing(items: Sequence[Scored], base: str, candidate: str, known: Mapping[tuple[str, str], Wording]) -> list[Differing]:
    """In the items' order. A question whose words have changed since it was asked is shown without them."""
    found: list[Differing] = []
    for item in items:
        if item.answer is None or base not in item.scores or candidate not in item.scores:
            continue
        before, after = item.scores[base].chosen, item.scores[candidate].chosen
        if before == after or before is None or after is None:
            continue
        turn = Turn.GAINED if after == item.answer else Turn.LOST if before == item.answer else Turn.OTHER
        chosen: dict[int, tuple[str, ...]] = {}
        for model, score in item.scores.items():
            if score.chosen is not None:
                chosen[score.chosen] = (*chosen.get(score.chosen, ()), model)
        wording = known.get((item.task, item.item))
        found.append(Differing(item, wording if wording and item.asked in ("", wording.digest) else None, turn, chosen))
    return found
