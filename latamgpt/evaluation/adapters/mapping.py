"""How a published set of questions is read: which columns hold what, and how a model is asked."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import read_named

FOLDER = Path(__file__).parent


class Kind(StrEnum):
    """Where the choices of a question stand."""

    DISTRACTORS = "distractors"  # the right one in a column, the wrong ones in others
    OPTIONS = "options"  # all in columns, or in one that holds a list; another column says which is right
    LABELS = "labels"  # the same for every row: sentences in `labels`, by the name that a column gives
    OTHERS = "others"  # nowhere, since the question is open: wrong ones are right ones of like rows


class Columns(Frozen):
    """Names of columns; '' where the set has none."""

    answer: str
    id: str = ""
    cluster: str = ""  # rows that hang together: of one article, of one entity
    country: str = ""
    theme: str = ""
    language: str = ""
    choices: tuple[str, ...] = ()  # of wrong choices, or of all; or the one that holds a list
    alike: tuple[str, ...] = ()  # for open questions: rows with the same values have answers of one kind


class Adapter(Frozen):
    """One published set."""

    name: str = Field(default="", pattern=r"^[a-z0-9_]+$")  # of its file
    source: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    format: str = Field(min_length=1)  # from where it is known
    kind: Kind
    language: str = ""  # ISO 639; '' where a column says it
    prompt: str = Field(min_length=1)  # with {COLUMN} for what a column holds
    labels: Mapping[str, str] = {}  # of the kind labels, in the order of their numbers, with {COLUMN} too
    columns: Columns

    @model_validator(mode="after")
    def _says_where_choices_are(self) -> Self:
        if self.kind in (Kind.DISTRACTORS, Kind.OPTIONS) and not self.columns.choices:
            raise ValueError(f"columns.choices: is empty, and the kind {self.kind.value} has its choices there")
        if self.kind is Kind.LABELS and len(self.labels) < 2:
            raise ValueError("labels: has fewer than two")
        if not self.language and not self.columns.language:
            raise ValueError("language: is missing, and so is columns.language")
        return self


def read_adapter(name: str) -> Adapter:
    """An adapter by the name of one that comes with this program, or by the path of a file.

    Raises:
        OperatorError: there is none, or its file is wrong.
    """
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in FOLDER.glob("*.yaml")))
        raise OperatorError(
            f"there is no adapter {name!r}. It says which columns of a file hold what. Choose one of {known}, or give a .yaml "
            "file: docs/peers.md says how one is written."
        )
    return read_named(path, Adapter)
