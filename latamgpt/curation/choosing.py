"""Which documents stay: of those that say the same, one, and none that looks planted. The two are decided together.

What a document shows by itself is looked for in all of them. What shows only beside others (a trigger, a template) is looked for
after duplicates are dropped, since copies of a planted text would make it look usual. So that a planted copy takes no honest one
with it, what gave way to it at another partner comes back, and is looked at in its turn.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from latamgpt.curation.clean_tables import CleanDocuments
from latamgpt.curation.duplicates import Kind, Reason, find_duplicates
from latamgpt.curation.hidden_text import Finding
from latamgpt.curation.poisoning import Flag, Suspects, find_marks, find_poison
from latamgpt.params import CorpusParams
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.registry.breadth import Breadth
from latamgpt.registry.edges import Terms
from latamgpt.table_parts import having, without

MAX_ROUNDS = 3  # a search takes minutes: what would come back after the last one stays out as a duplicate


@dataclass(frozen=True)
class GaveWay:
    """A document that gave way to another, by their ids, and what the other has before it."""

    dropped: str
    kept: str
    kind: Kind
    similarity: float
    reason: Reason


@dataclass(frozen=True)
class Choice:
    """Every document given is in one of the three."""

    kept: pa.Table  # of the index, sorted by doc_id
    flags: dict[str, Flag]
    duplicates: list[GaveWay]


def choose(
    documents: CleanDocuments,
    index: pa.Table,
    hidden: Mapping[str, Finding],
    params: CorpusParams,
    breadths: Mapping[Terms, Breadth],
) -> Choice:
    """Drop duplicates and plants.

    Args:
        documents: where their texts and signatures lie.
        index: of those that may stay, sorted by doc_id.
        hidden: what was found in documents as they were delivered, by id.
        params: what is a duplicate, and what looks planted.
        breadths: of the rights under all terms that occur.
    """
    flags = find_marks(_suspects(documents, index), hidden)
    rest = without(index, flags)
    gone: list[GaveWay] = []
    for rounds_left in reversed(range(MAX_ROUNDS)):
        duplicates = _duplicates(documents, rest, params, breadths)
        unique = without(rest, {one.dropped for one in duplicates})
        planted = find_poison(_suspects(documents, unique), params.poisoning)
        flags |= planted
        to_planted = [one for one in duplicates if one.kept in planted]
        partner_of = _partners(rest, to_planted)
        back = {one.dropped for one in to_planted if partner_of[one.dropped] != partner_of[one.kept]}
        if not back or not rounds_left:
            return Choice(without(unique, planted), flags, [*gone, *duplicates])
        stay_out = [one for one in to_planted if one.dropped not in back]
        gone += stay_out
        rest = without(rest, {*planted, *(one.dropped for one in stay_out)})
    raise AssertionError("the last round returns")


def _duplicates(
    documents: CleanDocuments, rest: pa.Table, params: CorpusParams, breadths: Mapping[Terms, Breadth]
) -> list[GaveWay]:
    doc_ids = rest.column("doc_id").to_pylist()
    signed = rest.append_column(CLEAN_DOCUMENT_SCHEMA.field("signature"), documents.signatures(set(doc_ids)))
    found = find_duplicates(signed, params.num_bands, params.min_similarity, breadths)
    return [GaveWay(doc_ids[one.dropped], doc_ids[one.kept], one.kind, one.similarity, one.reason) for one in found]


def _suspects(documents: CleanDocuments, index: pa.Table) -> Suspects:
    doc_ids, partners, languages = (index.column(name).to_pylist() for name in ("doc_id", "partner", "language"))
    return Suspects(doc_ids, list(map(sys.intern, partners)), list(map(sys.intern, languages)), documents.texts(set(doc_ids)))


def _partners(index: pa.Table, duplicates: Iterable[GaveWay]) -> dict[str, str]:
    """Whose the documents are of which one gave way to the other."""
    rows = having(index, {doc_id for one in duplicates for doc_id in (one.dropped, one.kept)})
    return dict(zip(rows["doc_id"].to_pylist(), rows["partner"].to_pylist(), strict=True))
