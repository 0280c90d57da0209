"""The rehearsal of a withdrawal, in a scratch copy: is the next corpus without it, and does nothing change here.

The document is drawn by the day from those that training saw (from the whole corpus, where nothing was trained): the same day
gives the same one. In the copy it is withdrawn as an operator would, with the same code, and the stage `corpus` runs; what
follows reads no text from elsewhere. Costs what that stage costs.
"""

import shutil
import tempfile
import time
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.curation import corpus
from latamgpt.custody.days import today
from latamgpt.custody.effect import copies_elsewhere, gave_way, in_corpus, leaving, own_near_copies
from latamgpt.custody.places import tree_digest
from latamgpt.custody.registry_edits import every_partner
from latamgpt.custody.stale import stale_stages
from latamgpt.custody.withdraw import Order, withdraw
from latamgpt.errors import OperatorError
from latamgpt.governance.contents import content_id
from latamgpt.governance.withdrawals import REASON, read_withdrawn, withdrawals_path
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.registry.residency import must_work_here
from latamgpt.registry.rights import Place
from latamgpt.store import MANIFEST_NAME, Workspace, digest_of, sha256_file

ACTOR = "withdrawal drill"
WHY = "withdrawal drill: nobody asked for it"
COPIED = ("partners", "governance")  # what a withdrawal writes
FILES = ("params.yaml", "dvc.yaml")
LINKED = ("samples", "evaluation_sets", "sites", "data/documents", "data/clean_documents", "data/documents_gate", "data/corpus")
WATCHED_FILES = (*FILES, "dvc.lock", "approvals/approval.yaml")
ROWS_PER_BATCH = 512


@dataclass(frozen=True)
class Drawn:
    """The document of a drill, and out of how many it was drawn."""

    doc_id: str
    partner: str
    delivery: str
    path: str
    position: int  # in order of doc_id, from 0
    num_documents: int
    shipped: bool  # training saw these


@dataclass(frozen=True)
class Rehearsed:
    """What the withdrawal did in the copy, and what was found in the corpus made there."""

    left_intake: int  # documents with the content that was withdrawn
    left_corpus: tuple[str, ...]  # doc_ids
    stale: tuple[str, ...]  # addresses of stages
    num_before: int  # documents of the corpus
    num_after: int
    num_returning: int  # duplicates that had given way to it
    near_copies: tuple[str, ...]  # of the partner's own documents, which say nearly the same and stay
    copies_elsewhere: tuple[str, ...]  # the same text from other partners, which stays
    ids_left_over: tuple[str, ...]  # in the next corpus, though withdrawn
    texts_left_over: tuple[str, ...]  # doc_ids of the partner's documents in the next corpus that say the same
    unexplained: tuple[str, ...]  # that left without the reason `withdrawn`
    changed_here: tuple[str, ...]  # of this workspace, while the copy was worked in
    withdraw_seconds: float
    corpus_seconds: float


def draw(workspace: Workspace, partners: Collection[str], day: date) -> Drawn:
    """The document of a day: of a partner in the run, and not withdrawn already, though the corpus may still hold such ones.

    Raises:
        OperatorError: no corpus is published here, it holds nothing that could be withdrawn, or a partner was not run yet.
    """
    columns = ["doc_id", "partner", "delivery", "path"]
    held = pq.read_table(workspace.read("corpus") / "documents.parquet", columns=columns).sort_by("doc_id").to_pylist()
    _must_be_run(workspace, partners)
    withdrawn = {partner: read_withdrawn(workspace.root, partner) for partner in partners}
    rows = [
        row
        for row in held
        if row["partner"] in partners and withdrawn[row["partner"]].find(row["delivery"], row["doc_id"]) is None
    ]
    if not rows:
        raise OperatorError(
            f"the corpus holds {len(held):,} documents, and none of a partner in the run that is not withdrawn already, so there "
            "is nothing to rehearse on. Bring the corpus up to date: materialize it, or `make run`."
        )
    seen = _seen(workspace)
    shipped = [row for row in rows if row["doc_id"] in seen]
    rows = shipped or rows
    position = int.from_bytes(sha256(f"{ACTOR} {day.isoformat()}".encode()).digest()) % len(rows)
    return Drawn(**rows[position], position=position, num_documents=len(rows), shipped=bool(shipped))


def _must_be_run(workspace: Workspace, partners: Collection[str]) -> None:
    waiting = [partner for partner in partners if not (workspace.place("documents_gate", partner) / MANIFEST_NAME).is_file()]
    if waiting:
        raise OperatorError(
            f"{', '.join(waiting)}: in the run, and not taken through the stages here yet. A drill makes the corpus of all "
            "partners, so nothing was rehearsed. Run `make run`, or the stages documents, clean_documents and documents_gate for "
            "each of them, then the drill again."
        )


