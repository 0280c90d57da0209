"""Words that a line's end breaks in what came as text: joined only where the document shows that it was set with broken words.

Plain text is as often verse, a list, a dialogue, a table or a dictionary, and in many of our languages a hyphen is part of the
word. So the rules for printed pages (`line_ends`) do not hold here: a document that does not speak for itself stays as it came.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from latamgpt.intake.line_ends import FULL_LINE_SHARE, HYPHENS, MIN_PROSE_CHARS, SOFT_HYPHEN, WORD, word_before

BREAK = re.compile(rf"(?P<hyphen>[{HYPHENS}{SOFT_HYPHEN}])(?P<line_end>[ \t]*\r?\n[ \t]*)(?P<right>{WORD})")
AFTER_WORD = re.compile(r"[.,;:!?)\]}»”’\"'…*—–]*(?=\s|\Z)")
BEFORE_WORD = frozenset(" \t\r\n([{«»“”„‘\"'¿¡—–…*>")
BLANKS = re.compile(r"[ \t]*")
LINE = re.compile(r"[^\r\n]+")
OTHER_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010](?![ \t]*\r?\n)|(?<![\w\u0300-\u036f\u2010-])[-\u2010](?=[^\W\d_])")
WORD_OR_PART = re.compile(rf"[-\u2010]?{WORD}(?:[-\u2010]{WORD})*[-\u2010]?")
MAX_PROSE_CHARS = 160  # longer lines are whole paragraphs
MIN_FULL_LINES = 0.5  # of the lines of hard-wrapped prose; the others end its paragraphs
MIN_WITNESSED = 3  # different broken words that stand whole elsewhere
MAX_CONTRADICTED = 0.2  # of these: broken words that stand elsewhere with their hyphen
MIN_BROKEN = 6  # different ones; of a writer's own hyphens one in ten comes to stand at a line's end
MAX_OTHER_HYPHENS = 0.1  # of the broken words
MAX_SYLLABLE_CHARS = 4  # a compound's shorter part is mostly longer ('luso-brasileiro')
MAX_BROKEN = 50_000  # a long book breaks some thousands


@dataclass(frozen=True)
class _Broken:
    """A word that a line's end breaks, and where in the text its parts stand."""

    left: str
    right: str
    left_at: int
    hyphen_at: int
    right_at: int
    line_end: str
    is_certain: bool  # by a soft hyphen, which stands for nothing else

    @property
    def together(self) -> str:
        return f"{self.left}{self.right}".casefold()

    @property
    def apart(self) -> str:
        return f"{self.left}-{self.right}".casefold()

    @property
    def is_of_syllables(self) -> bool:
        """Whether it is hardly a compound of two long words."""
        return min(len(self.left), len(self.right)) <= MAX_SYLLABLE_CHARS

    @property
    def parts(self) -> tuple[str, ...]:
        """What a word may look like elsewhere that is written with its hyphen: each part as a word, or in another compound."""
        a, b = self.left.casefold(), self.right.casefold()
        return a, b, f"{a}-", f"-{b}"


def join_wrapped_words(text: str) -> str:
    """Join the words that line ends break, where the document shows that its words were broken in setting; else change nothing.

    A joined word ends the line that it began on, so that all lines stay, and nothing goes but hyphens: a soft hyphen (U+00AD)
    wherever a word goes on behind it. Any other,

    1. where most lines of the document are about as long as its width of 38 to 160 characters, at the end of such a line;
    2. where three different words that its line ends break stand whole elsewhere in it, and hardly one with its hyphen; or where
       six are broken, and hyphens hardly stand anywhere else;
    3. in a word that stands whole elsewhere and never with its hyphen; and where hyphens hardly stand anywhere else, also in one
       of which neither form nor any part stands elsewhere, and one part has four letters at most.

    docs/formats.md says what came of it on 1,147 real texts.

    Args:
        text: a document; its lines may end as on Windows.
    """
    if BREAK.search(text) is None:
        return text
    width = _prose_width(text)
    broken: list[_Broken] = []
    num_others = 0
    for one in _broken_words(text):
        if one and (one.is_certain or (width and _line_chars(text, one) >= FULL_LINE_SHARE * width)):
            broken.append(one)
        else:
            num_others += 1
        if len(broken) > MAX_BROKEN:
            return text
    return _joined(text, _typesetters(text, broken, num_others))


