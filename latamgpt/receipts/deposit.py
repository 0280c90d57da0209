"""What a partner gave, and the verdict on each thing given: read from what the stages published."""

from collections import Counter
from dataclasses import dataclass, replace

import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.receipts.withheld import WITHHELD, documents_of
from latamgpt.records import EXCLUSION_SCHEMA, Report
from latamgpt.store import Workspace, read_table

KEPT_COLUMNS = ["doc_id", "delivery", "agreement", "path", "title", "licence", "language", "num_bytes"]
ABOUT_OTHERS = frozenset({"exact_duplicate", "near_duplicate"})
"""Reasons whose detail may name another partner's document, which is no business of this one."""


@dataclass(frozen=True)
class Item:
    """One thing that was given: a document, a file, or a whole delivery that could not be used."""

    doc_id: str  # '' where nothing was read
    delivery: str
    path: str
    title: str
    reason: str  # '' where it is in the corpus
    stage: str
    detail: str
    num_bytes: int
    agreement: str = ""  # this and the licence: of what is in the corpus
    licence: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is in the corpus."""
        return not self.reason


@dataclass(frozen=True)
class Given:
    """One delivery, as its partner described it."""

    delivery: str
    date: str
    agreement: str
    licence: str
    verdict: str


@dataclass(frozen=True)
class Deposit:
    """All deliveries of a partner, and all that was in them, each thing once."""

    deliveries: tuple[Given, ...]
    items: tuple[Item, ...]


def read_deposit(workspace: Workspace, params: Params, partner: str) -> Deposit:
    """What a partner gave and what came of it.

    A whole delivery that was withdrawn, or whose agreement ended, is read again, so that each document of it has a name.

    Raises:
        OperatorError: the stages were not run, or their numbers do not add up: a document is neither kept nor set aside.
    """
    source = workspace.read("documents", partner)
    titles = {row["doc_id"]: row["title"] for row in pq.read_table(source / "documents.parquet").to_pylist()}
    aside = [one for item in _set_aside(workspace, partner, titles) for one in _named(workspace, params, partner, item)]
    items = [*_kept(workspace, partner), *aside]
    items.sort(key=lambda item: (item.delivery, item.path, item.doc_id, item.reason))
    deposit = Deposit(_deliveries(Report.read(source)), tuple(items))
    _must_add_up(partner, set(titles), deposit)
    return deposit


def _kept(workspace: Workspace, partner: str) -> list[Item]:
    path = workspace.read("corpus") / "documents.parquet"
    table = pq.read_table(path, columns=KEPT_COLUMNS, filters=pc.field("partner") == partner)
    return [
        Item(
            doc_id=row["doc_id"],
            delivery=row["delivery"],
            path=row["path"],
            title=row["title"],
            reason="",
            stage="",
            detail="",
            num_bytes=row["num_bytes"],
            agreement=row["agreement"],
            licence=row["licence"],
        )
        for row in table.to_pylist()
    ]


def _set_aside(workspace: Workspace, partner: str, titles: dict[str, str]) -> list[Item]:
    table = read_table(workspace.place("corpus") / "exclusions.parquet", EXCLUSION_SCHEMA)
    pairs = pq.read_table(workspace.place("corpus") / "duplicates.parquet", columns=["doc_id", "reason"]).to_pylist()
    why = {row["doc_id"]: f"the other one was preferred for its {row['reason']}" for row in pairs}
    return [
        Item(
            doc_id=row["doc_id"],
            delivery=row["delivery"],
            path=row["path"],
            title=titles.get(row["doc_id"], ""),
            reason=row["reason"],
            stage=row["stage"],
            detail=why[row["doc_id"]] if row["reason"] in ABOUT_OTHERS else row["detail"],
            num_bytes=row["num_bytes"],
        )
        for row in table.filter(pc.field("partner") == partner).to_pylist()
    ]


def _named(workspace: Workspace, params: Params, partner: str, item: Item) -> list[Item]:
    """The documents of a delivery that was set aside whole, in its place; the item itself where it is no such delivery."""
    if item.doc_id or item.path or item.stage != "documents" or item.reason not in WITHHELD:
        return [item]
    documents = documents_of(workspace, params, partner, item.delivery)
    return [replace(item, doc_id=one.doc_id, path=one.path, title=one.title, num_bytes=one.num_bytes) for one in documents] or [
        item
    ]


def _deliveries(report: Report) -> tuple[Given, ...]:
    for table in report.tables:
        if table.name == "deliveries":
            rows = [dict(zip(table.columns, map(str, row), strict=True)) for row in table.rows]
            return tuple(
                Given(row["delivery"], *(row[name] for name in ("date", "agreement", "licence", "verdict"))) for row in rows
            )
    return ()


def _must_add_up(partner: str, read: set[str], deposit: Deposit) -> None:
    """Each document that intake read is kept or set aside behind it, once; what is kept was read."""
    behind = Counter(item.doc_id for item in deposit.items if item.stage != "documents")
    odd = sorted(read ^ set(behind)) + [doc_id for doc_id, times in behind.items() if times > 1]
    if odd:
        raise OperatorError(
            f"{partner}: {len(odd):,} documents are not exactly once in the corpus or among its exclusions, first {odd[0]}. A "
            "receipt over them would be wrong. Run the stages from documents to corpus again."
        )
