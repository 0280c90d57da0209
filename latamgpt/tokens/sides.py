"""The corpus' two sides: documents that are trained on, and documents held out. Nothing is learned from those; which merges a
tokenizer may not have is read from both.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.params import Params, RightsParams
from latamgpt.registry.partners import Edge, Purpose, read_institution
from latamgpt.registry.rights import rule
from latamgpt.store import Workspace
from latamgpt.tokens.held_out import choose_held_out
from latamgpt.tokens.overlap import seen_in_training

TEXTS_PER_BATCH = 64
Text = TypeVar("Text")
EDGES = {Purpose.EVALUATE: Edge.EVALUATION, Purpose.RELEASE: Edge.RELEASE}
NEEDED_FOR_SIDES = ["doc_id", "partner", "agreement", "licence", "language"]


@dataclass(frozen=True)
class Sides:
    """The documents held out; how many could not be, since no agreement permits it or since they stand in training texts."""

    held_out: set[str]
    num_not_for_evaluation: int
    num_seen_in_training: int


def choose_sides(workspace: Workspace, corpus: Path, rows: list[dict[str, str]], params: Params) -> Sides:
    """Hold out what may be measured on and was not seen in training; all else is trained on."""
    permitted = permitted_for(Purpose.EVALUATE, workspace, rows, params.rights)
    chosen = draw_held_out(rows, permitted, params)
    seen = seen_in_training(lambda: ((doc_id, text) for doc_id, _, text in read_texts(corpus)), chosen)
    return Sides(chosen - seen, len(rows) - len(permitted), len(seen))


def choose_learnable(workspace: Workspace, corpus: Path, languages: Collection[str], params: Params) -> set[str]:
    """The documents of these languages of which none is held out, nor was drawn to be, and whose words may be released.

    New tokens are published with the tokenizer, also those learned from documents that the mixture leaves out.
    """
    rows = pq.read_table(corpus, columns=NEEDED_FOR_SIDES).to_pylist()
    drawn = draw_held_out(rows, permitted_for(Purpose.EVALUATE, workspace, rows, params.rights), params)
    releasable = permitted_for(Purpose.RELEASE, workspace, rows, params.rights)
    return {row["doc_id"] for row in rows if row["language"] in languages and row["doc_id"] in releasable} - drawn


def draw_held_out(rows: Iterable[dict[str, str]], permitted: Collection[str], params: Params) -> set[str]:
    """The documents to hold out, unless they stand in training texts."""
    return choose_held_out({row["doc_id"]: row["language"] for row in rows if row["doc_id"] in permitted}, params.token_shards)


def permitted_for(purpose: Purpose, workspace: Workspace, rows: Iterable[dict[str, str]], rights: RightsParams) -> set[str]:
    """The documents whose agreement permits that models are measured on them, or that what they taught is released."""
    terms = {row["doc_id"]: (row["partner"], row["agreement"], row["licence"]) for row in rows}
    institutions = {partner: read_institution(workspace.root, partner) for partner in sorted({t[0] for t in terms.values()})}
    rulings = {
        term: rule(institutions[term[0]], *term[1:], purpose, rights.as_of, edge=EDGES[purpose]).permitted
        for term in set(terms.values())
    }
    return {doc_id for doc_id, term in terms.items() if rulings[term]}


def read_texts(corpus: Path) -> Iterator[tuple[str, str, str]]:
    """doc_id, language and text of each document, a batch at a time."""
    for batch in batches(corpus, TEXTS_PER_BATCH, ["doc_id", "language", "text"]):
        for row in batch.to_pylist():
            yield row["doc_id"], row["language"], row["text"]


def batches(corpus: Path, num_rows: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The corpus' rows, so many at a time; pyarrow keeps what a reader has read until it ends, so each reads one row group."""
    with pq.ParquetFile(corpus) as file:
        for group in range(file.num_row_groups):
            yield from file.iter_batches(num_rows, row_groups=[group], columns=columns)


def in_batches(texts: Iterable[Text]) -> Iterator[list[Text]]:
    """The texts in lists of a fixed size, the last one shorter."""
    left = iter(texts)
    while batch := list(islice(left, TEXTS_PER_BATCH)):
        yield batch