def _prose_width(text: str) -> int:
    """How long the lines of hard-wrapped prose are, the length that nine in ten do not pass; 0 where the text is none."""
    lengths = Counter(len(line[0].rstrip()) for line in LINE.finditer(text))
    del lengths[0]
    num_lines, seen, width = lengths.total(), 0, 0
    for width in sorted(lengths):
        seen += lengths[width]
        if seen > num_lines * 9 // 10:
            break
    num_full = sum(number for length, number in lengths.items() if length >= FULL_LINE_SHARE * width)
    return width if MIN_PROSE_CHARS <= width <= MAX_PROSE_CHARS and num_full >= MIN_FULL_LINES * num_lines else 0


def _broken_words(text: str) -> Iterator[_Broken | None]:
    """For each hyphen at a line's end that letters follow: the word that it breaks; None where it breaks no plain word."""
    end = 0
    for match in BREAK.finditer(text):
        begin = word_before(text, match.start(), end)
        left, right, end = text[begin : match.start()], match["right"], match.end()
        is_certain = match["hyphen"] == SOFT_HYPHEN
        stands_alone = (begin == 0 or text[begin - 1] in BEFORE_WORD) and AFTER_WORD.match(text, end)
        is_word = len(left) > 1 and len(right) > 1 and not left[-1].isupper() and not right[0].isupper()
        if stands_alone and (is_word or (is_certain and left)):
            yield _Broken(left, right, begin, match.start(), match.start("right"), match["line_end"], is_certain)
        else:
            yield None


def _line_chars(text: str, word: _Broken) -> int:
    """How long the line is that a hyphen ends."""
    return word.hyphen_at - text.rfind("\n", 0, word.hyphen_at)


def _typesetters(text: str, broken: list[_Broken], num_others: int) -> list[_Broken]:
    """Those broken words of which the document shows that the hyphen is not the writer's."""
    certain = [one for one in broken if one.is_certain]
    asked = [one for one in broken if not one.is_certain]
    if not asked:
        return certain
    known = _known(text, asked)
    witnessed = {one.together for one in asked if known[one.together] and not known[one.apart]}
    contradicted = {one.together for one in asked if known[one.apart]}
    num_others += sum(1 for _ in OTHER_HYPHEN.finditer(text))
    hardly_any_other = num_others <= MAX_OTHER_HYPHENS * len(asked)
    is_witness = len(witnessed) >= MIN_WITNESSED and len(contradicted) <= MAX_CONTRADICTED * len(witnessed)
    if not is_witness and not (hardly_any_other and len({one.together for one in asked}) >= MIN_BROKEN):
        return certain
    return [
        one
        for one in broken
        if one.is_certain
        or one.together in witnessed
        or (hardly_any_other and one.is_of_syllables and not known[one.apart] and not any(known[part] for part in one.parts))
    ]


def _known(text: str, asked: Iterable[_Broken]) -> Counter[str]:
    """How often each form of the broken words, and of their parts, stands where no line's end breaks it."""
    wanted: set[str] = set()
    own: set[int] = set()
    for one in asked:
        wanted.update((one.together, one.apart, *one.parts))
        own.update((one.left_at, one.right_at))
    known: Counter[str] = Counter()
    for match in WORD_OR_PART.finditer(text):
        if match.start() not in own:
            word = match[0].casefold().replace("\u2010", "-")
            first, hyphen, _ = word.partition("-")
            forms = {word, f"{first}-", f"-{word.rpartition('-')[2]}"} if hyphen else (word,)
            for form in forms:
                if form in wanted:
                    known[form] += 1
    return known


def _joined(text: str, words: Iterable[_Broken]) -> str:
    """The text with these words whole; the end of the line comes after the word, unless nothing else stands on the next."""
    done: list[str] = []
    end = 0
    for one in words:
        after = AFTER_WORD.match(text, one.right_at + len(one.right))
        stop = after.end() if after else one.right_at + len(one.right)
        done += [text[end : one.hyphen_at], text[one.right_at : stop]]
        blanks = BLANKS.match(text, stop)
        end = blanks.end() if blanks else stop
        if end < len(text) and text[end] not in "\r\n":
            done.append(one.line_end)
    return "".join([*done, text[end:]])
