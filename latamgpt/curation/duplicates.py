"""Documents that say the same: exact by the hash of their clean text, near by their MinHash signatures.

Documents whose signatures have a band in common are candidates and are held against each other whole (`linking`); what is alike
enough is linked, and all that hangs together by links is a cluster. Of each cluster one document wins and stays: that with the
broadest rights, of those the one of the best quality, of those the one with the lowest id. Who is linked to whom is found in the
order of ids, so a cluster hangs neither on who wins nor on the order of arrival. Every document that goes names the one that
stays, and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from latamgpt.curation.linking import groups
from latamgpt.registry.breadth import Breadth
from latamgpt.registry.edges import Terms

# N documents  P permutations


class Kind(StrEnum):
    """How two documents are the same."""

    EXACT = "exact"
    NEAR = "near"


class Reason(StrEnum):
    """Why of two documents one stays."""

    RIGHTS = "broader rights"
    QUALITY = "better quality"
    ID = "lower id"


@dataclass(frozen=True)
class Duplicate:
    """A document that gives way to another: positions in the table, how alike the two are, and what the other has before it."""

    dropped: int
    kept: int
    kind: Kind
    similarity: float
    reason: Reason


DUPLICATE_SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("kept_doc_id", pa.string(), nullable=False),  # the winner of its cluster, which goes by this id
        pa.field("kind", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),  # to the winner; in a chain of links it can be little
        pa.field("reason", pa.string(), nullable=False),  # what the winner has before it
        pa.field("cluster_size", pa.int64(), nullable=False),  # documents that gave way to the winner, and the winner
    ]
)
"""Which document gave way to which: a row for each that did."""


def find_duplicates(
    documents: pa.Table, num_bands: int, min_similarity: float, breadths: Mapping[Terms, Breadth] | None = None
) -> list[Duplicate]:
    """The documents that give way, by position, whatever the order of rows.

    Args:
        documents: rows of CLEAN_DOCUMENT_SCHEMA.
        num_bands: must divide the number of permutations.
        min_similarity: the share of permutations on which two signatures have to agree.
        breadths: of the rights under all terms that occur; where none are given, all rights are one.
    """
    rights_N = _rights(documents, breadths)
    quality_N = documents.column("quality").to_numpy()
    winners_N = _winners(_clusters(documents, num_bands, min_similarity), _winning_order(documents, rights_N))
    hashes = documents.column("text_sha256").to_pylist()
    signatures_NP = signature_matrix(documents)
    found: list[Duplicate] = []
    for index in np.flatnonzero(winners_N != np.arange(len(winners_N))).tolist():
        kept = int(winners_N[index])
        exact = hashes[index] == hashes[kept]
        if rights_N[index] != rights_N[kept]:
            reason = Reason.RIGHTS
        else:
            reason = Reason.QUALITY if quality_N[index] != quality_N[kept] else Reason.ID
        alike = 1.0 if exact else _similarity(signatures_NP, index, kept)
        found.append(Duplicate(index, kept, Kind.EXACT if exact else Kind.NEAR, alike, reason))
    return found


def signature_matrix(documents: pa.Table) -> NDArray[np.uint32]:
    """All signatures, a row each; no copy of them where they lie in one piece."""
    column = documents.column("signature")
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    values = np.asarray(whole.flatten(), np.uint32)
    return values.reshape(documents.num_rows, -1) if documents.num_rows else values.reshape(0, 0)


def _clusters(documents: pa.Table, num_bands: int, min_similarity: float) -> NDArray[np.int64]:
    """For every document the one of the lowest id in its cluster."""
    by_id_N = _order(documents.select(["doc_id"]), [("doc_id", "ascending")])
    first_N = _first_with_the_text(documents.column("text_sha256").take(pa.array(by_id_N)).to_pylist())
    signatures_NP = signature_matrix(documents)
    if (by_id_N[1:] < by_id_N[:-1]).any():
        signatures_NP = signatures_NP[by_id_N]
    lowest_N = groups(signatures_NP, num_bands, min_similarity, np.flatnonzero(first_N == np.arange(len(first_N))))
    found_N = np.empty_like(lowest_N)
    found_N[by_id_N] = by_id_N[lowest_N[first_N]]
    return found_N


def _winning_order(documents: pa.Table, rights_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of all documents, so that of any two the first wins."""
    columns = {"rights": pa.array(rights_N), "quality": documents.column("quality"), "doc_id": documents.column("doc_id")}
    return _order(pa.table(columns), [("rights", "descending"), ("quality", "descending"), ("doc_id", "ascending")])


def _order(table: pa.Table, by: list[tuple[str, str]]) -> NDArray[np.int64]:
    return pc.sort_indices(table, sort_keys=by).to_numpy().astype(np.int64)  # pyright: ignore[reportAttributeAccessIssue]


def _winners(cluster_N: NDArray[np.int64], order_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """For every document the first of its cluster in the winning order."""
    _, first, member_N = np.unique(cluster_N[order_N], return_index=True, return_inverse=True)
    winners_N = np.empty_like(cluster_N)
    winners_N[order_N] = order_N[first[member_N]]
    return winners_N


def _rights(documents: pa.Table, breadths: Mapping[Terms, Breadth] | None) -> NDArray[np.int64]:
    """For every document the place of its rights among those that occur: the broadest have the greatest."""
    if breadths is None:
        return np.zeros(documents.num_rows, np.int64)
    place_of = {one: place for place, one in enumerate(sorted(set(breadths.values())))}
    columns = (documents.column(name).to_pylist() for name in ("partner", "agreement", "licence"))
    places = (place_of[breadths[Terms(*terms)]] for terms in zip(*columns, strict=True))
    return np.fromiter(places, np.int64, documents.num_rows)


def _first_with_the_text(hashes: list[str]) -> NDArray[np.int64]:
    first: dict[str, int] = {}
    return np.array([first.setdefault(digest, index) for index, digest in enumerate(hashes)], np.int64)


def _similarity(signatures_NP: NDArray[np.uint32], first: int, second: int) -> float:
    return round(float((signatures_NP[first] == signatures_NP[second]).mean()), 4)
