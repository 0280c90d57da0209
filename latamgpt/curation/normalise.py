"""One way of writing the same text: composed accents, repaired mojibake, no page junk. Letters are never changed for others.

NFC, never NFKC: NFKC would turn glottal and tone marks of several languages into plain letters. For the same reason curly
apostrophes, saltillos and modifier letters stay as their writers set them.
"""

import re
import unicodedata
from collections import Counter

from latamgpt.curation.characters import INVISIBLE_CHARACTERS, flags
from latamgpt.curation.kernels import COMPOSES, INVISIBLE, MOJIBAKE, ODD_SPACE, code_points, marks_of

SUSPICIOUS = re.compile("[ÃÂÐ][\x80-\xff\u0152-\u02dc\u2013-\u2122]|â€|â\x80|ï¿½|\ufffd|[\x80-\x9f]")
"""What UTF-8 looks like when it was read as Latin-1 or Windows-1252. Only lines that hold it pay for ftfy, which is slow."""

COMMENT = ("<!--", "-->")  # '<!-- image -->' is what PDF converters leave
UNSEEN = re.compile(f"[{INVISIBLE_CHARACTERS}]")
SPACES = re.compile(r"[^\S\n]+")
PAGE_NUMBER = re.compile(
    r"(?:[-–—|\[(]\s*)?(?:(?:p[áa]g(?:ina|\.)?|page|p\.)\s*)?\d{1,4}(?:\s*(?:de|of|/)\s*\d{1,4})?(?:\s*[-–—|\])])?", re.IGNORECASE
)
MIN_HEADER_REPEATS = 4  # a line that opens or closes this many pages is a running head
MAX_HEADER_CHARS = 90
BLANK_LINES = re.compile(r"\n{3,}")


def normalise(text: str) -> str:
    """A text as the corpus keeps it.

    Steps: line ends; comments; mojibake, line by line; NFC; invisible characters; page numbers and running heads; spaces.
    """
    if not text:  # as most titles are
        return ""
    text = _without_comments(text.replace("\r\n", "\n").replace("\r", "\n"))
    marks = marks_of(code_points(text), flags())
    if marks & MOJIBAKE:
        text = "\n".join(_repaired(line) for line in text.split("\n"))
        marks = marks_of(code_points(text), flags())
    if marks & COMPOSES:
        text = unicodedata.normalize("NFC", text)
    if marks & INVISIBLE:
        text = UNSEEN.sub("", text)
    if marks & (ODD_SPACE | INVISIBLE | COMPOSES):
        text = "\n".join(" ".join(line.split()) for line in _without_page_junk(text))
    return (BLANK_LINES.sub("\n\n", text) if "\n\n\n" in text else text).strip()


def plain_normalise(text: str) -> str:
    """The reference: every step on every text, whether or not it shows a need for it."""
    text = _without_comments(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "\n".join(_repaired(line) for line in text.split("\n"))
    text = UNSEEN.sub("", unicodedata.normalize("NFC", text))
    text = "\n".join(SPACES.sub(" ", line).strip() for line in _without_page_junk(text))
    return BLANK_LINES.sub("\n\n", text).strip()


def _without_comments(text: str) -> str:
    """A pattern would look from every beginning that has no end through all the rest of the text."""
    done: list[str] = []
    end = 0
    while (begin := text.find(COMMENT[0], end)) >= 0 and (close := text.find(COMMENT[1], begin + len(COMMENT[0]))) >= 0:
        done.append(text[end:begin])
        end = close + len(COMMENT[1])
    return "".join([*done, text[end:]])


def _repaired(line: str) -> str:
    if not SUSPICIOUS.search(line):
        return line
    import ftfy

    return ftfy.fix_encoding(line)


def _without_page_junk(text: str) -> list[str]:
    """The lines of a text; where form feeds mark its pages, without page numbers and running heads."""
    pages = [page.strip("\n").split("\n") for page in text.split("\f")]
    if len(pages) == 1:
        return pages[0]
    edges = Counter(line.strip() for page in pages for line in {page[0], page[-1]})
    running = {line for line, times in edges.items() if 0 < len(line) <= MAX_HEADER_CHARS and times >= MIN_HEADER_REPEATS}
    return [line for page in pages for line in _inside(page, running)]


def _inside(page: list[str], running: set[str]) -> list[str]:
    def is_junk(index: int) -> bool:
        line = page[index].strip()
        return index in (0, 1, len(page) - 2, len(page) - 1) and (line in running or bool(PAGE_NUMBER.fullmatch(line)))

    return [line for index, line in enumerate(page) if not is_junk(index)]
