"""What a withdrawal takes away, counted in what the stages have published here."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pyarrow.parquet as pq

from latamgpt.governance.contents import content_id
from latamgpt.records import MANIFEST_NAME
from latamgpt.store import Workspace

ROWS_PER_BATCH = 512
PAIR = ["doc_id", "kept_doc_id"]  # columns of duplicates.parquet


@dataclass
class Leaving:
    """Documents that a withdrawal means."""

    doc_ids: set[str] = field(default_factory=set[str])
    contents: set[str] = field(default_factory=set[str])
    deliveries: set[str] = field(default_factory=set[str])
    languages: Counter[str] = field(default_factory=Counter[str])
    num_bytes: int = 0

    def add(self, row: dict[str, str], contents: Collection[str], language: str, num_bytes: int) -> None:
        """Count one document."""
        self.doc_ids.add(row["doc_id"])
        self.contents.update(contents)
        self.deliveries.add(row["delivery"])
        self.languages[language] += 1
        self.num_bytes += num_bytes

    def __str__(self) -> str:
        listed = ", ".join(f"{language} {count:,}" for language, count in sorted(self.languages.items()))
        return f"{len(self.doc_ids):,} documents, {self.num_bytes:,} bytes" + (f" ({listed})" if listed else "")


def is_published(workspace: Workspace, stage: str, key: str = "") -> bool:
    """Whether a stage has published something here that can be counted."""
    return (workspace.place(stage, key) / MANIFEST_NAME).is_file()


def documents_of(workspace: Workspace, partner: str) -> Iterator[dict[str, str]]:
    """What intake published of a partner, a document at a time; nothing where it has not run here."""
    if is_published(workspace, "documents", partner):
        columns = ["doc_id", "delivery", "agreement", "path", "declared_language", "text"]
        yield from _rows(workspace, "documents", partner, "documents.parquet", columns)


def leaving(
    workspace: Workspace, partner: str, *, agreement: str = "", delivery: str = "", contents: Collection[str] = ()
) -> Leaving:
    """The partner's documents under an agreement, of a delivery, or of these contents."""
    found = Leaving()
    for row, own in documents_with_contents(workspace, partner):
        same_terms = (agreement and row["agreement"] == agreement) or (delivery and row["delivery"] == delivery)
        if same_terms or not own.isdisjoint(contents):
            found.add(row, own, row["declared_language"], len(row["text"].encode("utf-8")))
    return found


def documents_with_contents(workspace: Workspace, partner: str) -> Iterator[tuple[dict[str, str], set[str]]]:
    """As `documents_of`, each with the `content_id` of every spelling in which it was published."""
    others = other_spellings(workspace, partner)
    for row in documents_of(workspace, partner):
        yield row, {content_id(row["text"]), *others.get(row["doc_id"], ())}


def other_spellings(workspace: Workspace, partner: str) -> dict[str, set[str]]:
    """doc_id -> the `content_id` of each other spelling in which intake published the document."""
    found: dict[str, set[str]] = {}
    if is_published(workspace, "documents", partner):
        for row in _rows(workspace, "documents", partner, "orthographies.parquet", ["doc_id", "text"]):
            found.setdefault(row["doc_id"], set()).add(content_id(row["text"]))
    return found


def in_corpus(workspace: Workspace, doc_ids: Collection[str]) -> Leaving:
    """Those of these documents that the published corpus holds."""
    found = Leaving()
    if is_published(workspace, "corpus"):
        for row in _rows(workspace, "corpus", "", "documents.parquet", ["doc_id", "delivery", "language", "num_bytes"]):
            if row["doc_id"] in doc_ids:
                found.add(row, (), row["language"], int(row["num_bytes"]))
    return found


def gave_way(workspace: Workspace, doc_ids: Collection[str]) -> Counter[str]:
    """How many duplicates of each partner gave way to these documents, and may take their place."""
    if not is_published(workspace, "corpus"):
        return Counter()
    pairs = _rows(workspace, "corpus", "", "duplicates.parquet", PAIR)
    waiting = {row["doc_id"] for row in pairs if row["kept_doc_id"] in doc_ids and row["doc_id"] not in doc_ids}
    excluded = _rows(workspace, "corpus", "", "exclusions.parquet", ["doc_id", "partner", "stage"])
    return Counter(row["partner"] for row in excluded if row["stage"] == "corpus" and row["doc_id"] in waiting)


@dataclass(frozen=True)
class NearCopy:
    """A document of a partner that says nearly the same as one that leaves, and stays."""

    doc_id: str
    delivery: str
    path: str

    def __str__(self) -> str:
        return f"{self.doc_id} ({self.delivery}, {self.path})"


def own_near_copies(workspace: Workspace, partner: str, doc_ids: Collection[str]) -> list[NearCopy]:
    """The partner's other documents that the corpus found to be duplicates of these, whichever of them it kept."""
    if not is_published(workspace, "corpus"):
        return []
    pairs = [(row["doc_id"], row["kept_doc_id"]) for row in _rows(workspace, "corpus", "", "duplicates.parquet", PAIR)]
    kept = {*doc_ids, *(winner for loser, winner in pairs if loser in doc_ids)}
    alike = {one for pair in pairs if pair[1] in kept for one in pair} - set(doc_ids)
    if not alike:
        return []
    found = (row for row in documents_of(workspace, partner) if row["doc_id"] in alike)
    return sorted((NearCopy(row["doc_id"], row["delivery"], row["path"]) for row in found), key=str)


def copies_elsewhere(workspace: Workspace, partners: Collection[str], contents: Collection[str]) -> list[str]:
    """The same texts as other partners delivered them, under agreements of their own: 'PARTNER DOC_ID (DELIVERY, PATH)'."""
    return [
        f"{partner} {row['doc_id']} ({row['delivery']}, {row['path']})"
        for partner in partners
        for row, own in documents_with_contents(workspace, partner)
        if not own.isdisjoint(contents)
    ]


def _rows(workspace: Workspace, stage: str, key: str, name: str, columns: list[str]) -> Iterator[dict[str, str]]:
    table = pq.ParquetFile(workspace.read(stage, key) / name)
    for batch in table.iter_batches(ROWS_PER_BATCH, columns=columns):
        yield from batch.to_pylist()
