"""What a text of each language must reach: languages/CODE.yaml, a file for its community to review; default.yaml for others."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from latamgpt.errors import OperatorError
from latamgpt.params import QualityThresholds
from latamgpt.records import Frozen, Table
from latamgpt.yaml_files import explain_validation, load_yaml

FOLDER = "languages"
DEFAULT = "default"
NOT_REVIEWED = "not yet reviewed by its community"
NOT_YET = "not yet"
REVIEWED = "reviewed by its community"  # a column
REFERENCES = "latamgpt/curation/"  # where reference texts lie, which a table need not say of each
HEAD = """\
# What a text in this language must reach. `latamgpt languages learn` writes it from the sources below. The community whose
# language it is has the last word: it sets a value under overrides (threshold, value, by, day, reason), and says under
# reviewed_by, reviewed_on and decision who looked at it, when, and what they decided. See docs/fairness.md.
"""

Words = Annotated[str, Field(min_length=1)]


class Method(StrEnum):
    """Where a file's thresholds come from."""

    LEARNED = "learned"  # by latamgpt/curation/learning.py, from the sources that the file names
    CHOSEN = "chosen"  # by hand, for the reason that the file gives


class Spread(Frozen):
    """How a measure lies over the passages of a reference text."""

    mean: float = Field(ge=0)
    deviation: float = Field(ge=0)  # standard deviation


class Evidence(Frozen):
    """What thresholds were learned from."""

    sources: tuple[Words, ...] = Field(min_length=1)  # files, or data/documents/PARTNER: its documents declared in this language
    num_passages: int = Field(gt=0)
    num_words: int = Field(gt=0)
    num_dropped: int = Field(ge=0)  # of the passages, by the thresholds in force
    mean_word_chars: Spread
    letter_share: Spread
    chars_per_word: Spread  # the space between them counted in
    noisy_share: Spread


class Override(Frozen):
    """A threshold that a reviewer sets against what was learned."""

    threshold: str
    value: float
    by: Words  # the person or body, as they want to be named
    day: date  # not `on`, which YAML reads as true
    reason: Words

    @field_validator("threshold")
    @classmethod
    def _is_one(cls, name: str) -> str:
        if name not in QualityThresholds.model_fields:
            raise ValueError(f"names none of {', '.join(QualityThresholds.model_fields)}")
        return name


class LanguageFile(Frozen):
    """The thresholds of one language, where they come from, and who looked at them."""

    language: str = Field(pattern=rf"^([a-z]{{2,3}}|{DEFAULT})$")
    method: Method
    reason: str = ""  # of what is chosen by hand
    reviewed_by: Words = NOT_REVIEWED
    reviewed_on: date | None = None
    decision: str = ""  # of the review, in the words of those who made it
    changed_since_review: tuple[str, ...] = ()  # thresholds that were learned anew; who reviews again takes it out
    thresholds: QualityThresholds
    evidence: Evidence | None = None
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> "LanguageFile":
        if (self.method is Method.LEARNED) != (self.evidence is not None):
            raise ValueError("evidence is there if, and only if, method is learned")
        if self.method is Method.CHOSEN and not self.reason.strip():
            raise ValueError("method is chosen, and reason does not say why")
        if len({self.reviewed_by != NOT_REVIEWED, self.reviewed_on is not None, bool(self.decision.strip())}) > 1:
            raise ValueError("reviewed_by says who, reviewed_on when, and decision what was decided: all three or none")
        if self.changed_since_review and self.reviewed_on is None:
            raise ValueError("changed_since_review is there, and no review")
        names = [one.threshold for one in self.overrides]
        if len(set(names)) < len(names):
            raise ValueError("overrides sets a threshold twice")
        self.in_force()
        return self

    @property
    def review(self) -> str:
        """What its community said, in a sentence; also where it was not asked yet."""
        if self.reviewed_on is None:
            return NOT_YET
        said = f"{self.reviewed_by} on {self.reviewed_on}: {self.decision}"
        return "; ".join([said, *to_review_again(self)])

    def in_force(self) -> QualityThresholds:
        """The thresholds, a reviewer's word above what was learned."""
        overridden = {one.threshold: one.value for one in self.overrides}
        return QualityThresholds.model_validate({**self.thresholds.model_dump(), **overridden})


def languages_folder(root: Path) -> Path:
    """Where the files lie."""
    return root / FOLDER


def read_languages(root: Path) -> dict[str, LanguageFile]:
    """Every languages/CODE.yaml by its code, `default` among them.

    Raises:
        OperatorError: there is no default.yaml, or a file is not YAML, has a field that is unknown or wrong, or names another
            language than its own name does.
    """
    files = {path.stem: _read(path) for path in sorted(languages_folder(root).glob("*.yaml"))}
    if DEFAULT not in files:
        raise OperatorError(
            f"{languages_folder(root) / DEFAULT}.yaml is missing: it says what a text must reach in a language without a file. "
            f"Restore it with `git checkout {FOLDER}`."
        )
    return files


def thresholds_in_force(root: Path) -> dict[str, QualityThresholds]:
    """What a text must reach, by language; under `default` for all others."""
    return {code: file.in_force() for code, file in read_languages(root).items()}


def standing_overrides(file: LanguageFile) -> list[str]:
    """What a community set against what was learned, in words: it holds, whatever is learned."""
    own = file.thresholds.model_dump()
    return [
        f"{one.threshold} stays {one.value:g}, set by {one.by} on {one.day} (learned: {own[one.threshold]:g})"
        for one in file.overrides
    ]


def to_review_again(file: LanguageFile) -> list[str]:
    """What a review did not see, in words; nothing where it saw all."""
    changed = ", ".join(file.changed_since_review)
    return [f"changed since that review, ask again: {changed}"] if changed else []


def language_text(file: LanguageFile) -> str:
    """What languages/CODE.yaml holds."""
    values = file.model_dump(mode="json", exclude_defaults=True)
    values = {"language": file.language, "method": str(file.method), "reviewed_by": file.reviewed_by, **values}
    return HEAD + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120)


def thresholds_table(files: Mapping[str, LanguageFile]) -> Table:
    """What is asked of each language, who of its community looked at it, and where it is from."""
    names = tuple(QualityThresholds.model_fields)
    rows = tuple(
        (
            code,
            *(getattr(file.in_force(), name) for name in names),
            file.review,
            str(file.method) + ", overridden" * bool(file.overrides),
            file.evidence.num_passages if file.evidence else None,
            file.evidence.num_words if file.evidence else None,
            ", ".join(one.removeprefix(REFERENCES) for one in file.evidence.sources) if file.evidence else file.reason,
        )
        for code, file in files.items()
    )
    return Table(name="thresholds", columns=("language", *names, REVIEWED, "method", "passages", "words", "from"), rows=rows)


def _read(path: Path) -> LanguageFile:
    try:
        file = LanguageFile.model_validate(load_yaml(path.read_text(encoding="utf-8"), ours=True))
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
    if file.language != path.stem:
        raise OperatorError(
            f"{path} is of the language {file.language!r}, and its name says {path.stem!r}. One of the two is wrong, and texts "
            "would be judged by another language's thresholds. Mend the name or the field."
        )
    return file
