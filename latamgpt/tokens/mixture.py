"""The mixture: which pieces of which documents are trained on, how often and in which order."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.params import MixtureParams, Params
from latamgpt.records import MIXTURE_SCHEMA, Report, Table
from latamgpt.store import Workspace, must_have_passed, rows_to_table, write_report, write_table
from latamgpt.tokens.shares import choose_targets


@dataclass(frozen=True)
class ShardPiece:
    """One row of a training shard: where it lies, and what it adds."""

    doc_id: str
    language: str
    number: int
    shard: str
    row: int
    num_tokens: int


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
    with workspace.publish("mixture") as folder:
        write_table(folder / "mixture.parquet", rows_to_table(rows, MIXTURE_SCHEMA))
        return write_report(folder, report_on(pieces, draws, replay))


def read_pieces(shards: Path) -> list[ShardPiece]:
    """All training pieces, in the order of shards and rows."""
    pieces: list[ShardPiece] = []
    for path in sorted((shards / "train").glob("*.parquet")):
        table = pq.read_table(path, columns=["doc_id", "language", "piece", "tokens"])
        lengths = [length for chunk in table["tokens"].chunks for length in chunk.value_lengths().to_pylist()]
        rows = table.drop_columns(["tokens"]).to_pylist()
        name = path.relative_to(shards).as_posix()
        pieces += [
            ShardPiece(row["doc_id"], row["language"], row["piece"], name, number, length)
            for number, (row, length) in enumerate(zip(rows, lengths, strict=True))
        ]
    return pieces


def mix(pieces: Sequence[ShardPiece], params: MixtureParams) -> list[Draw]:
    """Draw every language's tokens, spread each language evenly over the training, and stop where `num_tokens` is reached.

    The order is a pure function of the seed and the pieces: within a language by hash, anew in every epoch; between languages
    each draw lies at a random point (by hash) of its own stretch of the language's target.
    """
    by_language: dict[str, list[ShardPiece]] = {}
    for piece in pieces:
        by_language.setdefault(piece.language, []).append(piece)
    available = {name: sum(p.num_tokens for p in found) for name, found in by_language.items()}
    targets = choose_targets(available, params)
    draws = [d for name in sorted(targets) for d in draw_language(by_language.get(name, ()), targets[name], params.seed)]
    draws.sort(key=lambda d: (d.progress, d.piece.doc_id, d.piece.number, d.epoch))
    return _until(draws, params.num_tokens)


def draw_language(pieces: Sequence[ShardPiece], target: float, seed: int) -> Iterator[Draw]:
    """One language's pieces, epoch after epoch, up to the piece that reaches the target."""
    num_tokens = 0
    for epoch in count():
        for chance, piece in sorted(((_chance(seed, epoch, p), p) for p in pieces), key=lambda pair: pair[0]):
            if num_tokens >= target:
                return
            within = int.from_bytes(chance[:8]) / 2**64
            yield Draw((num_tokens + within * piece.num_tokens) / target, piece, epoch)
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


def report_on(pieces: Sequence[ShardPiece], draws: Sequence[Draw], replay: set[str]) -> Report:
    """What each language gets: available and trained tokens, epochs and share."""
    available, trained = Counter[str](), Counter[str]()
    for piece in pieces:
        available[piece.language] += piece.num_tokens
    for draw in draws:
        trained[draw.piece.language] += draw.piece.num_tokens
    total = trained.total()
    num_replay = sum(n for name, n in trained.items() if name in replay)
    return Report(
        stage="mixture",
        summary=f"{total:,} tokens of {len(trained)} languages in {len(draws):,} pieces, {num_replay / total:.1%} of them replay",
        counts={"tokens": total, "pieces": len(draws), "languages": len(trained)},
        metrics={"replay_share": num_replay / total, **{f"share/{name}": trained[name] / total for name in sorted(trained)}},
        tables=(_language_table(available, trained, replay),),
    )


def _language_table(available: Mapping[str, int], trained: Counter[str], replay: set[str]) -> Table:
    total = trained.total()
    return Table(
        name="languages",
        columns=("language", "available tokens", "trained tokens", "epochs", "share", "is_replay"),
        rows=tuple(
            (name, size, trained[name], round(trained[name] / size, 3), round(trained[name] / total, 4), name in replay)
            for name, size in sorted(available.items(), key=lambda item: (-trained[item[0]], item[0]))
        ),
    )
