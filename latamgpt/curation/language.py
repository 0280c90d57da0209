"""Which language a text is in: naive Bayes over hashed character n-grams, trained from the text files beside it.

The model is a multinomial naive Bayes (as scikit-learn's, with which the tests compare it) over character 1- to 4-grams inside
words. It is fitted when first used, in about half a second, so that no model file has to be trusted: to add a language, add
language_samples/CODE.txt. Log-probabilities are whole thousandths of a nat, so sums and winners are the same on every machine.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.characters import BEHIND_LETTERS, flags, in_nfc, within_table
from latamgpt.curation.kernels import (
    FIRST_FACTOR,
    MAX_NGRAM,
    SECOND_FACTOR,
    SPACE,
    CodePoints,
    code_points,
    spoken,
    window_scores,
)

SAMPLES = Path(__file__).parent / "language_samples"
NUM_BUCKETS = 1 << 18  # of hashed n-grams: 2^16 and 2^20 were no better on held-out lines
SMOOTHING = 0.1  # added to every count; from 0.03 to 0.3 held-out accuracy is the same
WINDOW_CHARS = 240  # a document is judged in windows, so that a translated half shows
MAX_WINDOWS = 48  # spread evenly over a long document: more did not change a verdict
NATS_PER_UNIT = 1000
TEMPERATURE = 25.0  # n-grams overlap and so are no independent witnesses; makes confidence match held-out accuracy
UNDETERMINED = "und"
WIDE_LANGUAGES = frozenset({"es", "pt", "en"})

GROUPS = {
    "que": "qu quy quz qub qud quf qug quh quk qul qup qur qus quw qux qva qvc qve qvh qvi qvj qvl qvm qvn qvo qvp qvs qvw qvz"
    " qwa qwc qwh qws qxa qxc qxh qxl qxn qxo qxp qxr qxt qxu qxw inb inj",
    "gug": "gn grn gui gnw gun nhd",
    "ayr": "ay aym ayc",
    "nah": "nhn nci ncj ncl ncx nhc nhe nhg nhi nhk nhm nhp nhq nht nhv nhw nhx nhy nhz nlv azz naz ngu npl nsu nuz",
    "es": "spa",
    "pt": "por",
    "en": "eng",
    "hus": "hva hsf",
    "hat": "ht",
}
GROUP_OF = {code: group for group, codes in GROUPS.items() for code in codes.split()}
"""Varieties that are counted as one language: the model cannot and need not tell Ayacucho from Cusco."""

Table = NDArray[np.int16]  # NUM_BUCKETS x languages, thousandths of a nat


@dataclass(frozen=True)
class Identified:
    """The most likely language and how sure the model is, from 0 to 1; 'und' for a text without letters."""

    language: str
    confidence: float


@dataclass(frozen=True)
class LanguageModel:
    """Log-probabilities of hashed n-grams per language."""

    languages: tuple[str, ...]
    table: Table

    def identify(self, text: str) -> Identified:
        """The language that most of a text's windows speak for."""
        rows = self.window_scores(spoken_codes(text))
        if rows.shape[0] == 0:
            return Identified(UNDETERMINED, 0.0)
        shifted = (rows - rows.max(axis=1, keepdims=True)) / (NATS_PER_UNIT * TEMPERATURE)
        likely = np.exp(shifted)
        shares = (likely / likely.sum(axis=1, keepdims=True)).mean(axis=0)
        best = int(np.argmax(shares.round(6)))
        return Identified(self.languages[best], round(float(shares[best]), 4))

    def window_scores(self, spoken: CodePoints) -> NDArray[np.int32]:
        """Per window of a text, given as the code points of what `letters` writes, and language: thousandths of a nat."""
        return window_scores(spoken, np.array(windows_of(len(spoken)), np.int64).reshape(-1), self.table)

    def plain_window_scores(self, text: str) -> NDArray[np.int64]:
        """The reference for the compiled kernel: per window, the sum of the rows of its n-grams."""
        windows = windows_of(len(text))
        scores = np.zeros((len(windows), len(self.languages)), np.int64)
        for index, (start, end) in enumerate(windows):
            scores[index] = self.table[hashed_ngrams(text[start:end])].sum(axis=0, dtype=np.int64)
        return scores


def fit(samples: Mapping[str, str]) -> LanguageModel:
    """A model of the languages in `samples` (code -> text)."""
    languages = tuple(sorted(samples))
    table = np.empty((NUM_BUCKETS, len(languages)), np.int16)
    for column, language in enumerate(languages):
        counts = np.bincount(hashed_ngrams(letters(samples[language])), minlength=NUM_BUCKETS) + SMOOTHING
        table[:, column] = np.rint(np.log(counts / counts.sum()) * NATS_PER_UNIT)
    return LanguageModel(languages, table)


@cache
def shipped_model() -> LanguageModel:
    """The model of the languages in language_samples/, fitted once per process."""
    return fit({path.stem: path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.txt"))})


def spoken_codes(text: str) -> CodePoints:
    """The code points of `letters`."""
    codes = code_points(in_nfc(text).lower())
    return spoken(codes, flags()) if within_table(codes) else code_points(letters(text))


def letters(text: str) -> str:
    """A text in lower case, letters, marks and apostrophes only, one space between words; the reference for the kernel."""
    plain = unicodedata.normalize("NFC", text).lower()
    return " ".join(re.findall(rf"[^\W\d_]+(?:[^\W\d_]|[{BEHIND_LETTERS}])*", plain))


def hashed_ngrams(text: str) -> NDArray[np.int64]:
    """The bucket of every 1- to 4-gram that lies inside a word, the space before and after it counted in."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le"), np.uint32).astype(np.uint64)
    is_space = codes == SPACE
    hashes = np.zeros(len(codes), np.uint64)
    inside = np.ones(len(codes), np.bool_)
    found: list[NDArray[np.int64]] = []
    for n in range(1, min(MAX_NGRAM, len(codes)) + 1):
        count = len(codes) - n + 1
        hashes = (hashes[:count] + codes[n - 1 :]) * FIRST_FACTOR
        hashes ^= hashes >> np.uint64(29)
        if n >= 3:  # no space in the middle
            inside = inside[:count] & ~is_space[n - 2 : n - 2 + count]
        kept = hashes[inside[:count]] * SECOND_FACTOR
        found.append((kept >> np.uint64(64 - 18)).astype(np.int64))
    return np.concatenate(found)


def one_name(tag: str) -> str:
    """A BCP 47 tag as the code under which the corpus counts its language: 'es-AR' -> 'es', 'quz' -> 'que', 'gn' -> 'gug'."""
    code = tag.split("-")[0].lower()
    return GROUP_OF.get(code, code)


def windows_of(num_chars: int) -> list[tuple[int, int]]:
    """At most MAX_WINDOWS pieces of about WINDOW_CHARS, evenly over a text; a short last piece joins the one before it."""
    count = max(1, round(num_chars / WINDOW_CHARS)) if num_chars else 0
    chosen = range(count) if count <= MAX_WINDOWS else [index * count // MAX_WINDOWS for index in range(MAX_WINDOWS)]
    return [(round(index * num_chars / count), round((index + 1) * num_chars / count)) for index in chosen]
