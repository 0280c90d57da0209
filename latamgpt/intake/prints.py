"""A PDF that is listed beside a text: is it the print of that text, or a document of its own?"""

import re
import unicodedata
import zlib
from collections import deque
from collections.abc import Iterator

import numpy as np

from latamgpt.intake.licences import Statement
from latamgpt.intake.pdf import is_text, open_pdf, statements_of
from latamgpt.intake.pdf_parser import EVERY_PAGE
from latamgpt.intake.source import Source

WORD = re.compile(r"[^\W_]+")
RUN_WORDS = 4
MIN_SHARE_FOUND = 0.3
"""Of a layer's runs of four words: a reading by another engine, with every tenth word wrong, has 0.66; another text, none."""


class Written:
    """A text, as its runs of four words; kept as numbers, since a book has many."""

    def __init__(self, text: str) -> None:
        self._runs = np.unique(np.fromiter(_runs(text), dtype=np.uint32))

    def holds(self, layer: str) -> bool:
        """Whether the words of a layer stand in the text as they follow each other; a layer of three words says nothing."""
        own = np.fromiter(_runs(layer), dtype=np.uint32)
        if not own.size or not self._runs.size:
            return not own.size
        places = np.minimum(np.searchsorted(self._runs, own), self._runs.size - 1)
        return float(np.mean(self._runs[places] == own)) >= MIN_SHARE_FOUND


def print_statements(source: Source, name: str, written: Written) -> list[Statement] | None:
    """The licences that a PDF states where it is the print of a text, or of a part of it; None where it is another document.

    A PDF without a text layer holds pictures of the pages and is the print.

    Raises:
        Rejected: pdf_unreadable, encrypted, parser_limit.
    """
    pdf = open_pdf(source.folder / name, name, EVERY_PAGE)
    layer = "\n".join(page for page in pdf.pages if is_text(page))
    return statements_of(pdf, name) if written.holds(layer) else None


def _runs(text: str) -> Iterator[int]:
    words: deque[str] = deque(maxlen=RUN_WORDS)
    for match in WORD.finditer(unicodedata.normalize("NFC", text).casefold()):
        words.append(match[0])
        if len(words) == RUN_WORDS:
            yield zlib.crc32(" ".join(words).encode())
