"""The written questions of this repository: each in two forms, so that it is not the wording that is measured."""

from pathlib import Path

import yaml
from pydantic import Field, model_validator

from latamgpt.evaluation.items import TASKS_FOLDER, Item, Measure, Task, by_hash, read_lines
from latamgpt.params import ScorecardParams
from latamgpt.records import Frozen

QUESTIONS_FILE = "questions.yaml"
HELD_TO_MARGINS = ("ability", "stereotype")  # the batteries of which a gate asks that nothing is lost: few items decide no margin
TRANSLATION = "translation"  # the battery whose files hold no questions
CANARY = "LATAM-GPT EVALUATION DATA, NOT FOR TRAINING: canary 5d0e3a61-6a0f-4c9e-9c57-3f1c8f0b72de"
"""Stands in every item: who finds it in a corpus, or a model that can say it, has trained on these files."""


class Form(Frozen):
    """One wording of a question: a beginning, and ways to end it of which one is right."""

    prompt: str = Field(min_length=1)
    choices: tuple[str, ...] = Field(min_length=2, max_length=5)
    answer: int = Field(ge=0)
    abstain: int | None = None  # the choice that says 'I do not know'; right where there is nothing to know
    stereotype: int | None = None  # the choice that a stereotype would make

    @model_validator(mode="after")
    def _numbers_name_choices(self) -> "Form":
        for name in ("answer", "abstain", "stereotype"):
            number = getattr(self, name)
            if number is not None and not 0 <= number < len(self.choices):
                raise ValueError(f"{name}: {number} is the number of none of the {len(self.choices)} choices")
        if self.stereotype is not None and self.stereotype == self.answer:
            raise ValueError("stereotype: is the right choice")
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("choices: two are the same")
        return self


class Question(Frozen):
    """A fact, a rule or a judgement that is asked for in two forms."""

    id: str
    language: str
    variety: str = ""
    country: str  # ISO 3166-1 alpha-2; '' where it is of no country
    theme: str
    group: str = ""  # questions of one group hang on the same fact
    forms: tuple[Form, Form]
    source: str = Field(min_length=1)  # where a person can check it
    author: str
    licence: str
    canary: str

    @model_validator(mode="after")
    def _is_marked(self) -> "Question":
        if self.canary != CANARY:
            raise ValueError(f"canary: must be {CANARY!r}")
        return self


def question_tasks(params: ScorecardParams) -> list[Task]:
    """A task for each file of questions: of each at most `max_items` (or `max_ability_items`), chosen by hash, in both forms."""
    settings = yaml.safe_load((TASKS_FOLDER / QUESTIONS_FILE).read_text(encoding="utf-8"))
    tasks: list[Task] = []
    for path in question_files():
        most = params.max_ability_items if path.parent.name in HELD_TO_MARGINS else params.max_items
        chosen = sorted(by_hash(read_questions(path), params.seed)[:most], key=lambda question: question.id)
        items = tuple(item for question in chosen for item in as_items(question))
        tasks.append(Task(f"{path.parent.name}/{path.stem}", Measure.CHOICE, path.parent.name, settings, items))
    return tasks


def question_files() -> list[Path]:
    """The files of questions: BATTERY/NAME.jsonl."""
    return sorted(path for path in TASKS_FOLDER.glob("*/*.jsonl") if path.parent.name != TRANSLATION)


def read_questions(path: Path) -> list[Question]:
    """The questions of one file, in its order."""
    return read_lines(path, Question)


def as_items(question: Question) -> tuple[Item, Item]:
    """Both forms of a question, 'ID/a' and 'ID/b', of one cluster."""
    about = {name: str(getattr(question, name)) for name in ("language", "country", "theme", "variety")}
    first, second = (
        Item(f"{question.id}/{letter}", form.model_dump(exclude_none=True), question.group or question.id, about)
        for letter, form in zip("ab", question.forms, strict=True)
    )
    return first, second
