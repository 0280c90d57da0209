"""Lines that stand in many documents of one partner: headers, footers, menus. They are the page's and not the text's.

Lines are compared without case, numbers and blanks. One document counts once, however often a line stands in it, so what a single
song or poem repeats is nothing. Left in, besides what is rare: lines of documents that are made of short lines (verse, song,
dialogue, lists); short lines that are no menu ('Artículo 1'); and the formulas of `formulas.yaml`, with which tales and acts open
and close.

`plain_lines` is the reference of the compiled pass over a text.
"""
# C code points  D documents  L lines  R repeated lines

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray

from latamgpt.curation.characters import flags, lower_codes
from latamgpt.curation.compiled import njit
from latamgpt.curation.kernels import (
    ALPHABETIC,
    BASE,
    BLANK,
    DIGIT_0,
    DIGIT_9,
    LINE_END,
    MIX_1,
    MIX_2,
    NUM_FLAGS,
    SPACE,
    CodePoints,
    mixed,
)
from latamgpt.params import BoilerplateParams

NUMBER = re.compile("[0-9]+")
WORD = re.compile(r"[\w'’ʼꞌ]+")
BLANK_LINES = re.compile(r"\n{3,}")
FORMULAS_PATH = Path(__file__).parent / "formulas.yaml"
BINS = 1 << 20  # counters of the first pass, 8 MiB: it keeps the exact counts of the second to lines that can be frequent
BITS_64 = (1 << 64) - 1
LINES_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("lines", pa.list_(pa.uint64())),  # hashes, each once; null where the document is no prose
    ]
)
"""What boilerplate is found from: a row for each kept document."""

Lines = tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]
"""Of each line of a text its hash (0 where it is blank), its letters, and its characters."""


