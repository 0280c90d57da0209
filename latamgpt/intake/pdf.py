"""Reader of PDF: the text layer, or the OCR result beside the file for pages without one; its licence wherever it is stated."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from latamgpt.intake.answers import checked
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import Statement, statements_in
from latamgpt.intake.limited import run_limited
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.scans import PageRead, as_document, scanned_pages
from latamgpt.intake.source import Source
from latamgpt.records import Frozen

if TYPE_CHECKING:
    import pypdf

MAX_PAGES = 5_000
MAX_XMP_CHARS = 200_000
MIN_LETTER_SHARE = 0.5  # of what is no blank: below it a layer is made of codes without letters, as broken fonts leave
MAX_ODD_SHARE = 0.05  # private-use letters, control codes, U+FFFD
MIN_LAYER_CHARS = 8  # a page number alone is no text layer of a scanned page
PAINTS = re.compile(rb"(?<![\w/])(?:Tj|TJ|Do|BI|sh|S|s|f\*?|F|B\*?|b\*?)(?!\w)|[)>]\s*['\"]")
"""PDF's operators that put something on a page; a page without any is blank (ISO 32000-1, annex A)."""
EVERY_PAGE = "every"
FIRST_AND_LAST = "ends"


class PdfRead(Frozen):
    """What a PDF says."""

    title: str
    metadata: str  # its fields, one after the other
    xmp: str  # the XML of its metadata
    pages: tuple[str, ...]
    drawn: tuple[int, ...]  # numbers of the pages on which anything is drawn, text or picture
    num_pages: int


def read_pdf(source: Source, name: str) -> Reading:
    """One document of all pages; pages without a text layer come from the OCR result beside the file."""
    pdf = open_pdf(source.place(name), name, EVERY_PAGE)
    pages = {n: PageRead(f"{name}#{n}", text) for n, text in enumerate(pdf.pages, start=1) if is_text(text)}
    drawn = [n for n in pdf.drawn if n not in pages]
    scanned = {page.path: page for page in (scanned_pages(source, name, drawn) if drawn else [])}
    blank = {n: PageRead(f"{name}#{n}") for n in range(1, pdf.num_pages + 1)}
    read = [pages.get(n) or scanned.pop(f"{name}#{n}", blank[n]) for n in blank]
    stated = tuple(statements_of(pdf, name))
    reading = as_document(name, _title(pdf, name), [*read, *scanned.values()])  # what is left is about the whole file
    return [replace(item, statements=stated) if isinstance(item, Found) else item for item in reading]


def pdf_statements(path: Path, name: str) -> list[Statement]:
    """The licences that a PDF states in its metadata or on its first and last page.

    Raises:
        Rejected: pdf_unreadable; what cannot be read cannot be said to agree.
    """
    return statements_of(open_pdf(path, name, FIRST_AND_LAST), name)


def statements_of(pdf: PdfRead, name: str) -> list[Statement]:
    """The licences in a PDF's fields, in its XMP, and on its first and last page."""
    ends = "\n".join([*pdf.pages[:1], *pdf.pages[1:][-1:]])
    return [
        *statements_in(pdf.metadata, f"the metadata of {name}"),
        *statements_in(pdf.xmp, f"the XMP of {name}"),
        *statements_in(ends, name),
    ]


def open_pdf(path: Path, name: str, which: str) -> PdfRead:
    """Read a PDF in a limited process.

    Raises:
        Rejected: pdf_unreadable, encrypted; parser_limit.
    """
    answer = run_limited(parse_pdf, [str(path), name, which], name=name, reason=Reason.PDF_UNREADABLE)
    return checked(PdfRead, answer, name, Reason.PDF_UNREADABLE)


def parse_pdf(path: str, name: str, which: str) -> dict[str, object]:
    """A PDF as JSON values; runs in a limited process. Scripts, attachments and links in it are not looked at."""
    import pypdf

    reader = pypdf.PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Rejected(Reason.ENCRYPTED, f"{name} asks for a password: ask the partner for the file without one")
    num_pages = len(reader.pages)
    if num_pages > MAX_PAGES:
        raise Rejected(
            Reason.TOO_LARGE, f"{name} has {num_pages:,} pages, above {MAX_PAGES:,}: ask the partner to send it in parts"
        )
    wanted = range(num_pages) if which == EVERY_PAGE else sorted({0, num_pages - 1} & set(range(num_pages)))
    fields = {str(key): str(value) for key, value in (reader.metadata or {}).items()}
    stream = reader.root_object.get("/Metadata")
    xmp = stream.get_object().get_data().decode("utf-8", "replace") if stream is not None else ""
    return {
        "title": clean(fields.get("/Title", "")),
        "metadata": clean(" | ".join(f"{key} {value}" for key, value in sorted(fields.items()))),
        "xmp": clean(xmp[:MAX_XMP_CHARS]),
        "pages": [clean(reader.pages[n].extract_text()) for n in wanted],
        "drawn": [n + 1 for n in wanted if _is_drawn(reader.pages[n])],
        "num_pages": num_pages,
    }


def _is_drawn(page: "pypdf.PageObject") -> bool:
    content = page.get_contents()
    return content is not None and PAINTS.search(content.get_data()) is not None


def _title(pdf: PdfRead, name: str) -> str:
    """The title in the file's fields, without the program's name that Word writes before it, else the file's name."""
    title = re.sub(r"^Microsoft \w+ - |^untitled$", "", pdf.title.strip())
    return title or PurePosixPath(name).stem


def clean(text: str) -> str:
    """Text without what no text holds: NUL and halves of surrogate pairs, as broken fonts give them."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def is_text(layer: str) -> bool:
    """Whether a page's text layer is text, and not the codes of a font that says nothing of its letters."""
    shown = [c for c in layer if not c.isspace()]
    letters = sum(unicodedata.category(c)[0] in "LM" for c in shown)
    odd = sum(unicodedata.category(c) in ("Cc", "Co", "Cn") or c == "\ufffd" for c in shown)
    return len(shown) >= MIN_LAYER_CHARS and letters >= MIN_LETTER_SHARE * len(shown) and odd <= MAX_ODD_SHARE * len(shown)
