"""A delivery as a partner sends it: delivery.yaml, the documents, and a manifest that says which bytes were meant.

samples/archivo-cauca/2026-relatos/
    delivery.yaml          who sent what, under which agreement and licence, in which format and language
    manifest-sha256.txt    '<sha256>  <path>' for every other file, as in BagIt; in a bag, for data/ only
    NOTICE                 the licence's own words, kept with the texts
    textos/ ...            the documents
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator

from latamgpt.errors import OperatorError, quoted
from latamgpt.governance.contents import lines_of
from latamgpt.intake.kinds import DocumentKind
from latamgpt.intake.periods import period_of
from latamgpt.records import UNKNOWN, Frozen
from latamgpt.registry.labels import Label, Season
from latamgpt.store import sha256_file
from latamgpt.yaml_files import explain_validation, load_yaml

DELIVERY_NAME = "delivery.yaml"
FIXITY_NAME = "manifest-sha256.txt"
TAG_FIXITY_NAME = "tagmanifest-sha256.txt"
MAX_DESCRIPTION_BYTES = 1 << 17  # a delivery.yaml; reading YAML takes some 400 times its bytes
MAX_MANIFEST_BYTES = 1 << 24  # the lines of 100,000 files and more


LANGUAGE_TAG = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
"""A BCP 47 tag in the case that it recommends: language, script, region, as in 'quy', 'quc-Latn', 'es-AR', 'es-419'."""


def language_tag(tag: str) -> str:
    """A tag in the case that BCP 47 recommends: 'es-cl' -> 'es-CL', 'QUC-latn' -> 'quc-Latn'."""
    language, *others = tag.strip().split("-")
    return "-".join([language.lower(), *(part.title() if len(part) == 4 else part.upper() for part in others)])


def tag_as_written(value: object) -> object:
    """A language of a delivery.yaml, in any case; what is no text is left to be refused."""
    return language_tag(value) if isinstance(value, str) else value


def _year_as_text(value: object) -> object:
    """YAML reads a year as a number, and a day as a date."""
    return str(value) if isinstance(value, int | date) and not isinstance(value, bool) else value


class DeliveryFormat(StrEnum):
    """How the documents of a delivery are written."""

    BAGIT = "bagit"  # a bag (RFC 8493) whose data/ holds what FILES may hold
    FILES = "files"  # documents of any format that is read, each told by the end of its name
    MARKDOWN = "markdown"  # NAME.md with NAME.json (what it is) and NAME.pdf (as printed) beside it
    JSONL = "jsonl"  # a record a line; plain, .gz or .zst
    CSV = "csv"
    HTML = "html"
    TEXT = "text"


OrthographyName = Annotated[str, Field(pattern=r"^[^\W_][\w '’ʼ.-]{0,39}$")]  # Ragileo, AMLQ 1995, K'iche' ...


class Fields(Frozen):
    """Which column of a CSV file, or key of a JSON record, holds what."""

    text: str = "text"
    title: str | None = None
    language: str | None = None  # where it is empty, the delivery's language holds
    id: str | None = None
    date: str | None = None  # of the text; where none is named, columns that are called so: 'fecha', 'year' ...
    kind: str | None = None  # the same: 'tipo', 'genre' ...
    orthographies: dict[OrthographyName, str] = Field(default_factory=dict, max_length=8)  # where the text stands so spelled

    @field_validator("orthographies")
    @classmethod
    def _each_has_a_column_of_its_own(cls, columns: dict[str, str]) -> dict[str, str]:
        if len(set(columns.values())) < len(columns):
            raise ValueError("two orthographies name the same column")
        return columns

    @property
    def named(self) -> list[str]:
        """Every column or key that is named."""
        wanted = [self.text, self.title, self.language, self.id, self.date, self.kind, *self.orthographies.values()]
        return [column for column in wanted if column is not None]


class Delivery(Frozen):
    """What a partner says about one delivery."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    agreement: str  # id of an agreement in the partner's registry file
    date: date
    format: DeliveryFormat
    encoding: str = "utf-8"  # declared, never guessed: guessing is wrong for Latin-1 Portuguese and Quechua
    licence: str  # SPDX identifier under which the partner passes the texts on
    language: Annotated[str, BeforeValidator(tag_as_written), Field(pattern=LANGUAGE_TAG)] = "und"
    period: Annotated[str, BeforeValidator(_year_as_text)] | None = (
        None  # when its texts were written: '1890s', 'siglo XIX', 1890
    )
    kind: DocumentKind | None = None  # what kind of texts they are; both hold where nothing is stated with a document
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")  # where it differs from the institution's
    source: str  # a package with its version, or 'written for this project'
    notice: str  # a file in the delivery that holds the licence's notice, or a sentence
    fields: Fields = Field(default_factory=Fields)
    labels: tuple[Label, ...] = ()  # TK and BC Labels of this delivery alone, beside those of its agreement
    season: Season | None = None  # for the label tk_seasonal

    @field_validator("period")
    @classmethod
    def _period_is_one(cls, written: str | None) -> str | None:
        if written is not None and (said := period_of(written, date.max)).value == UNKNOWN:
            raise ValueError(said.fault or "says nothing: leave the key out where nobody knows")
        return written


