"""Where a person's string stands: in deliveries, documents, clean documents, the corpus, token shards and the release.

A string is compared without case, accents and spacing, whole words only; one that holds a number also by its digits, however they
are grouped. Nothing here writes or returns the string: a trace names a place and how often it stands there.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from latamgpt.custody.places import delivery_names, delivery_place
from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.store import Workspace, digest_of, list_files

FEWEST_DIGITS = 5  # a shorter number is everybody's
FEWEST_LETTERS = 5
BETWEEN_DIGITS = r"[^0-9a-z\n]{0,3}"
WITHHELD = "(its name holds the string)"
READ_ROWS = 256
CARRIERS = (
    ("documents", ("documents",)),
    ("clean_documents", ("documents", "undetermined")),
)
"""Stages per partner that publish texts, and their tables."""


class Trace(Frozen):
    """One place in which the string stands."""

    place: str  # deliveries, documents, clean_documents, corpus, token_shards, release
    partner: str
    delivery: str
    item: str  # a doc_id, a file of the delivery, a shard, or a release
    times: int = 1


@dataclass(frozen=True)
class Needle:
    """A string that is looked for, as patterns over folded text."""

    patterns: tuple[re.Pattern[str], ...]

    def count(self, text: str) -> int:
        """How often it stands in a text, by the pattern that finds it most often."""
        folded = fold(text)
        return max(sum(1 for _ in pattern.finditer(folded)) for pattern in self.patterns)


def fold(text: str) -> str:
    """Small letters without accents; dashes and spaces of every kind as typed ones."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub("[\u2010-\u2014\u2212]", "-", plain)


def needle(string: str) -> Needle:
    """What to look for.

    Raises:
        OperatorError: the string is too short to be one person's.
    """
    words = fold(string).split()
    compact = "".join(char for char in "".join(words) if char.isascii() and char.isalnum())
    digits = re.sub(r"\D", "", compact)
    patterns: list[re.Pattern[str]] = []
    if len("".join(words)) >= FEWEST_LETTERS:
        patterns.append(re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)"))
    if len(digits) >= FEWEST_DIGITS:
        number = compact if len(digits) * 2 > len(compact) else digits
        patterns.append(re.compile(r"(?<![0-9a-z])" + BETWEEN_DIGITS.join(number) + r"(?![0-9a-z])"))
    if not patterns:
        raise OperatorError(
            f"the string has {len(''.join(words))} characters: that stands in every text and leads to nobody. Give a full name, "
            "an address, a telephone or an identity number."
        )
    return Needle(tuple(patterns))


def find_traces(workspace: Workspace, partners: Iterable[str], wanted: Needle) -> Iterator[Trace]:
    """Every place in which the string stands, from the deliveries to the release."""
    for partner in partners:
        yield from _in_deliveries(workspace, partner, wanted)
        for stage, tables in CARRIERS:
            for table in tables:
                yield from _in_table(workspace.place(stage, partner) / f"{table}.parquet", stage, wanted)
    in_corpus = list(_in_table(workspace.place("corpus") / "documents.parquet", "corpus", wanted))
    yield from in_corpus
    in_shards = list(_in_shards(workspace, {trace.item: trace for trace in in_corpus}))
    yield from in_shards
    if any(trace.item.startswith("train/") for trace in in_shards):
        yield from _in_release(workspace)


def releases_that_cannot_be_told(workspace: Workspace) -> str:
    """A sentence where the release here was made from other shards than those that lie here; '' where nothing is in doubt."""
    used, here = _shards_of_release(workspace), workspace.place("token_shards")
    if not used:
        return ""
    if not (here / "manifest.json").is_file() or digest_of(here) != used:
        return (
            "The release here was made from other token shards than those in data/token_shards, so whether it holds the string "
            "cannot be told here. Check out the release's own commit, run `dvc checkout`, and open the request there as well."
        )
    return ""


def _in_deliveries(workspace: Workspace, partner: str, wanted: Needle) -> Iterator[Trace]:
    for delivery in delivery_names(workspace, partner):
        folder = workspace.root / delivery_place(partner, delivery)
        for name in list_files(folder):
            times = wanted.count(_text_of(folder / name))
            in_name = wanted.count(name)
            if times or in_name:
                item = WITHHELD if in_name else name
                yield Trace(place="deliveries", partner=partner, delivery=delivery, item=item, times=times + in_name)


def _text_of(path: Path) -> str:
    """A file as text where it is text; of packed formats what intake read is in `documents`."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _in_table(path: Path, stage: str, wanted: Needle) -> Iterator[Trace]:
    if not path.is_file():
        return
    columns = ["doc_id", "partner", "delivery", "title", "text"]
    for batch in pq.ParquetFile(path).iter_batches(READ_ROWS, columns=columns):
        for row in batch.to_pylist():
            times = wanted.count(f"{row['title']}\n{row['text']}")
            if times:
                yield Trace(place=stage, partner=row["partner"], delivery=row["delivery"], item=row["doc_id"], times=times)


def _in_shards(workspace: Workspace, documents: dict[str, Trace]) -> Iterator[Trace]:
    folder = workspace.place("token_shards")
    for path in sorted(folder.glob("*/*.parquet")) if documents else []:
        for doc_id in sorted(set(pq.read_table(path, columns=["doc_id"])["doc_id"].to_pylist()) & set(documents)):
            found = documents[doc_id]
            item = path.relative_to(folder).as_posix()
            yield Trace(place="token_shards", partner=found.partner, delivery=found.delivery, item=item, times=found.times)


def _in_release(workspace: Workspace) -> Iterator[Trace]:
    if _shards_of_release(workspace) == digest_of(workspace.place("token_shards")):
        yield Trace(place="release", partner="", delivery="", item=digest_of(workspace.place("release")))


def _shards_of_release(workspace: Workspace) -> str:
    lineage = workspace.place("release") / "lineage.json"
    return str(orjson.loads(lineage.read_bytes())["inputs"]["token_shards"]) if lineage.is_file() else ""
