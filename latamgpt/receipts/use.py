"""What became of documents behind the corpus: their tokens in the shards, and the steps of the training that saw them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.records import MANIFEST_NAME
from latamgpt.store import Workspace

TRAIN, HELD_OUT = "train", "held_out"


@dataclass(frozen=True)
class Piece:
    """One piece of a document: a row of a shard, and how many tokens it holds."""

    shard: str  # file inside token_shards
    row: int
    num_tokens: int


@dataclass(frozen=True)
class Sight:
    """One time that a step saw tokens `start` to `end` of a piece."""

    step: int  # 0 is the first
    epoch: int
    shard: str
    row: int
    start: int
    end: int


@dataclass
class DocumentUse:
    """Where one document's tokens lie, and which steps saw them."""

    pieces: list[Piece] = field(default_factory=list[Piece])
    sights: list[Sight] = field(default_factory=list[Sight])

    @property
    def num_tokens(self) -> int:
        """Tokens of all pieces."""
        return sum(piece.num_tokens for piece in self.pieces)

    @property
    def num_tokens_seen(self) -> int:
        """Tokens that were trained on, each as often as it was."""
        return sum(sight.end - sight.start for sight in self.sights)

    @property
    def num_epochs(self) -> int:
        """In how many passes over its texts the training met the document."""
        return len({sight.epoch for sight in self.sights})

    @property
    def steps(self) -> list[int]:
        """The steps that saw it, ascending."""
        return sorted({sight.step for sight in self.sights})

    @property
    def held_out(self) -> bool:
        """Whether it is measured with and never trained on."""
        return any(piece.shard.startswith(HELD_OUT) for piece in self.pieces)


def find_use(workspace: Workspace, doc_ids: Collection[str]) -> dict[str, DocumentUse]:
    """The use of each of these documents, as far as shards and a checkpoint were published; all of them are in the answer."""
    found: dict[str, DocumentUse] = defaultdict(DocumentUse)
    wanted = set(doc_ids)
    if is_published(workspace, "token_shards"):
        shards = workspace.read("token_shards")
        for path in sorted([*shards.glob(f"{TRAIN}/*.parquet"), *shards.glob(f"{HELD_OUT}/*.parquet")]):
            _find_pieces(path, path.relative_to(shards).as_posix(), wanted, found)
    if is_published(workspace, "checkpoint"):
        order = pq.read_table(workspace.read("checkpoint") / "data_order.parquet")
        for row in order.filter(pc.field("doc_id").isin(sorted(wanted))).to_pylist():
            found[row["doc_id"]].sights.append(Sight(*(row[name] for name in ("step", "epoch", "shard", "row", "start", "end"))))
    return {doc_id: found[doc_id] for doc_id in doc_ids}


def is_published(workspace: Workspace, stage: str) -> bool:
    """Whether a stage was published whole here."""
    return (workspace.place(stage) / MANIFEST_NAME).is_file()


def _find_pieces(path: Path, shard: str, wanted: set[str], found: dict[str, DocumentUse]) -> None:
    names = pq.read_table(path, columns=["doc_id"])["doc_id"].to_pylist()
    rows = [row for row, name in enumerate(names) if name in wanted]
    if rows:
        lengths = pq.read_table(path, columns=["num_tokens"])["num_tokens"].to_pylist()
        for row in rows:
            found[names[row]].pieces.append(Piece(shard, row, lengths[row]))