class Fault(StrEnum):
    """What can be wrong between a manifest and the files it lists."""

    MISSING = "missing"
    CHANGED = "changed"
    UNLISTED = "unlisted"


@dataclass(frozen=True)
class FixityFault:
    """One file that is not as its manifest says."""

    path: str
    fault: Fault


def read_delivery(folder: Path) -> Delivery:
    """Read delivery.yaml.

    Raises:
        OperatorError: the file is missing, not YAML, or has a field that is unknown, missing or wrong.
    """
    path = folder / DELIVERY_NAME
    try:
        if path.stat().st_size > MAX_DESCRIPTION_BYTES:
            raise OperatorError(
                f"{path} holds {path.stat().st_size:,} bytes and is not read above {MAX_DESCRIPTION_BYTES:,}: it describes a "
                "delivery and holds none of its texts. Ask the partner what it is."
            )
        return Delivery.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise OperatorError(
            f"{path} is missing, so nothing says what the delivery is and what permits its use. Ask the partner for it."
        ) from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
    except (
        yaml.YAMLError,
        ValueError,
        IsADirectoryError,
        RecursionError,
    ) as error:  # ValueError: not UTF-8, or no day of a calendar
        raise OperatorError(f"{path} is not valid YAML in UTF-8: {error}. Mend it, or ask the partner to.") from error


def payload_paths(folder: Path, delivery: Delivery) -> list[str]:
    """The files that the manifest must list, sorted: data/ of a bag, else all but delivery.yaml and the manifest."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    if delivery.format is DeliveryFormat.BAGIT:
        return [name for name in names if name.startswith("data/")]
    return [name for name in names if name not in (DELIVERY_NAME, FIXITY_NAME)]


def fixity_lines(folder: Path, paths: Iterable[str]) -> str:
    """The text of a manifest over some files of a folder, sorted by path."""
    return "".join(f"{sha256_file(folder / path)}  {path}\n" for path in sorted(paths))


def manifest_entry(line: str) -> tuple[str, str]:
    """The sum and the path of a manifest's line, as sha256sum, bagit.py or `find . -exec sha256sum` writes it."""
    digest, _, name = line.partition(" ")
    return digest, name.lstrip(" *").removeprefix("./")


def read_fixity(path: Path) -> dict[str, str]:
    """Path -> sha256 of a manifest.

    Raises:
        OperatorError: the manifest is missing, or a line of it is no manifest line or leads out of the delivery.
    """
    if not path.is_file():
        raise OperatorError(f"{path} is missing: whether the delivery arrived whole cannot be told. Ask the partner for it.")
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise OperatorError(
            f"{path} holds {path.stat().st_size:,} bytes and is not read above {MAX_MANIFEST_BYTES:,}, the lines of 100,000 "
            "files and more. Ask the partner to send the delivery in parts."
        )
    entries: dict[str, str] = {}
    for number, line in enumerate(lines_of(path.read_text(encoding="utf-8-sig")), start=1):
        digest, name = manifest_entry(line)
        safe = name and not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
        if len(digest) != 64 or not safe or name in entries:
            raise OperatorError(
                f"{path}, line {number}: {quoted(line)} is not '<sha256>  <path inside the delivery>', or names a file twice. "
                "Nothing of the delivery is read. Ask the partner for the manifest again."
            )
        entries[name] = digest.lower()
    return entries


def fixity_faults(folder: Path, delivery: Delivery) -> list[FixityFault]:
    """Every file that is missing, changed or not listed, sorted by path; empty when the delivery arrived whole."""
    listed = read_fixity(folder / FIXITY_NAME)
    present = payload_paths(folder, delivery)
    faults = [FixityFault(name, Fault.MISSING) for name in listed.keys() - set(present)]
    faults += [FixityFault(name, Fault.UNLISTED) for name in set(present) - listed.keys()]
    faults += [
        FixityFault(name, Fault.CHANGED) for name in present if name in listed and sha256_file(folder / name) != listed[name]
    ]
    return sorted(faults, key=lambda fault: fault.path)