@dataclass(frozen=True)
class RepeatedLine:
    """A line that stands in many documents of a partner."""

    line: str  # as it is compared
    num_docs: int  # that it stands in
    is_short: bool

    @property
    def sha256(self) -> str:
        """What a report names it by, which holds no text."""
        return hashlib.sha256(self.line.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Stripped:
    """A text without repeated lines, and which were taken, by their hashes; the text is as it was where none was."""

    text: str
    taken: tuple[int, ...]


@dataclass(frozen=True)
class Repeated:
    """The repeated lines of a partner, by their hashes."""

    lines: dict[int, RepeatedLine]
    params: BoilerplateParams

    def strip(self, text: str) -> Stripped:
        """A text without them: every long one, and short ones that make a menu."""
        if not self.lines:
            return Stripped(text, ())
        lines = find_lines(text)
        hits_L = hits(lines[0], self._hashes)
        if not hits_L.any() or not is_prose(lines, self.params):
            return Stripped(text, ())
        gone = self._gone(lines[0], hits_L)
        if not gone:
            return Stripped(text, ())
        kept = "\n".join(line for place, line in enumerate(text.split("\n")) if place not in gone)
        taken = {int(lines[0][place]) for place in gone}
        return Stripped(BLANK_LINES.sub("\n\n", kept).strip(), tuple(sorted(taken)))

    def _gone(self, hash_L: NDArray[np.uint64], hits_L: NDArray[np.bool_]) -> set[int]:
        gone: set[int] = set()
        for is_hit, group in groupby(np.flatnonzero(hash_L).tolist(), lambda place: bool(hits_L[place])):
            places = list(group)
            if is_hit:
                short = [place for place in places if self.lines[int(hash_L[place])].is_short]
                is_menu = len({int(hash_L[place]) for place in short}) >= self.params.min_menu_lines
                gone.update(places if is_menu else set(places).difference(short))
        return gone

    @cached_property
    def _hashes(self) -> NDArray[np.uint64]:
        return np.sort(np.fromiter(self.lines, np.uint64, len(self.lines)))


def line_hashes(text: str, params: BoilerplateParams) -> list[int] | None:
    """The lines of a text, each once; none of a text that is not prose. A row of LINES_SCHEMA."""
    lines = find_lines(text)
    return np.unique(lines[0][lines[0] != 0]).tolist() if is_prose(lines, params) else None


def frequent_lines(parts: Callable[[], Iterable[pa.ChunkedArray]], params: BoilerplateParams) -> dict[int, int]:
    """The lines that stand in many of a partner's documents, by hash, and in how many, whatever the order of documents.

    The documents' lines are gone through twice: counts by a part of the hash first, then exactly for lines whose part is frequent
    enough. So memory is 16 MiB, a part and the frequent lines, however many documents there are. A partner of few documents has
    no boilerplate.

    Args:
        parts: gives the column `lines` of LINES_SCHEMA, in parts.
        params: how many documents are many.
    """
    coarse = np.zeros(BINS, np.int64)
    num_docs = 0
    for part in parts():
        num_docs += len(part) - part.null_count
        np.add.at(coarse, _bins(_flat(part)), 1)
    if num_docs < params.min_partner_docs:
        return {}
    needed = max(params.min_docs, math.ceil(params.min_share * num_docs))
    is_frequent, counts = coarse >= needed, Counter[int]()
    for part in parts():
        flat = _flat(part)
        found, numbers = np.unique(flat[is_frequent[_bins(flat)]], return_counts=True)
        counts.update(dict(zip(found.tolist(), numbers.tolist(), strict=True)))
    return {line: number for line, number in sorted(counts.items()) if number >= needed}


def held_lines(part: pa.Table, lines: Collection[int]) -> Iterator[tuple[str, NDArray[np.uint64]]]:
    """Of rows of LINES_SCHEMA those that hold any of these lines, with which; by their ids."""
    column = part["lines"].combine_chunks()
    flat = _flat(part["lines"])
    held = np.flatnonzero(np.isin(flat, np.array(sorted(lines), np.uint64)))
    ends_D = np.cumsum(column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
    rows, firsts = np.unique(np.searchsorted(ends_D, held, side="right"), return_index=True)
    doc_ids = part["doc_id"].take(pa.array(rows)).to_pylist()
    yield from zip(doc_ids, np.split(flat[held], firsts[1:]), strict=True) if doc_ids else ()


def describe_lines(texts: Iterable[str], counts: Mapping[int, int], params: BoilerplateParams) -> Repeated:
    """Frequent lines with their words, from the texts that hold them; formulas are not among them."""
    words: dict[int, tuple[str, int]] = {}
    for text in texts:
        lines = find_lines(text)
        missing = [at for at, one in enumerate(lines[0].tolist()) if one in counts and one not in words]
        compared = text.lower().split("\n") if missing else []
        words |= {int(lines[0][at]): (comparable(compared[at]), int(lines[1][at])) for at in missing}
    found = {
        one: RepeatedLine(words[one][0], number, words[one][1] < params.min_letters)
        for one, number in counts.items()
        if not is_formula(words[one][0])
    }
    return Repeated(found, params)


def find_repeated(texts: Sequence[str], params: BoilerplateParams) -> Repeated:
    """The lines that many of these texts repeat, all of it in one go."""
    lines = pa.chunked_array([pa.array([line_hashes(text, params) for text in texts], LINES_SCHEMA.field("lines").type)])
    counts = frequent_lines(lambda: [lines], params)
    return describe_lines(texts if counts else [], counts, params)


def _flat(part: pa.ChunkedArray) -> NDArray[np.uint64]:
    return part.combine_chunks().flatten().to_numpy().astype(np.uint64, copy=False)


def _bins(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (hashes % np.uint64(BINS)).astype(np.int64)


def is_prose(lines: Lines, params: BoilerplateParams) -> bool:
    """Whether at least half of a text's characters stand in long lines: verse, song and lists are made of short ones."""
    return are_long(lines[2], params.min_prose_chars)


def is_formula(line: str) -> bool:
    """Whether a line, as it is compared, holds one of the formulas, word for word."""
    words = f" {' '.join(WORD.findall(line))} "
    return any(formula in words for formula in _formulas())


def comparable(line: str) -> str:
    """A line in small letters as it is compared: numbers as 0, one space where blanks are."""
    return " ".join(NUMBER.sub("0", line).split())


def find_lines(text: str) -> Lines:
    """Hash, letters and characters of every line as it is compared."""
    return hash_lines(lower_codes(text), flags())


def plain_lines(text: str) -> Lines:
    """The reference for `find_lines`: the same numbers, by expressions and loops."""
    compared = [comparable(line) for line in text.lower().split("\n")]
    letters = [sum(char.isalpha() and ord(char) < NUM_FLAGS - 1 for char in line) for line in compared]
    hashes = [plain_hash(line) for line in compared]
    return np.array(hashes, np.uint64), np.array(letters, np.int64), np.array([len(line) for line in compared], np.int64)


def plain_hash(line: str) -> int:
    """The hash of a line as it is compared; 0 of a blank one."""
    value = 0
    for char in line:
        value = (value ^ ord(char)) * int(BASE) & BITS_64
    value = (value ^ (value >> 30)) * int(MIX_1) & BITS_64
    value = (value ^ (value >> 27)) * int(MIX_2) & BITS_64
    return value ^ (value >> 31)


@njit(cache=True, nogil=True)
def hash_lines(codes_C: CodePoints, flags: NDArray[np.uint16]) -> Lines:
    """See `plain_lines`.

    Args:
        codes_C: the code points of a text in small letters.
        flags: per code point, what it is; the last stands for all beyond.
    """
    num_lines = 1
    for code in codes_C:
        num_lines += code == LINE_END
    hash_L = np.zeros(num_lines, np.uint64)
    letters_L, chars_L = np.zeros(num_lines, np.int64), np.zeros(num_lines, np.int64)
    line, hashed = 0, np.uint64(0)
    after_blank, after_digit = False, False
    for code in codes_C:
        flag = flags[min(code, np.uint32(NUM_FLAGS - 1))]
        if code == LINE_END:
            hash_L[line] = mixed(hashed)
            line, hashed, after_blank, after_digit = line + 1, np.uint64(0), False, False
        elif flag & BLANK:
            after_blank, after_digit = chars_L[line] > 0, False
        else:
            is_digit = DIGIT_0 <= code <= DIGIT_9
            if is_digit and after_digit:
                continue
            if after_blank:
                hashed = (hashed ^ np.uint64(SPACE)) * BASE
                chars_L[line] += 1
            hashed = (hashed ^ np.uint64(DIGIT_0 if is_digit else code)) * BASE
            chars_L[line] += 1
            letters_L[line] += (flag & ALPHABETIC) != 0
            after_blank, after_digit = False, is_digit
    hash_L[line] = mixed(hashed)
    return hash_L, letters_L, chars_L


@njit(cache=True, nogil=True)
def are_long(chars_L: NDArray[np.int64], min_chars: int) -> bool:
    """Whether half of all characters or more, of which there are some, stand in lines of at least `min_chars`."""
    num_long = num_chars = 0
    for chars in chars_L:
        num_chars += chars
        num_long += chars if chars >= min_chars else 0
    return 2 * num_long >= num_chars > 0


@njit(cache=True, nogil=True)
def hits(hash_L: NDArray[np.uint64], wanted_R: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Of each line whether its hash is among the wanted, which rise."""
    found_L = np.zeros(len(hash_L), np.bool_)
    for line in range(len(hash_L)):
        place = np.searchsorted(wanted_R, hash_L[line])
        found_L[line] = place < len(wanted_R) and wanted_R[place] == hash_L[line]
    return found_L


@cache
def _formulas() -> tuple[str, ...]:
    """All formulas, as `is_formula` compares them."""
    by_language: dict[str, list[str]] = yaml.safe_load(FORMULAS_PATH.read_text(encoding="utf-8"))
    listed = (formula.lower() for formulas in by_language.values() for formula in formulas)
    return tuple(f" {' '.join(WORD.findall(comparable(formula)))} " for formula in listed)
