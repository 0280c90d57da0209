"""Documents that hold an evaluation item, or stand in one: trained on them, a model would be praised for its memory.

Items are few and documents many: all items lie in one table of hashed runs, and each document's words are looked up in it once.
What seems to be found is then compared word by word (`item_overlap`). `plain_find` says what is meant, without the table.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from latamgpt.curation.evaluation_sets import Item
from latamgpt.curation.item_kernels import FILTER_SHIFT, RUN_WORDS, SEED_WORDS, ItemTable, count_runs, hash_grams
from latamgpt.curation.item_overlap import SHORT_ITEM_WORDS, Held, Overlap, half_of, is_told_in_part, judge, measure
from latamgpt.curation.matched_words import word_hashes, words
from latamgpt.params import DecontaminationParams
from latamgpt.records import Table

REASON = "evaluation_item"
BATCH_DOCS = 1024  # texts that are Python strings at a time


@dataclass(frozen=True)
class Match:
    """One item and one document, and what they have in common."""

    doc_id: str
    item: Item
    held: Held
    overlap: Overlap

    def explain(self) -> str:
        """A sentence for the person who asks why."""
        share_13, share_8 = self.shares()
        return (
            f"{self.held} {self.item.id} of {self.item.set}: {share_13:.0%} of its words in runs of 13, {share_8:.0%} in runs "
            f"of 8, at most {self.overlap.longest} of its {len(self.item.words)} words in a row"
        )

    def shares(self) -> tuple[float, float]:
        """Of the item's words, those in runs of 13 and of 8 words that the document has too."""
        length = len(self.item.words)
        return self.overlap.in_long_runs / length, self.overlap.in_runs / length


@dataclass(frozen=True)
class Decontamination:
    """What is set aside, by document and item, and how many documents stay with what so many hold that it is a formula."""

    matches: list[Match]  # in order of document, set and item
    formulas: dict[tuple[str, str], int]  # set and item -> documents

    def by_document(self) -> dict[str, list[Match]]:
        """The matches of each document that is set aside, the longest first."""
        found: defaultdict[str, list[Match]] = defaultdict(list)
        for match in self.matches:
            found[match.doc_id].append(match)
        return {doc_id: sorted(of_it, key=lambda match: -match.overlap.longest) for doc_id, of_it in found.items()}


class Finder:
    """All items, ready for documents to be held against."""

    def __init__(self, items: Sequence[Item], params: DecontaminationParams) -> None:
        """Hash every item's runs of words once."""
        self._items, self._params = items, params
        self._table = _table(items, params)
        self._least_N = np.array([_fewest_in_runs(item, params) for item in items], np.int64)
        self._around_short: dict[int, dict[tuple[str, ...], set[int]]] = {}

    def find(self, doc_id: str, text: str) -> list[Match]:
        """The items that a document holds or stands in."""
        hashes = word_hashes(text)
        in_runs_N = RUN_WORDS * count_runs(hashes, self._table)
        inside = math.floor(self._params.min_document_share * len(hashes))
        candidates = set(np.flatnonzero((in_runs_N > 0) & (in_runs_N >= np.minimum(self._least_N, inside))).tolist())
        if len(hashes) < RUN_WORDS:
            candidates |= self._around(words(text))
        if not candidates:
            return []
        return plain_find(doc_id, text, [self._items[place] for place in sorted(candidates)], self._params)

    def _around(self, document: Sequence[str]) -> set[int]:
        """The items in which a document of fewer words than a run stands whole."""
        length = len(document)
        if length not in self._around_short:
            rows: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
            for place, item in enumerate(self._items):
                for start in range(len(item.words) - length + 1):
                    rows[item.words[start : start + length]].add(place)
            self._around_short[length] = rows
        return self._around_short[length].get(tuple(document), set())


def plain_find(doc_id: str, text: str, items: Iterable[Item], params: DecontaminationParams) -> list[Match]:
    """Hold a document against each item, word by word."""
    document = words(text)
    found: list[Match] = []
    for item in items:
        overlap = measure(item, document)
        held = judge(item, len(document), overlap, params)
        if held is not None:
            found.append(Match(doc_id, item, held, overlap))
    return found


def decontaminate(documents: Iterable[pa.Table], items: Sequence[Item], params: DecontaminationParams) -> Decontamination:
    """Hold every document against every item. The documents come in parts, in any order.

    A part of an item that more documents hold than `max_formula_docs` is no copy of it but a formula, a proverb or a title
    that the item quotes: those documents stay. A whole item never is one.
    """
    finder = Finder(items, params)
    found = [
        match
        for part in documents
        for batch in part.select(["doc_id", "text"]).to_batches(BATCH_DOCS)
        for row in batch.to_pylist()
        for match in finder.find(row["doc_id"], row["text"])
    ]
    parts = Counter((match.item.set, match.item.id) for match in found if match.held is Held.PART)
    formulas = {item: count for item, count in sorted(parts.items()) if count > params.max_formula_docs}
    stay = [match.held is Held.PART and (match.item.set, match.item.id) in formulas for match in found]
    matches = [match for match, stays in zip(found, stay, strict=True) if not stays]
    return Decontamination(sorted(matches, key=lambda match: (match.doc_id, match.item.set, match.item.id)), formulas)


