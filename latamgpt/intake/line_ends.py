"""Line ends of printed pages: words that the typesetter broke are joined, and the lines of a paragraph become one again.

A hyphen at a line's end is either the typesetter's, and goes, or the writer's ('franco-chileno', 'disse-lhe', 'sara-sara'),
and stays. No dictionary is asked, since most of our languages have none: the document itself is the witness.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HYPHENS = "-\u2010\u00ac"  # U+00AC is what old Latin-1 fonts show for a soft hyphen
SOFT_HYPHEN = "\u00ad"
APOSTROPHES = "'’ʼʻʹ`´ꞌ"
WORD = rf"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f{APOSTROPHES}])*"
BROKEN = re.compile(rf"(?P<left>{WORD})(?P<hyphen>[{HYPHENS}]|{SOFT_HYPHEN}) *\n(?P<space> *)(?P<right>{WORD})")
WORD_OR_COMPOUND = re.compile(rf"{WORD}(?:[-\u2010]{WORD})*")
FULL_LINE_SHARE = 0.75  # of the page's width: a shorter line ends a paragraph, or is verse
MIN_PROSE_CHARS = 38  # verses, lists and tables have shorter lines than any printed column of prose
MIN_REPEATED_CHARS = 3  # 'sara-sara' is a word said twice; 'pa-pa' is papa
LIST_MARK = re.compile(r"\s*(?:[•·*–—-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")


@dataclass(frozen=True)
class Joined:
    """Text with its lines joined, and how many ends of each kind there were."""

    text: str
    num_words_joined: int
    num_hyphens_kept: int


def join_broken_words(text: str, witness: str = "") -> Joined:
    """Join the words that a line's end breaks; keep the hyphen where it is, or may be, the writer's.

    1. A soft hyphen always goes; a part that is one letter, or a right part in a capital, keeps the hyphen.
    2. Where the same word stands elsewhere, with the hyphen or without it, the commoner writing wins.
    3. Where a compound elsewhere begins or ends as this one does ('franco-peruano', 'deu-lhe'), where both parts stand elsewhere
       as words of their own, or where a word of three letters or more is said twice ('sara-sara'), the hyphen stays.
    4. Otherwise the word is joined.

    Args:
        text: lines, as printed.
        witness: further text of the same document or delivery, in which words are looked up.
    """
    known = _words(f"{text}\n{witness}")
    joined, kept = 0, 0

    def mend(match: re.Match[str]) -> str:
        nonlocal joined, kept
        left, right = match["left"], match["right"]
        if match["hyphen"] == SOFT_HYPHEN or _is_typesetters(left, right, known):
            joined += 1
            return f"{left}{right}"
        kept += 1
        return f"{left}-{right}"

    while True:  # a word may be broken twice, over three lines
        mended = BROKEN.sub(mend, text)
        if mended == text:
            return Joined(text, joined, kept)
        text = mended


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
    for match in WORD_OR_COMPOUND.finditer(BROKEN.sub(" ", text)):
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
    out: list[str] = []
    open_line = False
    for n, line in enumerate(lines):
        if open_line and not line.strip() and _goes_on(out[-1], lines[n + 1 :]):
            continue
        if open_line and line.strip() and not _begins_anew(line):
            out[-1] = f"{out[-1].rstrip()}{_between(out[-1])}{line.strip()}"
        else:
            out.append(line.strip() if line.strip() else "")
        open_line = len(line.rstrip()) >= FULL_LINE_SHARE * width
    return "\n".join(out)


def _goes_on(line: str, after: Sequence[str]) -> bool:
    """Whether a blank line stands in the middle of a sentence, as where a page was cut into blocks between two of its lines."""
    following = next((other.strip() for other in after if other.strip()), "")
    return bool(following) and _continues(line.rstrip(), following)


def _between(line: str) -> str:
    """What stands between a line and the next of its paragraph: a broken word's line end stays, for what joins it."""
    return "\n" if line.rstrip().endswith(tuple(HYPHENS + SOFT_HYPHEN)) else " "


def _begins_anew(line: str) -> bool:
    return LIST_MARK.match(line) is not None or line.startswith(("  ", "\t"))


def _width(lines: Iterable[str]) -> int:
    """How long the lines of the text's column are: the length that nine lines in ten do not pass."""
    lengths = sorted(len(line.rstrip()) for line in lines if line.strip())
    return lengths[len(lengths) * 9 // 10] if len(lengths) > 1 else 0


def join_pages(before: str, after: str) -> str:
    """Two pages as one text: a sentence that goes on over the page's end goes on, else a blank line stands between."""
    last, first = before.rstrip(), after.lstrip("\n")
    if not last or not first.strip():
        return last or first
    if last[-1] in HYPHENS + SOFT_HYPHEN:
        return f"{last}\n{first}"
    goes_on = _continues(last, first.lstrip())
    return f"{last} {first.lstrip()}" if goes_on else f"{last}\n\n{first}"


def _continues(last: str, first: str) -> bool:
    ends = unicodedata.category(last[-1])
    return first[0].islower() and (ends.startswith("L") or last[-1] in ",;")
