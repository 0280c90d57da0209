"""Line ends of printed pages: words that the typesetter broke are joined, and the lines of a paragraph become one again.

A hyphen at a line's end is either the typesetter's, and goes, or the writer's ('franco-chileno', 'disse-lhe', 'sara-sara'),
and stays. No dictionary is asked, since most of our languages have none: the document itself is the witness.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

HYPHENS = "-\u2010\u00ac"  # U+00AC is what old Latin-1 fonts show for a soft hyphen
SOFT_HYPHEN = "\u00ad"
APOSTROPHES = "'’ʼʻʹ`´ꞌ"
WORD = rf"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f{APOSTROPHES}])*"
LETTER = re.compile(r"[^\W\d_]")
LETTER_OR_MARK = re.compile(rf"[^\W\d_]|[\u0300-\u036f{APOSTROPHES}]")
LINE_END = re.compile(rf"(?P<hyphen>[{HYPHENS}{SOFT_HYPHEN}]) *\n *(?P<right>{WORD})")
WORD_OR_COMPOUND = re.compile(rf"{WORD}(?:[-\u2010]{WORD})*")
FULL_LINE_SHARE = 0.75  # of the page's width: a shorter line ends a paragraph, or is verse
MIN_PROSE_CHARS = 38  # verses, lists and tables have shorter lines than any printed column of prose
MIN_REPEATED_CHARS = 3  # 'sara-sara' is a word said twice; 'pa-pa' is papa
LIST_MARK = re.compile(r"\s*(?:[•·*–—-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")


def join_broken_words(text: str) -> str:
    """Join the words that a line's end breaks; keep the hyphen where it is, or may be, the writer's.

    1. A soft hyphen always goes; a part that is one letter, or a right part in a capital, keeps the hyphen.
    2. Where the same word stands elsewhere, with the hyphen or without it, the commoner writing wins.
    3. Where a compound elsewhere begins or ends as this one does ('franco-peruano', 'deu-lhe'), where both parts stand elsewhere
       as words of their own, or where a word of three letters or more is said twice ('sara-sara'), the hyphen stays.
    4. Otherwise the word is joined.

    Args:
        text: lines, as printed.
    """
    known = _words(text)

    def mend(left: str, hyphen: str, right: str) -> str:
        return f"{left}{right}" if hyphen == SOFT_HYPHEN or _is_typesetters(left, right, known) else f"{left}-{right}"

    while True:  # a word may be broken twice, over three lines
        mended = _with_broken_words(text, mend)
        if mended == text:
            return text
        text = mended


def _with_broken_words(text: str, mend: Callable[[str, str, str], str]) -> str:
    """The text with each word that a line's end breaks as `mend` has it, of its left part, its hyphen and its right part.

    What stands left of a hyphen is looked for from there: a search from every letter would take the square of a word's length.
    """
    done: list[str] = []
    end = 0
    match = LINE_END.search(text)
    while match:
        begin = word_before(text, match.start(), end)
        if begin < match.start():
            done += [text[end:begin], mend(text[begin : match.start()], match["hyphen"], match["right"])]
            end = match.end()
        match = LINE_END.search(text, max(end, match.start() + 1))
    return "".join([*done, text[end:]])


def word_before(text: str, stop: int, start: int) -> int:
    """Where the word begins that ends at `stop`, and not before `start`; `stop` itself where none does."""
    begin = stop
    while begin > start and LETTER_OR_MARK.match(text, begin - 1):
        begin -= 1
    while begin < stop and not LETTER.match(text, begin):
        begin += 1
    return begin


def _is_typesetters(left: str, right: str, known: Counter[str]) -> bool:
    if len(left) == 1 or len(right) == 1 or right[0].isupper() != left[-1].isupper():
        return False
    a, b = left.casefold(), right.casefold()
    together, apart = known[a + b], known[f"{a}-{b}"]
    if together or apart:
        return together > apart
    said_twice = a == b and len(a) >= MIN_REPEATED_CHARS
    return not (said_twice or known[f"{a}-"] or known[f"-{b}"] or (known[a] and known[b]))


def _words(text: str) -> Counter[str]:
    """How often each word and compound stands in the text, and how often compounds begin ('franco-') or end ('-lhe') with a part.

    What a line's end breaks is left out: it is what is asked about.
    """
    known: Counter[str] = Counter()
    for match in WORD_OR_COMPOUND.finditer(_with_broken_words(text, lambda *_: " ")):
        word = match[0].casefold().replace("\u2010", "-")
        known[word] += 1
        first, hyphen, last = word.partition("-")
        if hyphen:
            known[f"{first}-"] += 1
            known[f"-{last}"] += 1
    return known


def join_lines(text: str) -> str:
    """Make one line of each paragraph of prose; leave verses, lists, tables and headings as they stand.

    A line is joined to the next when it is about as long as the page's lines are, and the next is no item of a list. Paragraphs
    are what a blank line, a short line or an indent sets apart. After a hyphen the line's end stays: `join_broken_words` decides.
    """
    lines = text.split("\n")
    width = _width(lines)
    if width < MIN_PROSE_CHARS:
        return text
    out: list[str] = []  # lines, and what stands between them
    last = ""
    open_line = False
    for line, following in zip(lines, _following(lines), strict=True):
        words = line.strip()
        if open_line and not words and following and _continues(last, following):
            continue  # a blank line in the middle of a sentence, as where a page was cut into blocks between two of its lines
        goes_on = open_line and words and not _begins_anew(line)
        out += [(_between(last) if goes_on else "\n") if out else "", words]
        last = words
        open_line = len(line.rstrip()) >= FULL_LINE_SHARE * width
    return "".join(out)


def _following(lines: Sequence[str]) -> list[str]:
    """For each line the words of the next one that is not blank; '' behind the last."""
    following: list[str] = []
    words = ""
    for line in reversed(lines):
        following.append(words)
        words = line.strip() or words
    return following[::-1]


def _between(line: str) -> str:
    """What stands between a line and the next of its paragraph: a broken word's line end stays, for what joins it."""
    return "\n" if line.endswith(tuple(HYPHENS + SOFT_HYPHEN)) else " "


def _begins_anew(line: str) -> bool:
    return LIST_MARK.match(line) is not None or line.startswith(("  ", "\t"))


def _width(lines: Iterable[str]) -> int:
    """How long the lines of the text's column are: the length that nine lines in ten do not pass."""
    lengths = sorted(len(line.rstrip()) for line in lines if line.strip())
    return lengths[len(lengths) * 9 // 10] if len(lengths) > 1 else 0


def join_pages(pages: Iterable[str]) -> str:
    """All pages as one text: a sentence that goes on over a page's end goes on, else a blank line stands between.

    Text is not joined over a blank page: it may be one that is missing.
    """
    out: list[str] = []
    last = ""  # of the page before; '' where that is blank, or none
    for page in pages:
        text = page.strip("\n").rstrip()
        if text:
            if last and last[-1] not in HYPHENS + SOFT_HYPHEN and _continues(last, text.lstrip()):
                text = text.lstrip()
                out.append(" ")
            elif out:
                out.append("\n" if last and last[-1] in HYPHENS + SOFT_HYPHEN else "\n\n")
            out.append(text)
        last = text
    return "".join(out)


def _continues(last: str, first: str) -> bool:
    ends = unicodedata.category(last[-1])
    return first[0].islower() and (ends.startswith("L") or last[-1] in ",;")