def explain_matches(matches: Sequence[Match]) -> str:
    """Why a document was set aside: the longest match, and how many others there are."""
    others = f"; and {len(matches) - 1:,} more items" if len(matches) > 1 else ""
    return matches[0].explain() + others


def tables_of(found: Decontamination, items: Iterable[Item], documents: pa.Table) -> tuple[Table, Table]:
    """Every document and item that met, and how many documents each set took."""
    columns = documents.select(["doc_id", "partner", "delivery", "path"])
    matched = {match.doc_id for match in found.matches}
    met = columns.filter(pa.array([one in matched for one in columns.column("doc_id").to_pylist()], pa.bool_())).to_pylist()
    path_of = {row["doc_id"]: f"{row['partner']}/{row['delivery']}/{row['path']}" for row in met}
    rows = tuple(
        (
            match.doc_id,
            path_of[match.doc_id],
            match.item.set,
            match.item.id,
            str(match.held),
            *(round(share, 4) for share in match.shares()),
            match.overlap.longest,
        )
        for match in found.matches
    )
    names = ("document", "path", "evaluation set", "item", "the document", "13-gram share", "8-gram share", "longest match")
    sizes = Counter(item.set for item in items)
    dropped = Counter(name for name, _ in {(match.item.set, match.doc_id) for match in found.matches})
    formulas = Counter(name for name, _ in found.formulas)
    by_set = tuple((name, sizes[name], dropped[name], formulas[name]) for name in sorted(sizes))
    return (
        Table(name="decontamination", columns=names, rows=rows),
        Table(
            name="evaluation sets",
            columns=("evaluation set", "items", "documents dropped", "items quoted as formulas"),
            rows=by_set,
        ),
    )


def _table(items: Sequence[Item], params: DecontaminationParams) -> ItemTable:
    hashed = [word_hashes(" ".join(item.words)) for item in items]
    entries: list[tuple[int, int, int]] = []  # hash, item, offset
    lengths: set[int] = set()
    for place, item in enumerate(items):
        for length, starts in _seeds(item):
            lengths.add(length)
            grams = hash_grams(hashed[place], length)
            entries += [(int(grams[start]), place, start) for start in starts]
    entries.sort()
    of_entry = np.array([entry[0] for entry in entries], np.uint64)
    grams, firsts = np.unique(of_entry, return_index=True)
    passing = np.zeros(1 << (64 - int(FILTER_SHIFT)), np.bool_)
    passing[grams >> FILTER_SHIFT] = True
    return ItemTable(
        wanted=np.array([length in lengths for length in range(RUN_WORDS + 1)]),
        passing=passing,
        grams=grams,
        edges=np.append(firsts, len(entries)).astype(np.int64),
        items=np.array([entry[1] for entry in entries], np.int64),
        offsets=np.array([entry[2] for entry in entries], np.int64),
        item_words=np.concatenate([np.zeros(0, np.uint64), *hashed]),
        item_edges=np.cumsum([0, *map(len, hashed)]).astype(np.int64),
        is_short_N=np.array([len(item.words) < SHORT_ITEM_WORDS for item in items], np.bool_),
        needed_N=np.array([_fewest_in_place(item, params) for item in items], np.int64),
        beginnings_N=np.array([_fewest_in_a_row(item, params) for item in items], np.int64),
    )


def _seeds(item: Item) -> list[tuple[int, range]]:
    """Which runs of an item are looked up: their length, and where they begin. Whatever `judge` finds holds one of them."""
    length = len(item.words)
    if length >= SHORT_ITEM_WORDS:
        return [(RUN_WORDS, range(length - RUN_WORDS + 1))]
    beginning = (min(len(item.prompt), SEED_WORDS), range(1))
    everywhere = (SEED_WORDS, range(length - SEED_WORDS + 1))
    return [everywhere] if beginning[0] == SEED_WORDS else [beginning, everywhere]


def _fewest_in_place(item: Item, params: DecontaminationParams) -> int:
    length = len(item.words)
    if not is_told_in_part(item, params):
        return length
    return next(count for count in range(length + 1) if count / length >= params.min_whole_share)


def _fewest_in_a_row(item: Item, params: DecontaminationParams) -> int:
    """From an item's beginning; its question is always enough, since the answer may stand behind other choices."""
    if not is_told_in_part(item, params):
        return len(item.prompt)
    return min(half_of(item, params.min_beginning_words), len(item.prompt))


def _fewest_in_runs(item: Item, params: DecontaminationParams) -> int:
    """How many words of a long item stand in runs of 8 at least, if it is found."""
    length = len(item.words)
    return min(math.floor(min(params.min_share_8, params.min_share_13, params.min_whole_share) * length), params.min_run_words)
