"""Text of scanned and converted pages, repaired: columns, running heads, page numbers, broken words, converters' marks.

Nothing of the writer's is touched: letters are composed (NFC) and never made 'compatible' (NFKC), which would alter glottals and
tone marks; apostrophes stay as they are. Only the seven ligatures of Latin printing ('ﬁ', 'ﬂ' ...) become letters: they are the
typesetter's, and no word is found by them.
"""

import re
import unicodedata
from collections.abc import Sequence

from latamgpt.intake.line_ends import join_broken_words, join_lines, join_pages
from latamgpt.intake.page_columns import read_columns
from latamgpt.intake.page_edges import trim_edges

LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
LIGATURE = re.compile("[\ufb00-\ufb06]")
_MARK = r"<!--\s*(?:image|figure|picture|formula-not-decoded|missing-text|page-?break)\s*-->"
CONVERTER_MARK = re.compile(_MARK, re.IGNORECASE)
LINE_OF_MARKS = re.compile(rf"^(?:[ \t]*{_MARK})+[ \t]*\n", re.IGNORECASE | re.MULTILINE)


def repair_pages(pages: Sequence[str]) -> str:
    """Make one running text of pages as OCR or a converter gave them.

    Args:
        pages: one text a page, lines as printed. A page that is missing is '': text is not joined over it.
    """
    columns = [read_columns(_plain(page)) for page in pages]
    joined = join_broken_words(join_pages(join_lines(_without_outer_blanks(page)) for page in trim_edges(columns)))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in joined.split("\n"))).strip("\n")


def _plain(page: str) -> str:
    lines = page.replace("\r\n", "\n").replace("\r", "\n")
    spelled = LIGATURE.sub(lambda match: LIGATURES[match[0]], CONVERTER_MARK.sub("", LINE_OF_MARKS.sub("", lines)))
    return unicodedata.normalize("NFC", spelled)


def _without_outer_blanks(page: str) -> str:
    lines = page.split("\n")
    filled = [n for n, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[filled[0] : filled[-1] + 1]) if filled else ""
