"""The mixture: which pieces of which documents are trained on, how often and in which order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.params import MixtureParams, Params
from latamgpt.records import MIXTURE_SCHEMA, Report
from latamgpt.store import Workspace, must_have_passed, rows_to_table, write_report
from latamgpt.table_format import write_table
from latamgpt.tokens.mixture_report import report_on
from latamgpt.tokens.shares import Group, propose


@dataclass(frozen=True)
class ShardPiece:
    """One row of a training shard: where it lies, and what it adds."""

    doc_id: str
    language: str
    country: str
    number: int
    shard: str
    row: int
    num_tokens: int

    @property
    def group(self) -> Group:
        """What is drawn from together: language and country."""
        return self.language, self.country


@dataclass(frozen=True)
class Draw:
    """A piece taken for the n-th time; the draws of a run are trained on by rising `progress`."""

    progress: float  # 0 at the beginning of training, 1 at its end
    piece: ShardPiece
    epoch: int


def run(workspace: Workspace, params: Params) -> Report:
    """Publish mixture.parquet: the order in which pieces are trained on, and a table of what each language gets."""
    shards = workspace.read("token_shards")
    must_have_passed(workspace, "shards_gate")
    pieces = read_pieces(shards)
    draws = mix(pieces, params.mixture)
    replay = set(params.mixture.replay_languages)
    rows: list[dict[str, object]] = [
        {
            "position": position,
            "doc_id": draw.piece.doc_id,
            "language": draw.piece.language,
            "shard": draw.piece.shard,
            "row": draw.piece.row,
            "epoch": draw.epoch,
            "is_replay": draw.piece.language in replay,
            "num_tokens": draw.piece.num_tokens,
        }
        for position, draw in enumerate(draws)
    ]
    available, trained = Counter[Group](), Counter[Group]()
    for piece in pieces:
        available[piece.group] += piece.num_tokens
    for draw in draws:
        trained[draw.piece.group] += draw.piece.num_tokens
    with workspace.publish("mixture") as folder:
        write_table(folder / "mixture.parquet", rows_to_table(rows, MIXTURE_SCHEMA))
        return write_report(folder, report_on(available, trained, params.mixture))


def read_pieces(shards: Path) -> list[ShardPiece]:
    """All training pieces, in the order of shards and rows."""
    pieces: list[ShardPiece] = []
    for path in sorted((shards / "train").glob("*.parquet")):
        rows = pq.read_table(path, columns=["doc_id", "language", "country", "piece", "num_tokens"]).to_pylist()
        name = path.relative_to(shards).as_posix()
        pieces += [
            ShardPiece(row["doc_id"], row["language"], row["country"], row["piece"], name, number, row["num_tokens"])
            for number, row in enumerate(rows)
        ]
    return pieces


def mix(pieces: Sequence[ShardPiece], params: MixtureParams) -> list[Draw]:
    """Draw the tokens of every language and country, spread each evenly over the training, stop where `num_tokens` is reached.

    The order is a pure function of the seed and the pieces: within a group by hash, anew in every epoch; between groups each draw
    lies at a random point (by hash) of its own stretch of the group's target.
    """
    groups: dict[Group, list[ShardPiece]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).append(piece)
    targets = propose({group: sum(p.num_tokens for p in found) for group, found in groups.items()}, params)
    draws = [draw for group in sorted(targets) for draw in draw_group(groups[group], targets[group], params.seed)]
    draws.sort(key=lambda d: (d.progress, d.piece.doc_id, d.piece.number, d.epoch))
    return _until(draws, params.num_tokens)


def draw_group(pieces: Sequence[ShardPiece], target: float, seed: int) -> Iterator[Draw]:
    """The pieces of one language and country, epoch after epoch, up to the piece that reaches the target.

    What lies beyond the target has a progress above 1, and the end of the training cuts it off first; not so a first piece that
    is longer than the target by itself.
    """
    num_tokens, length = 0, target
    for epoch in count():
        for chance, piece in sorted(((_chance(seed, epoch, p), p) for p in pieces), key=lambda pair: pair[0]):
            if num_tokens >= target:
                return
            if not num_tokens:
                length = max(target, piece.num_tokens)
            within = int.from_bytes(chance[:8]) / 2**64
            yield Draw((num_tokens + within * piece.num_tokens) / length, piece, epoch)
            num_tokens += piece.num_tokens


def _chance(seed: int, epoch: int, piece: ShardPiece) -> bytes:
    return sha256(f"{seed} {epoch} {piece.doc_id} {piece.number}".encode()).digest()


def _until(draws: Sequence[Draw], num_tokens: int) -> list[Draw]:
    taken: list[Draw] = []
    total = 0
    for draw in draws:
        if total >= num_tokens:
            break
        taken.append(draw)
        total += draw.piece.num_tokens
    return taken
