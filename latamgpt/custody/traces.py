"""Where a person's string stands: in deliveries, documents, clean documents, the corpus, token shards and the release.

Nothing here writes or returns the string: a trace names a place and how often it stands there. What could not be searched is
named beside the traces.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from latamgpt.cache import forget
from latamgpt.custody.delivery_search import Closed, search_files, search_folder
from latamgpt.custody.needles import Needle
from latamgpt.custody.places import delivery_place
from latamgpt.governance.recipients import read_recipients
from latamgpt.params import read_params
from latamgpt.records import Frozen
from latamgpt.store import Workspace, digest_of

READ_ROWS = 256
NAMED_BY = ["doc_id", "partner", "delivery", "path"]
RECORD = re.compile(r"#[^#/]*$")  # which record of a file, or which page
CARRIERS = (
    ("documents", ("documents",)),
    ("clean_documents", ("documents", "undetermined")),
)
"""Stages per partner that publish texts, and their tables."""


class Trace(Frozen):
    """One place in which the string stands."""

    place: str  # deliveries, documents, clean_documents, boilerplate, corpus, token_shards, release
    partner: str
    delivery: str
    item: str  # a doc_id, a file of the delivery, a shard, or a release
    times: int = 1
    file: str = ""  # of a document: where it stands in its delivery


class Unsearched(Frozen):
    """A file of a delivery that could not be searched, or not wholly."""

    partner: str
    delivery: str
    item: str
    reason: str  # intake's code for why it gave no text


@dataclass(frozen=True)
class Search:
    """What was found, and what was not searched."""

    traces: tuple[Trace, ...]
    unsearched: tuple[Unsearched, ...]
    doubts: tuple[str, ...]  # a sentence for each place of which nothing can be said here


def search(workspace: Workspace, partners: Iterable[str], wanted: Needle) -> Search:
    """Every place in which the string stands, from the deliveries to the release, and all of which that cannot be told.

    What this machine keeps of the partners' texts to spare itself work is taken away first: it holds what the places here hold.
    """
    partners = list(partners)
    for partner in partners:
        forget(workspace.root, partner)
    in_deliveries = [one for partner in partners for one in _in_deliveries(workspace, partner, wanted)]
    traces = [one for one in in_deliveries if isinstance(one, Trace)]
    for partner in partners:
        for stage, tables in CARRIERS:
            for table in tables:
                traces += _in_table(workspace.place(stage, partner) / f"{table}.parquet", stage, wanted)
        traces += _in_boilerplate(workspace.place("clean_documents", partner) / "boilerplate.parquet", partner, wanted)
        traces += _in_other_spellings(workspace.place("documents", partner), wanted, {trace.item for trace in traces})
    in_corpus = list(_in_table(workspace.place("corpus") / "documents.parquet", "corpus", wanted))
    in_shards = list(_in_shards(workspace, {trace.item: trace for trace in in_corpus}))
    traces += [*in_corpus, *in_shards]
    if any(trace.item.startswith("train/") for trace in in_shards):
        traces += _in_release(workspace)
    doubts = (
        *_deliveries_elsewhere(workspace),
        *_shards_of_another_corpus(workspace),
        *_releases_that_cannot_be_told(workspace),
    )
    return Search(tuple(traces), tuple(one for one in in_deliveries if isinstance(one, Unsearched)), doubts)


def _deliveries_elsewhere(workspace: Workspace) -> Iterator[str]:
    gone = [one for one in read_params(workspace.root).partners if not (workspace.root / delivery_place(one)).is_dir()]
    if gone:
        yield (
            f"No delivery lies here of {', '.join(gone)}, whom the run names: what they sent was not searched. Fetch their "
            "folders (`git checkout` or `dvc checkout`) and look again."
        )


def _shards_of_another_corpus(workspace: Workspace) -> Iterator[str]:
    table = workspace.place("corpus") / "documents.parquet"
    known = set(pq.read_table(table, columns=["doc_id"])["doc_id"].to_pylist()) if table.is_file() else set[str]()
    others = {doc_id for path in _shards(workspace) for doc_id in _doc_ids(path)} - known
    if others:
        yield (
            f"The token shards hold {len(others):,} documents that the corpus here does not, and a shard shows no text: whether "
            "they hold the string cannot be told. Check out the corpus that they were made from (`dvc checkout`) and look again."
        )


def _releases_that_cannot_be_told(workspace: Workspace) -> Iterator[str]:
    used, here = _shards_of_release(workspace), workspace.place("token_shards")
    if used and (not (here / "manifest.json").is_file() or digest_of(here) != used):
        yield (
            "The release here was made from other token shards than those in data/token_shards, so whether it holds the string "
            "cannot be told here. Check out the release's own commit, run `dvc checkout`, and open the request there as well."
        )
    of_here = digest_of(workspace.place("release")) if used else ""
    earlier = sorted({one.release for one in read_recipients(workspace.root).recipients} - {of_here})
    if earlier:
        named = ", ".join(one[:12] for one in earlier)
        yield (
            f"{len(earlier):,} other releases were given to others and do not lie here ({named}): whether they hold the string "
            "can be told only at their own commits."
        )


def _in_deliveries(workspace: Workspace, partner: str, wanted: Needle) -> Iterator[Trace | Unsearched]:
    place = workspace.root / delivery_place(partner)
    if not place.is_dir():
        return
    params = read_params(workspace.root).documents
    entries = sorted(place.iterdir())
    strays = frozenset(path.name for path in entries if path.is_file())
    found = [("", one) for one in search_files(place, strays, wanted, params)]
    for folder in (path for path in entries if path.is_dir()):
        found += [(folder.name, one) for one in search_folder(folder, wanted, params)]
    for delivery, one in found:
        item = wanted.harmless(one.path)
        if isinstance(one, Closed):
            yield Unsearched(partner=partner, delivery=delivery, item=item, reason=one.reason)
        else:
            yield Trace(place="deliveries", partner=partner, delivery=delivery, item=item, times=one.times)


def _in_table(path: Path, stage: str, wanted: Needle) -> Iterator[Trace]:
    if not path.is_file():
        return
    for batch in pq.ParquetFile(path).iter_batches(READ_ROWS, columns=[*NAMED_BY, "title", "text"]):
        for row in batch.to_pylist():
            times = wanted.count(f"{row['title']}\n{row['text']}")
            if times:
                yield _trace(stage, row, times, wanted)


def _in_boilerplate(path: Path, partner: str, wanted: Needle) -> Iterator[Trace]:
    """Lines that were taken out of a partner's documents, kept in small letters with numbers as 0."""
    if not path.is_file():
        return
    for batch in pq.ParquetFile(path).iter_batches(READ_ROWS, columns=["line_sha256", "line"]):
        for row in batch.to_pylist():
            if times := wanted.count_without_numbers(row["line"]):
                item = f"boilerplate.parquet, line {row['line_sha256'][:16]}"
                yield Trace(place="boilerplate", partner=partner, delivery="", item=item, times=times)


