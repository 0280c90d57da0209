"""Which documents stay: of those that say the same, one, and none that looks planted. The two are decided together.

What a document shows by itself is looked for in all of them. What shows only beside others (a trigger, a template) is looked for
after duplicates are dropped, since copies of a planted text would make it look usual. So that a planted copy takes no honest one
with it, what gave way to it at another partner comes back, and is looked at in its turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from latamgpt.curation.duplicates import Kind, Reason, find_duplicates
from latamgpt.curation.hidden_text import Finding
from latamgpt.curation.poisoning import Flag, Suspect, find_marks, find_poison
from latamgpt.params import CorpusParams
from latamgpt.registry.breadth import Breadth
from latamgpt.registry.edges import Terms
from latamgpt.table_parts import without

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

    kept: pa.Table  # sorted by doc_id
    flags: dict[str, Flag]
    duplicates: list[GaveWay]


def choose(documents: pa.Table, hidden: Mapping[str, Finding], params: CorpusParams, breadths: Mapping[Terms, Breadth]) -> Choice:
    """Drop duplicates and plants.

    Args:
        documents: rows of CLEAN_DOCUMENT_SCHEMA.
        hidden: what was found in documents as they were delivered, by id.
        params: what is a duplicate, and what looks planted.
        breadths: of the rights under all terms that occur.
    """
    partner_of = dict(zip(*(documents.column(name).to_pylist() for name in ("doc_id", "partner")), strict=True))
    flags = find_marks(_suspects(documents), hidden)
    rest = without(documents, flags)
    gone: list[GaveWay] = []
    for rounds_left in reversed(range(MAX_ROUNDS)):
        duplicates = _duplicates(rest, params, breadths)
        unique = without(rest, {one.dropped for one in duplicates})
        planted = find_poison(_suspects(unique), params.poisoning)
        flags |= planted
        to_planted = [one for one in duplicates if one.kept in planted]
        back = {one.dropped for one in to_planted if partner_of[one.dropped] != partner_of[one.kept]}
        if not back or not rounds_left:
            return Choice(without(unique, planted).sort_by("doc_id"), flags, [*gone, *duplicates])
        stay_out = [one for one in to_planted if one.dropped not in back]
        gone += stay_out
        rest = without(rest, {*planted, *(one.dropped for one in stay_out)})
    raise AssertionError("the last round returns")


def _duplicates(rest: pa.Table, params: CorpusParams, breadths: Mapping[Terms, Breadth]) -> list[GaveWay]:
    doc_ids = rest.column("doc_id").to_pylist()
    found = find_duplicates(rest, params.num_bands, params.min_similarity, breadths)
    return [GaveWay(doc_ids[one.dropped], doc_ids[one.kept], one.kind, one.similarity, one.reason) for one in found]


def _suspects(documents: pa.Table) -> list[Suspect]:
    rows = documents.select(["doc_id", "partner", "language", "text"]).to_pylist()
    return [Suspect(row["doc_id"], row["partner"], row["language"], row["text"]) for row in rows]
