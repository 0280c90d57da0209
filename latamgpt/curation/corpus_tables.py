"""What the corpus' report shows beside its counts: period and kind, the funnel, duplicate clusters, samples by their ids.

Reports go to the UI and to MLflow, where a text would be published. So no table here holds one: `latamgpt corpus show` prints
excerpts, of the documents whose agreements permit it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from latamgpt.curation.by_delivery import STAGES
from latamgpt.governance.withdrawals import REASON
from latamgpt.records import Table
from latamgpt.registry.groups import INSTITUTION, YEAR, kinds_of, year_of
from latamgpt.table_parts import rows_of

FUNNEL, CLUSTERS = "funnel", "duplicate clusters"
KEPT, DROPPED = "samples of kept", "samples of dropped"
NUM_CLUSTERS = 20
WITHDRAWN = (REASON, "agreement_withdrawn")  # reasons of exclusions of which no document is named
KEPT_PER_LANGUAGE = 2
DROPPED_PER_REASON = 3
MOST_WAITING = 256  # rows of a group, of which only the lowest go on

Row = Mapping[str, object]


def corpus_tables(root: Path, kept: pa.Table, exclusions: pa.Table, duplicates: pa.Table) -> tuple[Table, ...]:
    """All of them, for a corpus that is about to be published."""
    kind_of = kinds_of(root, kept["partner"].unique().to_pylist())

    def grouped() -> Iterator[Row]:
        for row in rows_of(kept.select(["partner", "delivery_date", "licence", "period", "kind", "num_bytes"])):
            yield {**row, YEAR: year_of(row["delivery_date"]), INSTITUTION: kind_of[row["partner"]]}

    named = ("doc_id", "partner", "delivery", "path", "language")
    return (
        *(documents_per(grouped(), column) for column in ("period", "kind", YEAR, INSTITUTION, "licence")),
        funnel(kept.num_rows, rows_of(exclusions)),
        cluster_table(rows_of(duplicates), rows_of(kept.select(named)), rows_of(exclusions)),
        samples_of_kept(rows_of(kept.select(named))),
        samples_of_dropped(rows_of(exclusions)),
    )


def documents_per(rows: Iterable[Row], column: str) -> Table:
    """Documents and bytes of each value of a column."""
    documents: Counter[str] = Counter()
    num_bytes: Counter[str] = Counter()
    for row in rows:
        documents[str(row[column])] += 1
        num_bytes[str(row[column])] += int(str(row["num_bytes"]))
    counted = tuple((one, documents[one], num_bytes[one]) for one in sorted(documents))
    return Table(name=f"documents per {column}", columns=(column, "documents", "bytes"), rows=counted)


def funnel(num_kept: int, dropped: Iterable[Row]) -> Table:
    """From all documents that were read to those kept: what each reason of each stage took, and how many it left.

    What intake set aside before it was a document (a file that does not read, a whole delivery) stands in a column of its own:
    nobody knows how many documents it would have been.
    """
    documents: Counter[tuple[str, str]] = Counter()
    others: Counter[tuple[str, str]] = Counter()
    for row in dropped:
        (documents if row["doc_id"] else others)[str(row["stage"]), str(row["reason"])] += 1
    left = num_kept + documents.total()
    rows: list[tuple[str, str, int, int, int]] = [("documents", "read", 0, 0, left)]
    for step in sorted({*documents, *others}, key=lambda one: (STAGES.index(one[0]), one[1])):
        left -= documents[step]
        rows.append((*step, documents[step], others[step], left))
    return Table(name=FUNNEL, columns=("stage", "reason", "dropped", "others", "left"), rows=tuple(rows))


def cluster_table(duplicates: Iterable[Row], kept: Iterable[Row], dropped: Iterable[Row]) -> Table:
    """The largest groups of documents that say the same, each under its winner: whether that stays, and why the others gave way.

    A winner does not stay where it looks planted; its copies at the same partner stay out with it.
    """
    clusters: defaultdict[str, list[Row]] = defaultdict(list)
    for pair in duplicates:
        clusters[str(pair["kept_doc_id"])].append(pair)
    largest = sorted(clusters.items(), key=lambda item: (-len(item[1]), item[0]))[:NUM_CLUSTERS]
    named = {doc_id for winner, gone in largest for doc_id in (winner, *(str(pair["doc_id"]) for pair in gone))}
    row_of = {str(row["doc_id"]): row for row in dropped if row["doc_id"] in named}
    row_of |= (staying := {str(row["doc_id"]): row for row in kept if row["doc_id"] in named})
    rows: list[tuple[str, str, str, str, int, int, int, int, str]] = []
    for winner, gone in largest:
        described = (winner, str(row_of[winner]["partner"]), str(row_of[winner]["path"]), "yes" if winner in staying else "no")
        num_exact = sum(pair["kind"] == "exact" for pair in gone)
        partners = {row_of[one]["partner"] for one in (winner, *(str(pair["doc_id"]) for pair in gone))}
        reasons = Counter(str(pair["reason"]) for pair in gone)
        why = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items()))
        rows.append((*described, 1 + len(gone), num_exact, len(gone) - num_exact, len(partners), why))
    columns = ("winner", "partner", "path", "stays", "documents", "exact", "near", "partners", "preferred for")
    return Table(name=CLUSTERS, columns=columns, rows=tuple(rows))


def samples_of_kept(rows: Iterable[Row]) -> Table:
    """A few of each language."""
    columns = ("language", "doc_id", "partner", "delivery", "path")
    return Table(name=KEPT, columns=columns, rows=tuple(tuple(str(row[name]) for name in columns) for row in draw_kept(rows)))


def samples_of_dropped(rows: Iterable[Row]) -> Table:
    """A few of each reason; nothing of what was withdrawn, and no detail, which can quote a text."""
    drawn = draw_dropped(row for row in rows if row["reason"] not in WITHDRAWN)
    columns = ("stage", "reason", "doc_id", "partner", "delivery", "path")
    return Table(name=DROPPED, columns=columns, rows=tuple(tuple(str(row[name]) for name in columns) for row in drawn))


def draw_dropped(rows: Iterable[Row]) -> list[Row]:
    """A few exclusions of each stage and reason, in the order of the stages."""
    return sorted(draw(rows, ("stage", "reason"), DROPPED_PER_REASON), key=lambda row: STAGES.index(str(row["stage"])))


def draw_kept(rows: Iterable[Row]) -> list[Row]:
    """A few kept documents of each language: those of the lowest ids, which are hashes and so a draw."""
    return draw(rows, ("language",), KEPT_PER_LANGUAGE)


def draw(rows: Iterable[Row], by: tuple[str, ...], most: int) -> list[Row]:
    """At most so many rows of each group, by the lowest ids; in order of group and id."""
    groups: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        group = groups[tuple(str(row[name]) for name in by)]
        group.append(row)
        if len(group) == MOST_WAITING:
            group[:] = _lowest(group, most)
    return [row for one in sorted(groups) for row in _lowest(groups[one], most)]


def _lowest(rows: Iterable[Row], most: int) -> list[Row]:
    place = ("doc_id", "partner", "delivery", "path")
    return sorted(rows, key=lambda one: tuple(str(one[name]) for name in place))[:most]
