"""What is stated with a document of when it was written and what kind of text it is: in which fields, and what of it counts."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from latamgpt.intake.kinds import DocumentKind, kind_of
from latamgpt.intake.periods import Understood, period_of
from latamgpt.records import UNKNOWN

if TYPE_CHECKING:
    from latamgpt.intake.delivery import Delivery
    from latamgpt.intake.found import Found

MAX_STATED = 8  # values that one document's fields are asked for
MAX_CHARS = 200  # of one of them
DATE_NAMES = (
    "datepublished", "publicationdate", "fechadepublicacion", "fechapublicacion", "datadepublicacao", "datapublicacao",
    "publishedtime", "coverdate", "dateissued", "issued", "anodepublicacion", "aniodepublicacion", "anodepublicacao", "period",
    "periodo", "decade", "decada", "century", "siglo", "seculo", "date", "fecha", "year", "ano", "anio",
)  # fmt: skip
"""Names of fields that hold a text's date, in small letters without accents, blanks and signs; the surest first.

Never those of a file or a record: created, modified, captured, uploaded, accessed. Nor `data`: in Portuguese a date, in
Spanish and English anything; a delivery's description may name that column.
"""
KIND_NAMES = (
    "kind", "documentkind", "genre", "genero", "tipologia", "tipodedocumento", "tipodocumento", "documenttype", "doctype", "type",
    "tipo",
)  # fmt: skip
"""Fields of categories name a subject as often as a kind, and are not asked."""
TRANSCRIPTS = (".eaf", ".textgrid")


@dataclass(frozen=True)
class Described:
    """When a document was written and what kind of text it is; and what was said of it that is not understood."""

    period: str = UNKNOWN
    kind: str = UNKNOWN
    date_fault: str = ""
    kind_fault: str = ""


NOT_DESCRIBED = Described()


def describe(found: "Found", delivery: "Delivery", last_day: date) -> Described:
    """By what is stated with the document; else by what its delivery says of all; else, of its kind, by the format of its file.

    A date that is wrong stays wrong: the delivery's is not put in its place.
    """
    period = _first([period_of(written, last_day) for written in found.dates[:MAX_STATED]])
    if not period.fault and period.value == UNKNOWN and delivery.period:
        period = period_of(delivery.period, last_day)
    kind = kind_of(found.kinds[:MAX_STATED])
    value = kind.value if kind.value != UNKNOWN or kind.is_contradicted else str(delivery.kind or _by_format(found.path))
    return Described(period.value, value, period.fault, kind.fault if value == UNKNOWN else "")


def _first(read: list[Understood]) -> Understood:
    """The first that says something; else why the first of the others does not."""
    known = next((one for one in read if one.value != UNKNOWN), None)
    return known or next((one for one in read if one.fault), Understood())


def _by_format(path: str) -> str:
    """What linguists annotate speech in holds an oral record; other formats hold anything: subtitles may be a film's."""
    suffix = PurePosixPath(path.partition("#")[0]).suffix.lower()
    return str(DocumentKind.ORAL_RECORD) if suffix in TRANSCRIPTS else UNKNOWN


def dates_in(values: Mapping[str, object], column: str | None = None, taken: Collection[str] = ()) -> tuple[str, ...]:
    """The dates in fields that are named so and not `taken`, the surest first; only those in `column` where one is named."""
    return _under(values, DATE_NAMES, column, taken)


def kinds_in(values: Mapping[str, object], column: str | None = None, taken: Collection[str] = ()) -> tuple[str, ...]:
    """The words for a kind in fields that are named so and not `taken`; only those in `column` where one is named."""
    return _under(values, KIND_NAMES, column, taken)


def is_stated_in(name: str) -> bool:
    """Whether a field of this name holds a date or a kind."""
    return squeezed(name) in (*DATE_NAMES, *KIND_NAMES)


def squeezed(name: str) -> str:
    """A field's name as it is compared: 'Fecha de publicación' -> 'fechadepublicacion', 'dcterms:issued' -> 'issued'."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "", re.sub(r"^(?:dc|dcterms|schema)[.:]", "", bare.strip().casefold()))


def brief(values: Iterable[str]) -> tuple[str, ...]:
    """Values as a reader hands them on: each once, few, and not long."""
    return tuple(dict.fromkeys(value.strip()[:MAX_CHARS] for value in values if value.strip()))[:MAX_STATED]


def _under(values: Mapping[str, object], names: tuple[str, ...], column: str | None, taken: Collection[str]) -> tuple[str, ...]:
    if column is not None:
        return brief(_words(values.get(column)))
    named: dict[str, list[str]] = {}
    for key, value in values.items():
        if (name := squeezed(key)) in names and key not in taken:
            named.setdefault(name, []).extend(_words(value))
    return brief(word for name in names for word in named.get(name, []))


def _words(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case bool():
            return []
        case int() | float():
            return [str(value)]
        case list():
            return [word for one in cast("list[object]", value)[:MAX_STATED] if not isinstance(one, list) for word in _words(one)]
        case _:
            return []
