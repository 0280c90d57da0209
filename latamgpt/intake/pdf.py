"""Reader of PDF: the text layer, or the OCR result beside the file for pages without one; its licence wherever it is stated."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import Field, model_validator

from latamgpt.intake.answers import checked
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import Statement, statements_in
from latamgpt.intake.limited import run_limited
from latamgpt.intake.pdf_parser import EVERY_PAGE, FIRST_AND_LAST, MAX_PAGES, parse_pdf
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.scans import PageRead, as_document, scanned_pages
from latamgpt.intake.source import Source
from latamgpt.intake.xmp import published_dates, stated_kinds
from latamgpt.records import Frozen

MIN_LETTER_SHARE = 0.5  # of what is no blank: below it a layer is made of codes without letters, as broken fonts leave
MAX_ODD_SHARE = 0.05  # private-use letters, control codes, U+FFFD
MIN_LAYER_CHARS = 8  # a page number alone is no text layer of a scanned page


class PdfRead(Frozen):
    """What a PDF says."""

    title: str
    metadata: str  # its fields, one after the other
    xmp: str  # the XML of its metadata
    pages: tuple[str, ...]  # what readers see of them
    ends: str  # all text of the first and last page
    num_hidden_chars: int = Field(ge=0)  # of the text that readers do not see, blanks aside
    drawn: tuple[Annotated[int, Field(ge=1, le=MAX_PAGES)], ...]  # pages on which anything is drawn, text or picture
    num_pages: int = Field(ge=0, le=MAX_PAGES)

    @model_validator(mode="after")
    def _has_its_pages(self) -> Self:
        if max(len(self.pages), *self.drawn, 0) > self.num_pages:
            raise ValueError("it speaks of pages that it does not have")
        return self


def read_pdf(source: Source, name: str) -> Reading:
    """One document of all pages; pages without a text layer come from the OCR result beside the file."""
    pdf = open_pdf(source.place(name), name, EVERY_PAGE)
    pages = {n: PageRead(f"{name}#{n}", text) for n, text in enumerate(pdf.pages, start=1) if is_text(text)}
    drawn = [n for n in pdf.drawn if n not in pages]
    scanned = {page.path: page for page in (scanned_pages(source, name, drawn) if drawn else [])}
    blank = {n: PageRead(f"{name}#{n}") for n in range(1, pdf.num_pages + 1)}
    read = [pages.get(n) or scanned.pop(f"{name}#{n}", blank[n]) for n in blank]
    stated = tuple(statements_of(pdf, name))
    dates, kinds = published_dates(pdf.metadata, pdf.xmp), stated_kinds(pdf.xmp)
    reading = as_document(name, _title(pdf, name), [*read, *scanned.values()])  # what is left is about the whole file
    said = {"statements": stated, "dates": dates, "kinds": kinds, "num_hidden_chars": pdf.num_hidden_chars}
    return [replace(item, **said) if isinstance(item, Found) else item for item in reading]


def pdf_statements(path: Path, name: str) -> list[Statement]:
    """The licences that a PDF states in its metadata or on its first and last page.

    Raises:
        Rejected: pdf_unreadable; what cannot be read cannot be said to agree.
    """
    return statements_of(open_pdf(path, name, FIRST_AND_LAST), name)


def statements_of(pdf: PdfRead, name: str) -> list[Statement]:
    """The licences in a PDF's fields, in its XMP, and on its first and last page."""
    return [
        *statements_in(pdf.metadata, f"the metadata of {name}"),
        *statements_in(pdf.xmp, f"the XMP of {name}"),
        *statements_in(pdf.ends, name),
    ]


def open_pdf(path: Path, name: str, which: str) -> PdfRead:
    """Read a PDF in a limited process.

    Raises:
        Rejected: pdf_unreadable, encrypted; parser_limit.
    """
    answer = run_limited(parse_pdf, [str(path), name, which], name=name, reason=Reason.PDF_UNREADABLE)
    return checked(PdfRead, answer, name, Reason.PDF_UNREADABLE)


def _title(pdf: PdfRead, name: str) -> str:
    """The title in the file's fields, without the program's name that Word writes before it, else the file's name."""
    title = re.sub(r"^Microsoft \w+ - |^untitled$", "", pdf.title.strip())
    return title or PurePosixPath(name).stem


def is_text(layer: str) -> bool:
    """Whether a page's text layer is text, and not the codes of a font that says nothing of its letters."""
    shown = [c for c in layer if not c.isspace()]
    letters = sum(unicodedata.category(c)[0] in "LM" for c in shown)
    odd = sum(unicodedata.category(c) in ("Cc", "Co", "Cn") or c == "\ufffd" for c in shown)
    return len(shown) >= MIN_LAYER_CHARS and letters >= MIN_LETTER_SHARE * len(shown) and odd <= MAX_ODD_SHARE * len(shown)
