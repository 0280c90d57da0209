"""What became of each delivery on its way to the corpus: given, kept, and every reason for which something was dropped."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from latamgpt.records import Report, Table
from latamgpt.table_parts import rows_of

TABLE = "deliveries"  # the name of this table, and of the one in intake's reports that lists what a partner delivered
WHOLE = "the whole delivery"
BESIDE = "(beside the deliveries)"
STAGES = ("documents", "clean_documents", "corpus")  # in the order in which something can be dropped

Delivery = tuple[str, str]  # partner, delivery
Reasons = Counter[tuple[str, str]]  # items dropped, by stage and reason


def listed(intake: Mapping[str, Report]) -> list[Delivery]:
    """Every delivery that intake's reports name, by partner: one of which nothing came is among them."""
    found: list[Delivery] = []
    for partner, report in intake.items():
        for table in report.tables:
            if table.name == TABLE:
                at = table.columns.index("delivery")
                found += [(partner, str(row[at])) for row in table.rows]
    return found


def by_delivery(deliveries: Iterable[Delivery], kept: pa.Table, exclusions: pa.Table) -> Table:
    """One row for each delivery: what was given, what is in the corpus, what was dropped and at which stage for which reason.

    Given are the documents in the corpus and all that was dropped, files that no document could be made of among them: the row
    adds up. Where intake set a delivery aside as a whole nobody counted what it holds, and the cell is empty.
    """
    in_corpus = Counter(_deliveries_of(kept))
    reasons: defaultdict[Delivery, Reasons] = defaultdict(Reasons)
    without_document: Counter[Delivery] = Counter()
    for row in rows_of(exclusions.select(["partner", "delivery", "stage", "reason", "doc_id"])):
        delivery = (row["partner"], row["delivery"])
        reasons[delivery][row["stage"], row["reason"]] += 1
        without_document[delivery] += not row["doc_id"]
    rows: list[tuple[str, str, int | None, int, int, str]] = []
    for one in sorted({*deliveries, *in_corpus, *reasons}):
        num_kept, num_dropped = in_corpus[one], reasons[one].total()
        whole = bool(one[1]) and num_kept == 0 and num_dropped == without_document[one] == 1
        why = _in_words(reasons[one]) + (f" ({WHOLE})" if whole else "")
        rows.append((one[0], one[1] or BESIDE, None if whole else num_kept + num_dropped, num_kept, num_dropped, why))
    columns = ("partner", "delivery", "given", "in the corpus", "dropped", "dropped at, reason and items")
    return Table(name=TABLE, columns=columns, rows=tuple(rows))


def _deliveries_of(documents: pa.Table) -> Iterator[Delivery]:
    return ((row["partner"], row["delivery"]) for row in rows_of(documents.select(["partner", "delivery"])))


def _in_words(reasons: Reasons) -> str:
    parts: list[str] = []
    for stage in sorted({stage for stage, _ in reasons}, key=STAGES.index):
        counts = ", ".join(f"{reason} {number}" for (at, reason), number in sorted(reasons.items()) if at == stage)
        parts.append(f"{stage}: {counts}")
    return "; ".join(parts)
