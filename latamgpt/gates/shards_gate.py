"""Shards gate: whether the token shards are enough, whole, decodable, and free of what was held out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.gates.suite import Gate, Rule, Suite, critical, one_row, publish_gate, warning
from latamgpt.gates.text_runs import share_seen
from latamgpt.params import Params, ShardsGateParams
from latamgpt.records import Report
from latamgpt.shards import read_shard
from latamgpt.store import Workspace

if TYPE_CHECKING:
    from tokenizers import Tokenizer

COLUMNS = ("doc_id", "language", "piece", "num_bytes")


@dataclass(frozen=True)
class SpecialTokens:
    """Which ids there are, and which of them have a meaning of their own; -1 where there is none."""

    vocab_size: int
    eos_id: int
    unknown_id: int


@dataclass
class Side:
    """What the shards of one side hold, piece by piece."""

    doc_ids: list[str] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    num_tokens: list[int] = field(default_factory=list)
    num_eos: list[int] = field(default_factory=list)
    ends_with_eos: list[bool] = field(default_factory=list)
    highest_token: list[int] = field(default_factory=list)
    language_tokens: Counter[str] = field(default_factory=Counter)
    language_bytes: Counter[str] = field(default_factory=Counter)
    num_unknown: int = 0

    def last_pieces(self) -> dict[str, int]:
        """The row of each document's last piece."""
        last: dict[str, int] = {}
        for row, doc_id in enumerate(self.doc_ids):
            if doc_id not in last or self.pieces[row] > self.pieces[last[doc_id]]:
                last[doc_id] = row
        return last


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the token shards against the corpus, the tokenizer and the expectations of params.shards_gate."""
    from tokenizers import Tokenizer

    corpus = set(pq.read_table(workspace.read("corpus") / "documents.parquet", columns=["doc_id"])["doc_id"].to_pylist())
    ids = workspace.report("tokenizer").counts
    special = SpecialTokens(ids["vocab_size"], ids["eos_token_id"], ids["unknown_token_id"])
    shards = workspace.read("token_shards")
    train, held_out = read_side(shards / "train", special), read_side(shards / "held_out", special)
    profile = profile_shards(train, held_out, corpus, special)
    tokenizer = Tokenizer.from_file(str(workspace.read("tokenizer") / "tokenizer.json"))
    profile["held_out_run_share"] = share_seen(*(read_texts(shards / side, tokenizer) for side in ("held_out", "train")))
    rules = params.shards_gate
    gate = Gate(
        stage="shards_gate",
        subject=f"{profile['num_train_tokens']:,} tokens to train on",
        suites=(
            Suite("pieces", describe_pieces(train, held_out), piece_rules(special)),
            Suite("languages", describe_languages(train, held_out), language_rules(rules)),
            Suite("profile", one_row(profile), profile_rules(rules)),
        ),
        counts={name: int(value) for name, value in profile.items() if name.startswith("num_")},
    )
    return publish_gate(workspace, gate)


def piece_rules(special: SpecialTokens) -> tuple[Rule, ...]:
    """What must hold for every piece of a document."""
    return (
        critical("expect_compound_columns_to_be_unique", column_list=["doc_id", "piece"]),
        critical("expect_column_values_to_be_between", column="num_tokens", min_value=1),
        critical("expect_column_values_to_be_between", column="highest_token", max_value=special.vocab_size - 1),
    )


def language_rules(params: ShardsGateParams) -> tuple[Rule, ...]:
    """What should hold for every language: a tokenizer that falls apart on one makes it dear to train and to use."""
    return (warning("expect_column_values_to_be_between", column="tokens_per_byte", max_value=params.max_tokens_per_byte),)


def profile_rules(params: ShardsGateParams) -> tuple[Rule, ...]:
    """What must hold for the shards together."""
    return (
        critical("expect_column_min_to_be_between", column="num_train_tokens", min_value=params.min_tokens),
        critical("expect_column_max_to_be_between", column="unknown_share", max_value=params.max_unknown_token_share),
        critical("expect_column_max_to_be_between", column="num_documents_on_both_sides", max_value=0),
        critical("expect_column_max_to_be_between", column="held_out_run_share", max_value=params.max_held_out_run_share),
        critical("expect_column_max_to_be_between", column="num_documents_from_nowhere", max_value=0),
        critical("expect_column_max_to_be_between", column="num_documents_left_out", max_value=0),
        critical("expect_column_max_to_be_between", column="num_documents_without_end", max_value=0),
        critical("expect_column_max_to_be_between", column="num_ends_inside_documents", max_value=0),
        critical("expect_column_max_to_be_between", column="num_pieces_missing", max_value=0),
    )


def read_side(folder: Path, special: SpecialTokens) -> Side:
    """Count what lies in train/ or held_out/, a shard at a time."""
    side = Side()
    for path in sorted(folder.glob("*.parquet")):
        shard = read_shard(path, COLUMNS)
        for number, row in enumerate(shard.pieces.to_pylist()):
            tokens = shard.piece(number)
            side.doc_ids.append(row["doc_id"])
            side.pieces.append(row["piece"])
            side.num_tokens.append(len(tokens))
            side.num_eos.append(int(np.count_nonzero(tokens == special.eos_id)))
            side.ends_with_eos.append(tokens[-1:].tolist() == [special.eos_id])
            side.highest_token.append(int(tokens.max()) if len(tokens) else -1)
            side.language_tokens[row["language"]] += len(tokens)
            side.language_bytes[row["language"]] += row["num_bytes"]
        if special.unknown_id != special.eos_id:
            side.num_unknown += int(np.count_nonzero(shard.tokens == special.unknown_id))
    return side


def read_texts(folder: Path, tokenizer: "Tokenizer") -> Iterator[str]:
    """What the tokens of each document of train/ or held_out/ stand for, its pieces joined, a document at a time."""
    pieces = (
        (doc_id, shard.piece(row))
        for path in sorted(folder.glob("*.parquet"))
        for shard in (read_shard(path, ["doc_id"]),)
        for row, doc_id in enumerate(shard.pieces["doc_id"].to_pylist())
    )
    for _, parts in groupby(pieces, key=itemgetter(0)):
        yield tokenizer.decode([token for _, tokens in parts for token in tokens.tolist()])


def describe_pieces(train: Side, held_out: Side) -> pa.Table:
    """One row per piece, of both sides."""
    return pa.table(
        {
            "doc_id": pa.array(train.doc_ids + held_out.doc_ids, pa.string()),
            "piece": pa.array(train.pieces + held_out.pieces, pa.int64()),
            "num_tokens": pa.array(train.num_tokens + held_out.num_tokens, pa.int64()),
            "highest_token": pa.array(train.highest_token + held_out.highest_token, pa.int64()),
        }
    )


def describe_languages(train: Side, held_out: Side) -> pa.Table:
    """One row per language: how many tokens a byte of its text takes."""
    tokens = train.language_tokens + held_out.language_tokens
    num_bytes = train.language_bytes + held_out.language_bytes
    names = sorted(tokens)
    rates = [tokens[name] / max(num_bytes[name], 1) for name in names]
    return pa.table({"language": pa.array(names, pa.string()), "tokens_per_byte": pa.array(rates, pa.float64())})


def profile_shards(train: Side, held_out: Side, corpus: set[str], special: SpecialTokens) -> dict[str, int | float]:
    """What no single piece shows: sizes, sides and ends of whole documents."""
    trained, kept_back = set(train.doc_ids), set(held_out.doc_ids)
    num_train, num_held_out = sum(train.num_tokens), sum(held_out.num_tokens)
    sides = (train, held_out)
    ends = [[side.ends_with_eos[row] for row in side.last_pieces().values()] for side in sides]
    num_ended = sum(sum(found) for found in ends)
    return {
        "num_train_tokens": num_train,
        "num_held_out_tokens": num_held_out,
        "unknown_share": (train.num_unknown + held_out.num_unknown) / max(num_train + num_held_out, 1),
        "num_documents_on_both_sides": len(trained & kept_back),
        "num_documents_from_nowhere": len((trained | kept_back) - corpus),
        "num_documents_left_out": len(corpus - trained - kept_back),
        "num_documents_without_end": sum(map(len, ends)) - num_ended,
        "num_ends_inside_documents": sum(sum(side.num_eos) for side in sides) - num_ended,
        "num_pieces_missing": sum(_pieces_missing(side) for side in sides),
    }


def _pieces_missing(side: Side) -> int:
    expected = sum(side.pieces[row] + 1 for row in side.last_pieces().values())
    return expected - len(set(zip(side.doc_ids, side.pieces, strict=True)))