def _in_other_spellings(folder: Path, wanted: Needle, known: Collection[str]) -> Iterator[Trace]:
    """Documents that hold the string only in a spelling that no later stage reads."""
    times: Counter[str] = Counter()
    if (folder / "orthographies.parquet").is_file():
        for batch in pq.ParquetFile(folder / "orthographies.parquet").iter_batches(READ_ROWS, columns=["doc_id", "text"]):
            for row in batch.to_pylist():
                times[row["doc_id"]] += wanted.count(row["text"])
    found = {doc_id for doc_id, number in times.items() if number} - set(known)
    for batch in pq.ParquetFile(folder / "documents.parquet").iter_batches(READ_ROWS, columns=NAMED_BY) if found else ():
        for row in batch.to_pylist():
            if row["doc_id"] in found:
                yield _trace("documents", row, times[row["doc_id"]], wanted)


def _trace(stage: str, row: dict[str, str], times: int, wanted: Needle) -> Trace:
    file = wanted.harmless(RECORD.sub("", row["path"]))
    return Trace(place=stage, partner=row["partner"], delivery=row["delivery"], item=row["doc_id"], times=times, file=file)


def _in_shards(workspace: Workspace, documents: dict[str, Trace]) -> Iterator[Trace]:
    folder = workspace.place("token_shards")
    for path in _shards(workspace) if documents else []:
        for doc_id in sorted(_doc_ids(path) & set(documents)):
            found = documents[doc_id]
            item = path.relative_to(folder).as_posix()
            yield Trace(place="token_shards", partner=found.partner, delivery=found.delivery, item=item, times=found.times)


def _shards(workspace: Workspace) -> list[Path]:
    return sorted(workspace.place("token_shards").glob("*/*.parquet"))


def _doc_ids(shard: Path) -> set[str]:
    return set(pq.read_table(shard, columns=["doc_id"])["doc_id"].to_pylist())


def _in_release(workspace: Workspace) -> Iterator[Trace]:
    if _shards_of_release(workspace) == digest_of(workspace.place("token_shards")):
        yield Trace(place="release", partner="", delivery="", item=digest_of(workspace.place("release")))


def _shards_of_release(workspace: Workspace) -> str:
    lineage = workspace.place("release") / "lineage.json"
    return str(orjson.loads(lineage.read_bytes())["inputs"]["token_shards"]) if lineage.is_file() else ""
