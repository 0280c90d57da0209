"""What lies beside a scan: the OCR result (NAME.ocr.json) and people's corrections of it (NAME.corrections.json).

OCR is not run by the stage. Its result depends on an engine, its version and its language packs, which are no part of a
delivery and differ between machines; so it is made once, by `latamgpt ocr`, and becomes a file of the delivery like any other.
"""

import hashlib
from collections import Counter
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import FailFast, Field, ValidationError, field_validator

from latamgpt.errors import OperatorError
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import Source
from latamgpt.intake.strict_json import refuse_repeated_keys
from latamgpt.records import Frozen
from latamgpt.store import sha256_file

OCR_SUFFIX = ".ocr.json"
CORRECTIONS_SUFFIX = ".corrections.json"
SHA256 = r"^[0-9a-f]{64}$"


class OcrPage(Frozen):
    """One page as the engine read it."""

    number: int = Field(ge=1)
    text: str  # lines as printed, columns one after the other, a blank line between paragraphs
    confidence: float = Field(ge=0, le=100)  # the mean of its words, each by its length; 0 where there is none
    num_words: int = Field(ge=0)
    doubtful: Annotated[tuple[str, ...], FailFast()] = ()  # words below half of full confidence, in their order
    is_blank: bool = False  # nothing is printed on it

    def is_good(self, min_confidence: float) -> bool:
        """Whether its text may be used as it is: a page is read with at least this confidence (0 to 1), or has nothing on it."""
        return self.is_blank or (self.num_words > 0 and self.confidence / 100 >= min_confidence)


class OcrRecord(Frozen):
    """NAME.ocr.json: what an engine read in one file of scans."""

    version: Literal[1] = 1
    scan_sha256: str = Field(pattern=SHA256)  # of the file that was read
    engine: str  # with its version
    languages: str  # as the engine was told: 'spa+que'
    dots_per_inch: int = Field(ge=1)
    pages: Annotated[tuple[OcrPage, ...], FailFast()]

    @field_validator("pages")
    @classmethod
    def _each_page_once(cls, pages: tuple[OcrPage, ...]) -> tuple[OcrPage, ...]:
        numbers = Counter(page.number for page in pages)
        if len(numbers) < len(pages):
            raise ValueError(f"page {numbers.most_common(1)[0][0]} stands there more than once, and which text holds is unknown")
        return pages


class Correction(Frozen):
    """One page as a person read it."""

    page: int = Field(ge=1)
    ocr_text_sha256: str = Field(pattern=SHA256)  # of the text that was corrected; '' read as nothing has one too
    text: str
    corrector: str = Field(min_length=1)  # as the person wants to be credited
    date: date


class Corrections(Frozen):
    """NAME.corrections.json: pages that people corrected; of two for one page the later one in the list holds."""

    version: Literal[1] = 1
    scan_sha256: str = Field(pattern=SHA256)
    corrections: Annotated[tuple[Correction, ...], FailFast()]


MAX_RECORD_BYTES = 4 << 20  # the words of 2,000 pages
Kind = TypeVar("Kind", OcrRecord, Corrections)


def sha256_of_text(text: str) -> str:
    """The sha256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(source: Source, scan: str) -> OcrRecord | None:
    """The OCR result beside a scan, or None where there is none.

    Raises:
        Rejected: ocr_invalid, where it is no such record or was made of other bytes.
    """
    return _beside(source, scan, OCR_SUFFIX, OcrRecord)


def read_corrections(source: Source, scan: str) -> Corrections | None:
    """The corrections beside a scan, or None where there are none.

    Raises:
        Rejected: ocr_invalid, as for the record, or where one is dated in a time to come.
    """
    found = _beside(source, scan, CORRECTIONS_SUFFIX, Corrections)
    ahead = next((one for one in found.corrections if one.date > source.last_day), None) if found else None
    if ahead is not None:
        name = scan + CORRECTIONS_SUFFIX
        detail = f"{name} says that page {ahead.page} was corrected on {ahead.date}, which has not come: mend the date"
        raise Rejected(Reason.OCR_INVALID, detail)
    return found


def parse(kind: type[Kind], raw: bytes, name: str) -> Kind:
    """A file's content as what it should be.

    Raises:
        OperatorError: it is something else.
    """
    try:
        record = kind.model_validate_json(raw)
        refuse_repeated_keys(raw, name, Reason.OCR_INVALID)
        return record
    except Rejected as error:
        raise OperatorError(f"{error.detail}, or make it anew.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise OperatorError(
            f"{name} is no {kind.__name__}: {where + ': ' if where else ''}{first['msg']}. Make it anew."
        ) from error


def _beside(source: Source, scan: str, suffix: str, kind: type[Kind]) -> Kind | None:
    name = scan + suffix
    if not source.has(name):
        return None
    try:
        record = parse(kind, source.read(name, MAX_RECORD_BYTES), name)
    except OperatorError as error:
        raise Rejected(Reason.OCR_INVALID, str(error)) from error
    if record.scan_sha256 != sha256_file(source.folder / scan):
        raise Rejected(Reason.OCR_INVALID, f"{name} was made of another file than {scan}, or of another version: make it anew")
    return record
