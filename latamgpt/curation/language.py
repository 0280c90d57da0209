"""Which language a text is in: naive Bayes over hashed character n-grams, trained from the text files beside it.

The model is a multinomial naive Bayes (as scikit-learn's, with which the tests compare it) over character 1- to 4-grams inside
words. It is fitted when first used, in about half a second, so that no model file has to be trusted: to add a language, add
language_samples/CODE.txt. Log-probabilities are whole thousandths of a nat, so sums and winners are the same on every machine.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.characters import BEHIND_LETTERS, flags, in_nfc, lower_codes, within_table
from latamgpt.curation.kernels import SPACE, CodePoints, code_points, spoken
from latamgpt.curation.language_kernels import (
    BUCKET_BITS,
    FIRST_FACTOR,
    MAX_NGRAM,
    SECOND_FACTOR,
    SHARE_BITS,
    SURE,
    language_shares,
    window_edges,
    window_scores,
)

SAMPLES = Path(__file__).parent / "language_samples"
NUM_BUCKETS = 1 << BUCKET_BITS  # of hashed n-grams: 2^18 and 2^20 were no better on held-out lines, and fit no cache
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

Table = NDArray[np.int16]  # NUM_BUCKETS x languages, thousandths of a nat; columns of zeros up to a multiple of LANES
LANES = 16  # numbers that a processor adds at once


@dataclass(frozen=True)
class Identified:
    """The most likely language and how sure the model is, from 0 to 1; 'und' for a text without letters."""

    language: str
    confidence: float
    second: str = ""  # another language in which whole passages are: a translation, a quotation, speakers who change
    second_share: float = 0.0  # of the windows
    against: str = ""  # which other identifier sees what: see `identifiers`


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
        shares, sure = language_shares(rows, likelihoods())
        best = int(np.argmax(shares))
        sure[best] = 0
        second = int(np.argmax(sure))
        return Identified(
            self.languages[best],
            round(int(shares[best]) / (rows.shape[0] << SHARE_BITS), 4),
            self.languages[second] if sure[second] else "",
            round(int(sure[second]) / rows.shape[0], 4),
        )

    def window_scores(self, spoken: CodePoints) -> NDArray[np.int32]:
        """Per window of a text, given as the code points of what `letters` writes, and language: thousandths of a nat."""
        return window_scores(spoken, windows_of(len(spoken)), self.table)[:, : len(self.languages)]

    def plain_window_scores(self, text: str) -> NDArray[np.int64]:
        """The reference for the compiled kernel: per window, the sum of the rows of its n-grams."""
        windows = windows_of(len(text)).reshape(-1, 2).tolist()
        scores = np.zeros((len(windows), self.table.shape[1]), np.int64)
        for index, (start, end) in enumerate(windows):
            scores[index] = self.table[hashed_ngrams(text[start:end])].sum(axis=0, dtype=np.int64)
        return scores[:, : len(self.languages)]


def fit(samples: Mapping[str, str]) -> LanguageModel:
    """A model of the languages in `samples` (code -> text)."""
    languages = tuple(sorted(samples))
    table = np.zeros((NUM_BUCKETS, -(-len(languages) // LANES) * LANES), np.int16)
    for column, language in enumerate(languages):
        counts = np.bincount(hashed_ngrams(letters(samples[language])), minlength=NUM_BUCKETS) + SMOOTHING
        table[:, column] = np.rint(np.log(counts / counts.sum()) * NATS_PER_UNIT)
    return LanguageModel(languages, table)


@cache
def likelihoods() -> NDArray[np.int64]:
    """How much a language counts by how far it lies behind the best: exp(-x), in parts of 2^SHARE_BITS, to where it is 0."""
    thousandths = np.arange(round(SHARE_BITS * np.log(2) * NATS_PER_UNIT * TEMPERATURE))
    return np.rint(np.exp(-thousandths / (NATS_PER_UNIT * TEMPERATURE)) * (1 << SHARE_BITS)).astype(np.int64)


def plain_language_shares(scores_WL: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The reference for the compiled kernel."""
    likely = np.append(likelihoods(), 0)
    weights_WL = likely[np.minimum(scores_WL.max(axis=1, keepdims=True) - scores_WL, len(likely) - 1)]
    shares_WL = (weights_WL << SHARE_BITS) // weights_WL.sum(axis=1, keepdims=True)
    return shares_WL.sum(axis=0), (shares_WL >= SURE).sum(axis=0)


@cache
def shipped_model() -> LanguageModel:
    """The model of the languages in language_samples/, fitted once per process."""
    return fit(samples())


def samples() -> dict[str, str]:
    """The text of each language in language_samples/, by its code."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.txt"))}


def spoken_codes(text: str) -> CodePoints:
    """The code points of `letters`."""
    codes = lower_codes(in_nfc(text))
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
        found.append((kept >> np.uint64(64 - BUCKET_BITS)).astype(np.int64))
    return np.concatenate(found)


@lru_cache(maxsize=1024)
def one_name(tag: str) -> str:
    """A BCP 47 tag as the code under which the corpus counts its language: 'es-AR' -> 'es', 'quz' -> 'que', 'gn' -> 'gug'."""
    code = tag.split("-")[0].lower()
    return GROUP_OF.get(code, code)


def windows_of(num_chars: int) -> NDArray[np.int64]:
    """Begin and end of at most MAX_WINDOWS pieces of about WINDOW_CHARS, evenly over a text; a short last one joins another."""
    return window_edges(num_chars, WINDOW_CHARS, MAX_WINDOWS)
