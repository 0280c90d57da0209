"""Documents that say the same: exact by the hash of their clean text, near by their MinHash signatures.

Documents whose signatures have a band in common are candidates and are held against each other whole (`linking`); what is alike
enough is linked, and of each linked group one document stays. Which one is a total order: the order of arrival does not matter.
Every document that goes names the one that stays.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latamgpt.curation.linking import groups

# N documents  P permutations


class Kind(StrEnum):
    """How two documents are the same."""

    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True)
class Duplicate:
    """A document that gives way to another: positions in the table, and how alike the two are."""

    dropped: int
    kept: int
    kind: Kind
    similarity: float


DUPLICATE_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("kept_doc_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
    ]
)
"""Which document gave way to which."""


def find_duplicates(documents: pa.Table, num_bands: int, min_similarity: float) -> list[Duplicate]:
    """The documents that give way, by position; `documents` must be in the order in which they win (see `in_winning_order`)."""
    first_N = _first_with_the_text(documents.column("text_sha256").to_pylist())
    rest_N = np.flatnonzero(first_N == np.arange(len(first_N)))
    signatures_NP = signature_matrix(documents)
    stays_N = np.arange(len(first_N))
    stays_N[rest_N] = rest_N[groups(signatures_NP[rest_N], num_bands, min_similarity)]
    stays_N = stays_N[first_N]
    return [
        Duplicate(index, kept, Kind.EXACT, 1.0)
        if kept == first
        else Duplicate(index, kept, Kind.NEAR, _similarity(signatures_NP, index, kept))
        for index, (first, kept) in enumerate(zip(first_N.tolist(), stays_N.tolist(), strict=True))
        if index != kept
    ]


def in_winning_order(documents: pa.Table) -> pa.Table:
    """The documents so that of any two the first stays: by date of delivery, then partner, delivery, path and id."""
    columns = ("delivery_date", "partner", "delivery", "path", "doc_id")
    return documents.sort_by([(column, "ascending") for column in columns])


def signature_matrix(documents: pa.Table) -> NDArray[np.uint32]:
    """All signatures, a row each."""
    values = np.asarray(documents.column("signature").combine_chunks().flatten(), np.uint32)
    return values.reshape(documents.num_rows, -1) if documents.num_rows else values.reshape(0, 0)


def _first_with_the_text(hashes: list[str]) -> NDArray[np.int64]:
    first: dict[str, int] = {}
    return np.array([first.setdefault(digest, index) for index, digest in enumerate(hashes)], np.int64)


def _similarity(signatures_NP: NDArray[np.uint32], first: int, second: int) -> float:
    return round(float((signatures_NP[first] == signatures_NP[second]).mean()), 4)