def rehearse(workspace: Workspace, params: Params, drawn: Drawn, day: date) -> Rehearsed:
    """Withdraw a document in a copy, make the corpus there, and look for what should be gone.

    Raises:
        NotPermittedError: an agreement keeps texts of the corpus elsewhere.
        OperatorError: the withdrawal or the corpus is refused, or the disk has no room for the copy.
    """
    site = read_site(workspace.root)
    read = [workspace.place(name) for name in ("documents", "clean_documents", "corpus")]
    must_work_here(workspace.root, "drill", read, Place(site.country, site.name, site.is_guess))
    before = _state(workspace)
    with _copy(workspace) as scratch:
        began = time.monotonic()
        order = Order(drawn.partner, WHY, min(day, today()), document=drawn.doc_id, actor=ACTOR)
        withdraw(scratch, order)
        withdrawn = time.monotonic()
        contents = read_withdrawn(scratch.root, drawn.partner).tombstones[-1].contents
        (scratch.root / "data" / "corpus").unlink()  # the link: the stage publishes a corpus of the copy's own
        corpus.run(scratch, params)
        made = time.monotonic()
        left = leaving(workspace, drawn.partner, contents=contents)
        gone = tuple(sorted(in_corpus(workspace, left.doc_ids).doc_ids))
        others = [one for one in every_partner(workspace) if one != drawn.partner]
        texts = _contents(workspace, drawn.partner, gone)
        return Rehearsed(
            left_intake=len(left.doc_ids),
            left_corpus=gone,
            stale=tuple(stale_stages(workspace.root, {withdrawals_path(drawn.partner)})),
            num_before=_num_rows(workspace),
            num_after=_num_rows(scratch),
            num_returning=sum(gave_way(workspace, left.doc_ids).values()),
            near_copies=tuple(map(str, own_near_copies(workspace, drawn.partner, left.doc_ids))),
            copies_elsewhere=tuple(copies_elsewhere(workspace, others, contents)),
            ids_left_over=tuple(sorted(in_corpus(scratch, left.doc_ids).doc_ids)),
            texts_left_over=_saying(scratch, drawn.partner, {*contents, *texts}),
            unexplained=_unexplained(scratch, gone),
            changed_here=tuple(sorted(name for name, digest in _state(workspace).items() if before[name] != digest)),
            withdraw_seconds=withdrawn - began,
            corpus_seconds=made - withdrawn,
        )


@contextmanager
def _copy(workspace: Workspace) -> Generator[Workspace]:
    """A workspace with copies of what a withdrawal writes and links to what it reads; gone when the block ends."""
    waiting = workspace.root / "var" / "unpublished"
    waiting.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="drill-", dir=waiting))
    try:
        try:
            _fill(workspace.root, scratch)
        except OSError as error:
            raise OperatorError(
                f"the copy that a drill works in could not be made: {error}. Nothing was rehearsed. Free some space or mend the "
                "permissions, then run the drill again."
            ) from error
        yield Workspace(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # links are removed, never followed


def _fill(root: Path, scratch: Path) -> None:
    (scratch / "data").mkdir()
    for name in FILES:
        shutil.copyfile(root / name, scratch / name)
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, scratch / name)
    for name in LINKED:
        if (root / name).exists():
            (scratch / name).symlink_to(root / name, target_is_directory=True)


def _seen(workspace: Workspace) -> set[str]:
    """The documents that the published weights were trained on."""
    path = workspace.place("checkpoint") / "data_order.parquet"
    return set(pq.read_table(path, columns=["doc_id"])["doc_id"].unique().to_pylist()) if path.is_file() else set()


def _state(workspace: Workspace) -> dict[str, str]:
    """What a drill must leave as it is, by name: sha256 of each."""
    files = {name: sha256_file(path) for name in WATCHED_FILES if (path := workspace.root / name).is_file()}
    folders = {name: tree_digest(workspace.root / name) for name in COPIED}
    return {**files, **folders, "data/corpus": digest_of(workspace.place("corpus"))}


def _contents(workspace: Workspace, partner: str, doc_ids: Collection[str]) -> set[str]:
    """What the published corpus says in these documents: cleaning and masking may have changed it since intake."""
    return {content_id(row["text"]) for row in _texts(workspace) if row["partner"] == partner and row["doc_id"] in doc_ids}


def _saying(workspace: Workspace, partner: str, contents: Collection[str]) -> tuple[str, ...]:
    found = (row for row in _texts(workspace) if row["partner"] == partner and content_id(row["text"]) in contents)
    return tuple(sorted(row["doc_id"] for row in found))


def _texts(workspace: Workspace) -> Generator[dict[str, str]]:
    file = pq.ParquetFile(workspace.place("corpus") / "documents.parquet")
    for batch in file.iter_batches(ROWS_PER_BATCH, columns=["doc_id", "partner", "text"]):
        yield from batch.to_pylist()


def _unexplained(workspace: Workspace, doc_ids: Collection[str]) -> tuple[str, ...]:
    table = pq.read_table(workspace.place("corpus") / "exclusions.parquet", columns=["doc_id", "reason"]).to_pylist()
    return tuple(sorted(set(doc_ids) - {row["doc_id"] for row in table if row["reason"] == REASON}))


def _num_rows(workspace: Workspace) -> int:
    return pq.ParquetFile(workspace.place("corpus") / "documents.parquet").metadata.num_rows
