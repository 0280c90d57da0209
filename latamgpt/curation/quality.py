"""Whether a text is text: a few measures, with thresholds per language, since one size erases agglutinative languages.

Under the usual Spanish thresholds 3% of Guarani and 1% of Wayuu documents survived in a trial; with their own, 88% and 61%.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from latamgpt.curation.characters import BEHIND, SYMBOL_CHARACTERS, flags, is_letter, within_table
from latamgpt.curation.kernels import code_points, count_characters
from latamgpt.curation.words_of_text import Words, plain_words_of, words_of
from latamgpt.params import QualityThresholds
from latamgpt.registry.languages import DEFAULT

MACHINE_MADE = "machine_made"
NOISY = "words_noisy"
RUNS_REPEATED = "runs_repeated"
MIN_NOISY = 3  # of a short text, one formula or name is a large share
SYMBOLS = re.compile(rf"\.{{3}}|[{SYMBOL_CHARACTERS}]")
WORD = re.compile(rf"\w[\w{BEHIND}]*")


@dataclass(frozen=True)
class Measures:
    """What is measured of a text."""

    chars: int
    words: int
    mean_word_chars: float
    letter_share: float  # letters, marks and apostrophes of all characters that are not white space
    repeated_line_share: float  # lines that stood before, of all that are not blank
    symbol_word_ratio: float
    noisy: int  # chunks that look badly read by a machine; see `words_of_text`
    noisy_share: float  # of all chunks
    repeated_run_share: float  # words in runs of ten that stood before
    distinct_word_share: float  # of each 128 words in a row; 1 where there are fewer
    alphabetic: int  # characters


@dataclass(frozen=True)
class Drop:
    """Why a text is dropped."""

    reason: str
    detail: str


def measure(text: str) -> Measures:
    """The measures of a text, which may be empty."""
    codes = code_points(text)
    if not within_table(codes):
        return plain_measure(text)
    num_words, num_word_chars, num_letters, num_solid, num_symbols, num_alphabetic = count_characters(codes, flags())
    return Measures(
        chars=len(text),
        words=num_words,
        mean_word_chars=_share(num_word_chars, num_words),
        letter_share=_share(num_letters, num_solid),
        repeated_line_share=_repeated_line_share(text),
        symbol_word_ratio=_share(num_symbols, num_words),
        alphabetic=num_alphabetic,
        **_counted_of(words_of(text)),
    )


def plain_measure(text: str) -> Measures:
    """The reference for the compiled kernel: the same numbers, by expressions and loops."""
    words = WORD.findall(text)
    solid = "".join(text.split())
    return Measures(
        chars=len(text),
        words=len(words),
        mean_word_chars=_share(sum(map(len, words)), len(words)),
        letter_share=_share(sum(map(is_letter, solid)), len(solid)),
        repeated_line_share=_repeated_line_share(text),
        symbol_word_ratio=_share(len(SYMBOLS.findall(text)), len(words)),
        alphabetic=sum(map(str.isalpha, text)),
        **_counted_of(plain_words_of(text)),
    )


def score(measures: Measures, ocr_confidence: float | None) -> int:
    """How good a copy is beside others of the same text, per mille: 1000 is nothing but letters that no machine had to read.

    The product of four shares: letters, lines that stood nowhere before, words without symbols, and how sure the machine was that
    read a scan (1 where none did). Whole numbers, so that it is the same everywhere.
    """
    shares = (
        measures.letter_share,
        1 - measures.repeated_line_share,
        1 - min(measures.symbol_word_ratio, 1.0),
        1.0 if ocr_confidence is None else ocr_confidence,
    )
    return math.prod(round(share * 10_000) for share in shares) // 10**13


def judge(measures: Measures, thresholds: QualityThresholds, language: str) -> Drop | None:
    """The first threshold that a text misses, with the value that it showed."""
    m, t = measures, thresholds
    noisy_share = m.noisy_share if m.noisy >= MIN_NOISY else 0.0
    lower = (
        ("too_few_chars", "characters", m.chars, t.min_chars),
        ("too_few_words", "words", m.words, t.min_words),
        ("too_few_letters", "share of letters", m.letter_share, t.min_letter_share),
        (MACHINE_MADE, "share of distinct words", m.distinct_word_share, t.min_distinct_word_share),
    )
    upper = (
        ("words_too_long", "mean word length", m.mean_word_chars, t.max_mean_word_chars),
        ("lines_repeated", "share of repeated lines", m.repeated_line_share, t.max_repeated_line_share),
        ("too_many_symbols", "symbols per word", m.symbol_word_ratio, t.max_symbol_word_ratio),
        (NOISY, "share of words that look badly read", noisy_share, t.max_noisy_share),
        (RUNS_REPEATED, "share of words in repeated runs", m.repeated_run_share, t.max_repeated_run_share),
    )
    for reason, words, value, bound in lower:
        if value < bound:
            return Drop(reason, f"{words}: {value:g} is below the {bound:g} asked for {language}")
    for reason, words, value, bound in upper:
        if value > bound:
            return Drop(reason, f"{words}: {value:g} is above the {bound:g} allowed for {language}")
    return None


def asks_people(drop: Drop, quality: Mapping[str, QualityThresholds], language: str) -> bool:
    """Whether people decide: registers and cumulative tales repeat runs, and of a language without a file noise is unknown."""
    return drop.reason == RUNS_REPEATED or (drop.reason == NOISY and language not in quality)


def thresholds_for(quality: Mapping[str, QualityThresholds], language: str) -> QualityThresholds:
    """A language's own thresholds, or those of languages without a file."""
    return quality.get(language, quality[DEFAULT])


class _Counted(TypedDict):
    noisy: int
    noisy_share: float
    repeated_run_share: float
    distinct_word_share: float


def _counted_of(words: Words) -> _Counted:
    return {
        "noisy": words.num_noisy,
        "noisy_share": _share(words.num_noisy, words.num_chunks),
        "repeated_run_share": _share(words.num_repeated, len(words.hashes_W)),
        "distinct_word_share": _share(words.num_distinct, words.num_windowed) if words.num_windowed else 1.0,
    }


def _repeated_line_share(text: str) -> float:
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    return _share(len(lines) - len(set(lines)), len(lines))


def _share(part: float, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
