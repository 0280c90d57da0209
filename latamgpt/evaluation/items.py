"""What models are asked, whatever it is: an item, the task that it is of, and how files of them are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

import orjson
from pydantic import ValidationError

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation

TASKS_FOLDER = Path(__file__).parent / "tasks"


class Measure(StrEnum):
    """What the items of a task yield: fewer bits per byte are better, of all others more."""

    BITS_PER_BYTE = "bits_per_byte"  # of a passage
    CHOICE = "choice"  # the probability of a question's right choice among its choices
    CHRF = "chrf"  # of a translation, 0 to 100
    VERBATIM = "verbatim"  # tokens of a partner's text that a model says word for word; in no comparison, see memorisation.py
    LETTER = "accuracy_by_letter"  # right answers of a chat model that is asked for a letter; of peers alone
    TASK_METRIC = "task_metric"  # what a task of lm-evaluation-harness yields by item, as it defines it; of profiles alone


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """Its name in its file."""
        ...


Asked = TypeVar("Asked", bound=Named)
Record = TypeVar("Record", bound=Frozen)


@dataclass(frozen=True)
class Item:
    """One thing that is asked: `fields` is what lm-evaluation-harness reads as a document of its task.

    Items of one `cluster` hang together (two forms of a question, passages of a document), so that they count as one thing
    when asked how sure a mean is. `about` says where it belongs: language, country, theme, variety.
    """

    id: str
    fields: Mapping[str, object]
    cluster: str = ""
    about: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Task:
    """Items of one measure, with the harness's own configuration of the task."""

    name: str  # bits_per_byte/gug, culture/ar: one file of items; a scorecard is taken up again at a task
    measure: Measure
    battery: str  # culture, ability, variety, stereotype, hallucination, indigenous, translation; '' of passages
    settings: Mapping[str, object]
    items: tuple[Item, ...]


def digest_of_fields(fields: Mapping[str, object]) -> str:
    """What is asked in 16 characters: an item that was changed is another item, whatever its id."""
    return sha256(orjson.dumps(dict(fields), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def by_hash(things: Sequence[Asked], seed: int) -> list[Asked]:
    """The same order on every machine, whatever the order in which they came."""
    return sorted(things, key=lambda thing: sha256(f"{seed} {thing.id}".encode()).digest())


def read_lines(path: Path, kind: type[Record]) -> list[Record]:
    """The records of a JSON Lines file, in its order.

    Raises:
        OperatorError: the file is missing, or a line is no such record; file, line and key are named.
    """
    if not path.is_file():
        raise OperatorError(f"{path} is missing: it holds what both models are asked. Restore it with `git checkout {path}`.")
    records: list[Record] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            records.append(kind.model_validate(orjson.loads(line)))
        except orjson.JSONDecodeError as error:
            raise OperatorError(f"{path}, line {number} is not JSON: {error}. Mend the line, then run again.") from error
        except ValidationError as error:
            raise OperatorError(explain_validation(f"{path}, line {number}", error)) from error
    return records
