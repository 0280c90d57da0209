"""Mixture gate: whether every language and every country gets its share, and nothing is repeated too often."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.gates.suite import Gate, Rule, Suite, critical, one_row, publish_gate
from latamgpt.params import MixtureGateParams, Params
from latamgpt.records import MIXTURE_SCHEMA, Report, Table
from latamgpt.store import Workspace, read_table

COLUMNS = ["doc_id", "language", "country", "num_tokens"]


@dataclass(frozen=True)
class Piece:
    """A row of a training shard."""

    doc_id: str
    language: str
    country: str
    num_tokens: int


@dataclass
class Sizes:
    """Tokens per name, such as a language: those that there are, and those that are trained on."""

    available: Counter[str] = field(default_factory=Counter[str])
    trained: Counter[str] = field(default_factory=Counter[str])


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the mixture against the token shards and the floors of params.mixture_gate."""
    shards = read_pieces(workspace.read("token_shards"))
    mixture = read_table(workspace.read("mixture") / "mixture.parquet", MIXTURE_SCHEMA)
    places = zip(mixture["shard"].to_pylist(), mixture["row"].to_pylist(), strict=True)
    drawn = [shards[place] for place in places if place in shards]
    rules, max_epochs = params.mixture_gate, params.mixture.max_epochs
    left_out = set(() if params.mixture.replay_share else params.mixture.replay_languages)
    there = [piece for piece in shards.values() if piece.language not in left_out]
    languages = describe(count_tokens(there, drawn, "language"), rules.min_language_share, max_epochs, rules)
    countries = describe(count_tokens(there, drawn, "country"), rules.min_country_share, max_epochs, rules)
    num_tokens = sum(piece.num_tokens for piece in drawn)
    gate = Gate(
        stage="mixture_gate",
        subject=f"{num_tokens:,} tokens of {languages.num_rows} languages and {countries.num_rows} countries",
        suites=(
            Suite("pieces", mixture.select(["shard", "row", "epoch"]), piece_rules(max_epochs)),
            Suite("profile", one_row({"num_pieces_from_nowhere": count_strangers(mixture, shards)}), profile_rules()),
            Suite("languages", languages, share_rules()),
            Suite("countries", countries, share_rules()),
        ),
        counts={"tokens": num_tokens, "pieces": mixture.num_rows},
        tables=(for_people("languages", "language", languages), for_people("countries", "country", countries)),
    )
    return publish_gate(workspace, gate)


def piece_rules(max_epochs: float) -> tuple[Rule, ...]:
    """What must hold for every time that a piece is trained on; `epoch` counts from 0."""
    return (
        critical("expect_compound_columns_to_be_unique", column_list=["shard", "row", "epoch"]),
        critical("expect_column_values_to_be_between", column="epoch", min_value=0, max_value=math.ceil(max_epochs) - 1),
    )


def profile_rules() -> tuple[Rule, ...]:
    """What must hold for the mixture as a whole: it holds pieces of the training shards, as they are, and no others."""
    return (critical("expect_column_max_to_be_between", column="num_pieces_from_nowhere", max_value=0),)


def share_rules() -> tuple[Rule, ...]:
    """What must hold for each language, or each country."""
    return (critical("expect_column_pair_values_a_to_be_greater_than_b", column_A="share", column_B="floor", or_equal=True),)


def count_tokens(there: Iterable[Piece], drawn: Iterable[Piece], kind: Literal["language", "country"]) -> Sizes:
    """Tokens per language, or per country, of the shards' pieces and of those drawn."""
    sizes = Sizes()
    for pieces, counter in ((there, sizes.available), (drawn, sizes.trained)):
        for piece in pieces:
            counter[getattr(piece, kind)] += piece.num_tokens
    return sizes


def describe(sizes: Sizes, floor: float, max_epochs: float, params: MixtureGateParams) -> pa.Table:
    """A row per name: its share of the trained tokens, the most that its text could reach, and the floor that follows."""
    total = max(sizes.trained.total(), 1)
    names = sorted(sizes.available)
    shares = [sizes.trained[name] / total for name in names]
    reachable = [min(1.0, sizes.available[name] * max_epochs / total) for name in names]
    return pa.table(
        {
            "name": pa.array(names, pa.string()),
            "available": pa.array([sizes.available[name] for name in names], pa.int64()),
            "trained": pa.array([sizes.trained[name] for name in names], pa.int64()),
            "share": pa.array(shares, pa.float64()),
            "reachable": pa.array(reachable, pa.float64()),
            "floor": pa.array([min(floor, most * params.min_share_of_reachable) for most in reachable], pa.float64()),
        }
    )


def for_people(name: str, label: str, table: pa.Table) -> Table:
    """The shares and floors, as the report shows them; those nearest to their floor first."""
    columns = (label, "available tokens", "trained tokens", "share", "reachable share", "floor")
    rows = sorted(table.to_pylist(), key=lambda row: (row["share"] - row["floor"], row["name"]))
    cells = (tuple(round(cell, 4) if isinstance(cell, float) else cell for cell in row.values()) for row in rows)
    return Table(name=name, columns=columns, rows=tuple(cells))


def read_pieces(shards: Path) -> dict[tuple[str, int], Piece]:
    """Every row of the training shards, by shard and row."""
    pieces: dict[tuple[str, int], Piece] = {}
    for path in sorted((shards / "train").glob("*.parquet")):
        table = pq.read_table(path, columns=COLUMNS)
        described = zip(*(table[name].to_pylist() for name in COLUMNS), strict=True)
        for row, cells in enumerate(described):
            pieces[path.relative_to(shards).as_posix(), row] = Piece(*cells)
    return pieces


def count_strangers(mixture: pa.Table, shards: Mapping[tuple[str, int], Piece]) -> int:
    """How many rows of the mixture do not name a row of the training shards, with its document, language and length."""
    columns = ("shard", "row", "doc_id", "language", "num_tokens")
    rows = zip(*(mixture[name].to_pylist() for name in columns), strict=True)
    found = ((shards.get((shard, row)), said) for shard, row, *said in rows)
    return sum(piece is None or [piece.doc_id, piece.language, piece.num_tokens] != said for piece, said in found)
