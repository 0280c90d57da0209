"""Whether the lists of slurs take a variety's slang for hatred: sentences of each, and what the corpus' verified text shows.

The upper end of the interval counts, unlike for drop rates: who flags words has to show that slang passes, and few sentences show
little. A list that finds no hatred either is no list, so what it finds of the toxic sentences counts as well.
"""

from collections.abc import Iterable

import pyarrow as pa

from latamgpt.gates.fairness import Verified, interval
from latamgpt.gates.suite import Rule, critical
from latamgpt.params import CorpusGateParams
from latamgpt.records import Cell, Table
from latamgpt.registry.toxic_terms import Audit, Seen

TOXIC = "toxic_terms"
PASSES, FLAGGED, BLIND = "slang passes", "slang is flagged", "hatred is overlooked"
TOO_FEW = "too few documents"
COLUMNS = ("variety", "text", "of", "flagged", "rate at most", "toxic sentences", "found", "verdict")


def slang_table(audit: Audit, verified: Iterable[Verified], params: CorpusGateParams) -> Table:
    """A row for each variety's sentences, and one for each variety of verified text in a language that has a list."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.variety,
            "sentences",
            one.num_slang,
            one.num_slang_flagged,
            _at_most(one.num_slang_flagged, one.num_slang, params),
            one.num_toxic,
            one.num_toxic_found,
            verdict(one, params),
        )
        for one in audit.varieties
    ]
    listed = {one.language for one in audit.varieties}
    documents: dict[str, list[bool]] = {}
    for one in verified:
        groups = dict(one.groups)
        if groups["language"] in listed:
            documents.setdefault(groups.get("variety", groups["language"]), []).append(one.dropped_by == TOXIC)
    for name, flagged in sorted(documents.items()):
        rows.append(
            (
                name,
                "verified documents",
                len(flagged),
                sum(flagged),
                _at_most(sum(flagged), len(flagged), params),
                None,
                None,
                document_verdict(sum(flagged), len(flagged), params),
            )
        )
    return Table(name="toxic terms by variety", columns=COLUMNS, rows=tuple(rows))


def verdict(one: Seen, params: CorpusGateParams) -> str:
    """What the sentences of a variety say of the list."""
    if _at_most(one.num_slang_flagged, one.num_slang, params) > params.max_slang_flagged:
        return FLAGGED
    return PASSES if one.num_toxic_found >= params.min_toxic_found * one.num_toxic else BLIND


def document_verdict(num_flagged: int, num_all: int, params: CorpusGateParams) -> str:
    """What a variety's verified documents say of the list; too few say nothing, even if none is flagged."""
    if _at_most(0, num_all, params) > params.max_slang_flagged:
        return TOO_FEW
    return FLAGGED if _at_most(num_flagged, num_all, params) > params.max_slang_flagged else PASSES


def slang_rules() -> tuple[Rule, ...]:
    """What must hold for each variety."""
    return (critical("expect_column_values_to_be_in_set", column="slang", value_set=[PASSES]),)


def slang_verdicts(audit: Audit, params: CorpusGateParams) -> pa.Table:
    """The verdicts for Great Expectations."""
    return pa.table({"slang": pa.array([verdict(one, params) for one in audit.varieties], pa.string())})


def _at_most(num_flagged: int, num_all: int, params: CorpusGateParams) -> float:
    return interval(num_flagged, num_all, params.drop_confidence)[1]
