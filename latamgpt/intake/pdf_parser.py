"""What of PDF runs in a limited process, once for each file: it imports little, so that little can go wrong in it."""

import re
from typing import TYPE_CHECKING

from latamgpt.intake.pdf_objects import layers_off
from latamgpt.intake.pdf_page import read_page
from latamgpt.intake.quarantine import Reason, Rejected

if TYPE_CHECKING:
    import pypdf

IMPORTED_AHEAD = ("pypdf",)
MAX_PAGES = 5_000
MAX_XMP_CHARS = 200_000
EVERY_PAGE = "every"
FIRST_AND_LAST = "ends"
PAINTS = re.compile(rb"(?<![\w/])(?:Tj|TJ|Do|BI|sh|S|s|f\*?|F|B\*?|b\*?)(?!\w)|[)>]\s*['\"]")
"""PDF's operators that put something on a page; a page without any is blank (ISO 32000-1, annex A)."""
SHOWS = re.compile(rb"(?<![\w/])(?:Tj|TJ|Do)(?!\w)|[)>]\s*['\"]")
"""Those that put letters there, or a form that may."""


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
    off = layers_off(reader.root_object)
    read = [_read_page(reader.pages[n], off) for n in wanted]
    return {
        "title": clean(fields.get("/Title", "")),
        "metadata": clean(" | ".join(f"{key} {value}" for key, value in sorted(fields.items()))),
        "xmp": clean(xmp[:MAX_XMP_CHARS]),
        "pages": [clean(seen) for seen, _ in read],
        "ends": clean("\n".join(whole for _, whole in [*read[:1], *read[1:][-1:]])),
        "num_hidden_chars": sum(max(_num_chars(whole) - _num_chars(seen), 0) for seen, whole in read),
        "drawn": [n + 1 for n in wanted if _is_drawn(reader.pages[n])],
        "num_pages": num_pages,
    }


def _read_page(page: "pypdf.PageObject", off: frozenset[int]) -> tuple[str, str]:
    """The text that readers see, and all text. A page that shows none is not followed step by step: maps have millions."""
    content = page.get_contents()
    return read_page(page, off) if content is not None and SHOWS.search(content.get_data()) else ("", "")


def _num_chars(text: str) -> int:
    return len("".join(clean(text).split()))


def _is_drawn(page: "pypdf.PageObject") -> bool:
    content = page.get_contents()
    return content is not None and PAINTS.search(content.get_data()) is not None


def clean(text: str) -> str:
    """Text without what no text holds: NUL and halves of surrogate pairs, as broken fonts give them."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
