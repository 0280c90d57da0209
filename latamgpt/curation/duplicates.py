"""Documents that say the same: exact by the hash of their clean text, near by their MinHash signatures.

Bands of a signature are hashed to keys; two documents with a key in common are candidates (DuckDB joins them, and
spills to disk when there are many); candidates are held against each other by their whole signatures; what is alike enough is
linked, and of each linked group one document stays. Which one is a total order: the order of arrival does not matter.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# N documents  P permutations  B bands  E edges
MAX_NEIGHBOURS = 64
"""A document is held against this many before it that share a band's key: keeps a key shared by thousands linear."""

MIX = 0x9E3779B97F4A7C15


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
    exact = _exact(documents.column("text_sha256").to_pylist())
    dropped = {duplicate.dropped for duplicate in exact}
    rest_N = np.array([index for index in range(documents.num_rows) if index not in dropped], np.int64)
    signatures_NP = signature_matrix(documents)[rest_N]
    edges = similar_pairs(signatures_NP, candidate_pairs(signatures_NP, num_bands), min_similarity)
    near = [
        Duplicate(int(rest_N[index]), int(rest_N[root]), Kind.NEAR, _similarity(signatures_NP, index, root))
        for index, root in enumerate(components(len(rest_N), edges))
        if index != root
    ]
    return sorted([*exact, *near], key=lambda duplicate: duplicate.dropped)


def in_winning_order(documents: pa.Table) -> pa.Table:
    """The documents so that of any two the first stays: by date of delivery, then partner, delivery, path and id."""
    columns = ("delivery_date", "partner", "delivery", "path", "doc_id")
    return documents.sort_by([(column, "ascending") for column in columns])


def signature_matrix(documents: pa.Table) -> NDArray[np.uint32]:
    """All signatures, a row each."""
    values = np.asarray(documents.column("signature").combine_chunks().flatten(), np.uint32)
    return values.reshape(documents.num_rows, -1) if documents.num_rows else values.reshape(0, 0)


def band_keys(signatures_NP: NDArray[np.uint32], num_bands: int) -> NDArray[np.uint64]:
    """One 64-bit key per document and band."""
    count = signatures_NP.shape[0]
    bands_NBR = signatures_NP.reshape(count, num_bands, -1).astype(np.uint64)
    keys_NB = np.zeros((count, num_bands), np.uint64)
    for row in range(bands_NBR.shape[2]):
        keys_NB = (keys_NB ^ bands_NBR[:, :, row]) * np.uint64(MIX)
        keys_NB ^= keys_NB >> np.uint64(32)
    return keys_NB


def candidate_pairs(signatures_NP: NDArray[np.uint32], num_bands: int) -> NDArray[np.int64]:
    """Pairs (earlier, later) of documents that share at least one band, each once, sorted."""
    if signatures_NP.shape[0] < 2:
        return np.empty((0, 2), np.int64)
    import duckdb

    keys_NB = band_keys(signatures_NP, num_bands)
    count = keys_NB.shape[0]
    bands = pa.table(
        {
            "band": np.tile(np.arange(num_bands, dtype=np.int32), count),
            "key": keys_NB.reshape(-1),
            "doc": np.repeat(np.arange(count, dtype=np.int64), num_bands),
        }
    )
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.register("bands", bands)
        query = """
            WITH ranked AS (SELECT band, key, doc, row_number() OVER (PARTITION BY band, key ORDER BY doc) AS place FROM bands)
            SELECT DISTINCT a.doc AS earlier, b.doc AS later
            FROM ranked a JOIN ranked b ON a.band = b.band AND a.key = b.key AND a.place < b.place AND b.place - a.place <= ?
            ORDER BY earlier, later
            """
        pairs = connection.execute(query, [MAX_NEIGHBOURS]).fetchnumpy()
    return np.column_stack([pairs["earlier"], pairs["later"]])


def similar_pairs(signatures_NP: NDArray[np.uint32], pairs_E2: NDArray[np.int64], min_similarity: float) -> NDArray[np.int64]:
    """Of these pairs, those whose signatures agree on a large enough share of permutations."""
    if len(pairs_E2) == 0:
        return pairs_E2
    shares_E = (signatures_NP[pairs_E2[:, 0]] == signatures_NP[pairs_E2[:, 1]]).mean(axis=1)
    return pairs_E2[shares_E >= min_similarity]


def components(count: int, pairs_E2: NDArray[np.int64]) -> list[int]:
    """For every document the first one of its group: itself, where it is linked to none before it."""
    parents = list(range(count))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for first, second in pairs_E2.tolist():
        low, high = sorted((root(first), root(second)))
        parents[high] = low
    return [root(index) for index in range(count)]


def _exact(hashes: list[str]) -> list[Duplicate]:
    first: dict[str, int] = {}
    return [
        Duplicate(index, first[digest], Kind.EXACT, 1.0)
        for index, digest in enumerate(hashes)
        if first.setdefault(digest, index) != index
    ]


def _similarity(signatures_NP: NDArray[np.uint32], first: int, second: int) -> float:
    return round(float((signatures_NP[first] == signatures_NP[second]).mean()), 4)
