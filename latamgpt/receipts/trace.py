"""Following documents forward: shards and token ranges, the steps that saw them, the checkpoint, releases and who has those."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.errors import OperatorError
from latamgpt.governance.recipients import Recipient, read_recipients
from latamgpt.params import Params
from latamgpt.receipts.remedies import Remedy, remedies_for
from latamgpt.receipts.use import DocumentUse, find_use, is_published
from latamgpt.records import Frozen
from latamgpt.release.corpus_root import ROOT_NAME, CorpusRoot
from latamgpt.store import Workspace, digest_of, verify

RELEASES = ("release_candidate", "release")
COLUMNS = ["doc_id", "partner", "delivery", "agreement", "path"]


class Range(Frozen):
    """Tokens `start` to `end` of a row of a shard, and the step that saw them."""

    shard: str
    row: int
    start: int
    end: int
    step: int
    epoch: int


class TracedDocument(Frozen):
    """One document, and where its tokens went."""

    doc_id: str
    partner: str
    delivery: str
    path: str
    num_tokens: int
    held_out: bool
    seen: tuple[Range, ...]


class TracedRelease(Frozen):
    """A release or candidate made from the checkpoint, and its known copies."""

    stage: str
    release: str
    manifest: str
    recipients: tuple[Recipient, ...]


class Trace(Frozen):
    """All that some documents touched, and what could be done about it."""

    documents: tuple[TracedDocument, ...]
    checkpoint: str  # sha256 of its manifest; '' where none is published
    num_steps: int  # of the training
    steps: tuple[int, ...]  # that saw any of the documents
    num_tokens_seen: int
    releases: tuple[TracedRelease, ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class Wanted:
    """Which documents to follow: exactly one of the three is given."""

    document: str = ""  # doc_id, or its first digits
    partner: str = ""
    agreement: str = ""


def trace(workspace: Workspace, params: Params, wanted: Wanted) -> Trace:
    """Follow the corpus' documents that are wanted.

    Raises:
        OperatorError: the corpus holds none of them, or a short id fits more than one.
    """
    return _follow(workspace, params, find_documents(workspace, wanted))


def trace_documents(workspace: Workspace, params: Params, doc_ids: Collection[str]) -> Trace:
    """Follow those of these documents that the corpus holds; there may be none."""
    path = workspace.read("corpus") / "documents.parquet"
    among = pc.field("doc_id").isin(sorted(doc_ids))
    return _follow(workspace, params, pq.read_table(path, columns=COLUMNS, filters=among).to_pylist())


def _follow(workspace: Workspace, params: Params, found: Sequence[dict[str, str]]) -> Trace:
    use = find_use(workspace, {row["doc_id"] for row in found})
    documents = tuple(_traced(row, use[row["doc_id"]]) for row in found)
    steps = tuple(sorted({seen.step for document in documents for seen in document.seen}))
    trained = is_published(workspace, "checkpoint")
    num_steps = workspace.report("checkpoint").counts["num_steps"] if trained else 0
    return Trace(
        documents=documents,
        checkpoint=digest_of(workspace.place("checkpoint")) if trained else "",
        num_steps=num_steps,
        steps=steps,
        num_tokens_seen=sum(each.num_tokens_seen for each in use.values()),
        releases=tuple(_releases(workspace)) if steps else (),
        remedies=remedies_for(workspace, params, list(use.values()), num_steps) if steps else (),
    )


def find_documents(workspace: Workspace, wanted: Wanted) -> list[dict[str, str]]:
    """The rows of the corpus that are wanted, in order of doc_id.

    Raises:
        OperatorError: see `trace`.
    """
    condition = {
        "doc_id": pc.field("doc_id") >= wanted.document,
        "partner": pc.field("partner") == wanted.partner,
        "agreement": pc.field("agreement") == wanted.agreement,
    }
    [(column, value)] = [(c, v) for c, v in zip(condition, (wanted.document, wanted.partner, wanted.agreement), strict=True) if v]
    path = workspace.read("corpus") / "documents.parquet"
    rows: list[dict[str, str]] = pq.read_table(path, columns=COLUMNS, filters=condition[column]).to_pylist()
    if wanted.document:
        rows = [row for row in rows if row["doc_id"].startswith(wanted.document)]
    if not rows or (wanted.document and len(rows) > 1):
        raise OperatorError(
            f"the corpus holds {len(rows):,} documents whose {column} is {value!r}. What became of a document can be followed "
            "only from its one id, as `latamgpt receipt` writes it; of what is not in the corpus, the receipt says why."
        )
    return rows


def _traced(row: dict[str, str], use: DocumentUse) -> TracedDocument:
    seen = tuple(Range(shard=s.shard, row=s.row, start=s.start, end=s.end, step=s.step, epoch=s.epoch) for s in use.sights)
    described = {name: row[name] for name in ("doc_id", "partner", "delivery", "path")}
    return TracedDocument(**described, num_tokens=use.num_tokens, held_out=use.held_out, seen=seen)


def _releases(workspace: Workspace) -> Iterable[TracedRelease]:
    checkpoint = digest_of(workspace.place("checkpoint"))
    for stage in RELEASES:
        folder = workspace.place(stage)
        if not is_published(workspace, stage) or not (folder / ROOT_NAME).is_file():
            continue
        verify(folder)
        root = CorpusRoot.read(folder)
        if root.checkpoint == checkpoint:
            digest = digest_of(folder)
            recipients = read_recipients(workspace.root).of(digest)
            yield TracedRelease(stage=stage, release=root.release, manifest=digest, recipients=recipients)
