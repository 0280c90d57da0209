"""Slurs by language, and in which countries a word is one: toxicity/terms/CODE.yaml; what shows that slang is none: sentences/.

A language without a file has no list: nothing in it is set aside for what it says, and the report says so.
"""

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError, model_validator

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation, load_yaml

FOLDER = Path(__file__).parent / "toxicity"
EVERYWHERE = "all"

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Read = TypeVar("Read", bound=Frozen)
Words = Annotated[str, Field(min_length=1)]


class Term(Frozen):
    """A slur in all its forms."""

    forms: tuple[Words, ...] = Field(min_length=1)
    kind: Words  # whom it is aimed at
    toxic_in: Literal["all"] | tuple[Country, ...]
    innocent_in: tuple[Country, ...] = ()  # where it means something else
    note: Words

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> "Term":
        both = sorted(set(self.toxic_in) & set(self.innocent_in))
        if both or not self.toxic_in:
            raise ValueError(f"toxic_in names no country, or one that innocent_in names too: {', '.join(both)}")
        return self

    def counts_in(self, country: str) -> bool:
        """Whether it is a slur there; of a text from nowhere known ('') only what is one everywhere counts."""
        return country not in self.innocent_in and (self.toxic_in == EVERYWHERE or country in self.toxic_in)


class TermList(Frozen):
    """The slurs of a language."""

    language: str
    terms: tuple[Term, ...]
    left_out: dict[Words, Words]  # words that other lists have and this one has not, and why

    @model_validator(mode="after")
    def _says_each_once(self) -> "TermList":
        forms = [form for term in self.terms for form in term.forms]
        twice = sorted({form for form in forms if forms.count(form) > 1} | set(self.left_out) & set(forms))
        if twice:
            raise ValueError(f"two entries speak of {', '.join(twice)}")
        return self

    def forms_in(self, country: str) -> tuple[str, ...]:
        """What is a slur in a country."""
        return tuple(form for term in self.terms if term.counts_in(country) for form in term.forms)


class Sentences(Frozen):
    """Sentences in a variety, written for this project: of its slang, which is to pass, and of hatred, which is to be seen."""

    variety: Words
    language: str
    countries: tuple[Country, ...] = Field(min_length=1)  # each sentence is judged as one from each of them
    slang: tuple[Words, ...] = Field(min_length=1)
    toxic: tuple[Words, ...] = Field(min_length=1)


class Seen(Frozen):
    """In how many of a variety's sentences the list sees a slur, in any of its countries."""

    variety: str
    language: str
    num_slang: int = Field(gt=0)
    num_slang_flagged: int = Field(ge=0)
    num_toxic: int = Field(gt=0)
    num_toxic_found: int = Field(ge=0)  # in every one of its countries


class Audit(Frozen):
    """What `latamgpt languages audit` saw, and in which lists and sentences."""

    sha256: str
    varieties: tuple[Seen, ...]


@cache
def read_term_lists(folder: Path = FOLDER) -> dict[str, TermList]:
    """The list of each language that has one.

    Raises:
        OperatorError: a file is not YAML, has an unknown or wrong field, or is of another language than its name says.
    """
    lists = {path.stem: _read(path, TermList) for path in sorted((folder / "terms").glob("*.yaml"))}
    for code, one in lists.items():
        if one.language != code:
            raise OperatorError(
                f"{folder}/terms/{code}.yaml is of the language {one.language!r}: texts would be judged by another language's "
                "slurs. Mend the name or the field."
            )
    return lists


def read_sentences(folder: Path = FOLDER) -> tuple[Sentences, ...]:
    """The sentences of every variety."""
    return tuple(_read(path, Sentences) for path in sorted((folder / "sentences").glob("*.yaml")))


def read_audit(folder: Path = FOLDER) -> Audit:
    """What the last audit saw.

    Raises:
        OperatorError: the lists or sentences have changed since.
    """
    audit = _read(folder / "audit.yaml", Audit)
    if audit.sha256 != digest(folder):
        raise OperatorError(
            f"{folder}/audit.yaml is of other lists or sentences than those beside it, so nothing says whether they take "
            "slang for hatred. Run: latamgpt languages audit"
        )
    return audit


def write_audit(audit: Audit, folder: Path = FOLDER) -> None:
    """Write audit.yaml, whole or not at all.

    Raises:
        OperatorError: the disk, or the permissions of its folder, refused.
    """
    head = "# Written by `latamgpt languages audit` from terms/ and sentences/; a test holds it equal to what they give.\n"
    text = yaml.safe_dump(audit.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
    draft = folder / ".audit.yaml.draft"
    try:
        draft.write_text(head + text, encoding="utf-8", newline="\n")
        draft.replace(folder / "audit.yaml")
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OperatorError(
            f"{folder}/audit.yaml could not be written: {error.strerror}. It says what the lists saw before, and the corpus gate "
            "refuses it once they change. Free some space or mend the permissions, or run the command in a checkout."
        ) from error


def digest(folder: Path = FOLDER) -> str:
    """The sha256 of all lists and sentences."""
    files = sorted([*(folder / "terms").glob("*.yaml"), *(folder / "sentences").glob("*.yaml")])
    sums = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def _read(path: Path, kind: type[Read]) -> Read:
    try:
        return kind.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise OperatorError(f"{path} cannot be read: {error}. Restore or mend it and run the command again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
