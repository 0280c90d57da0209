"""Small published folders, for tests of stages that stand further down: documents, corpus, a tokenizer, shards, a scorecard."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.evaluation.score import Cell, Scorecard, Scored
from latamgpt.records import (
    CLEAN_DOCUMENT_SCHEMA,
    DOCUMENT_SCHEMA,
    EXCLUSION_SCHEMA,
    HELD_OUT_SCHEMA,
    TOKEN_SHARD_SCHEMA,
    Expectation,
    Report,
    Severity,
)
from latamgpt.shards import read_shard, token_type, write_shard
from latamgpt.store import Workspace, write_json, write_report
from latamgpt.table_format import write_table

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PARTNER = "academia-quechua"
AGREEMENT = "aq-2025-01"
EOS = "<|endoftext|>"
VOCAB_SIZE = 49_152

INSTITUTION = f"""
id: {PARTNER}
name: Academia
country: PE
kind: academy
contact: coordinación
data_steward: acervo
sample: true
agreements:
  - id: {AGREEMENT}
    title: Textos
    licence: CC0-1.0
    consent: holder
    purposes: [train, evaluate, release]
    valid_from: 2025-03-01
    attribution: Academia
"""

Row = dict[str, object]


def loose(schema: pa.Schema) -> pa.Schema:
    """The schema without its promise that nothing is null: how a faulty stage might write it."""
    return pa.schema([pa.field(f.name, f.type) for f in schema])


def clean_document(number: int, **changes: object) -> Row:
    """One clean document, different for each number."""
    text = str(changes.get("text", f"Runa simi {number}: tukuy runakunam qispisqa paqarin, kay pachapi {number} kuti."))
    row: Row = {
        "doc_id": sha256(str(number).encode()).hexdigest(),
        "partner": PARTNER,
        "delivery": "entrega-1",
        "agreement": AGREEMENT,
        "path": f"textos.jsonl#{number}",
        "title": "",
        "country": "PE",
        "declared_language": "quy",
        "licence": "CC0-1.0",
        "source": "written for this project",
        "period": "unknown",
        "kind": "unknown",
        "text": text,
        "language": "que",
        "language_confidence": 0.9,
        "variety": "que",
        "second_language": "",
        "second_language_share": 0.0,
        "has_voseo": False,
        "num_bytes": len(text.encode()),
        "quality": 900,
        "num_personal_data": 0,
        "text_sha256": sha256(text.encode()).hexdigest(),
        "signature": [1, 2, 3],
    }
    return row | changes


def publish_rows(workspace: Workspace, stage: str, key: str, files: dict[str, tuple[Iterable[Row], pa.Schema]]) -> None:
    """Publish Parquet files and a bare report; beside a table of token shards, the tokens of its rows."""
    with workspace.publish(stage, key) as folder:
        for name, (rows, schema) in files.items():
            if "first_token" in schema.names:
                write_shard(folder / name, list(rows), schema, token_type(VOCAB_SIZE))
                continue
            known = [{k: v for k, v in row.items() if k in schema.names} for row in rows]
            write_table(folder / name, pa.Table.from_pylist(known, schema=loose(schema)))
        write_report(folder, Report(stage=stage, key=key, summary="a fixture"))


def publish_text(workspace: Workspace, stage: str, text: str = "x") -> Path:
    """One small file, published as a stage's output; its folder."""
    with workspace.publish(stage) as folder:
        (folder / "a.txt").write_text(text)
    return workspace.place(stage)


def publish_partner(
    workspace: Workspace,
    clean: Sequence[Row],
    raw: Sequence[Row] = (),
    undetermined: Sequence[Row] = (),
    excluded: Sequence[Row] = (),
) -> None:
    """The registry's file, the documents and the clean documents of one partner; `raw` is all of them unless given."""
    folder = workspace.root / "partners"
    folder.mkdir(exist_ok=True)
    (folder / f"{PARTNER}.yaml").write_text(INSTITUTION, encoding="utf-8")
    given = raw or [*clean, *undetermined, *excluded]
    publish_rows(workspace, "documents", PARTNER, {"documents.parquet": (given, DOCUMENT_SCHEMA)})
    reasons = [{**row, "stage": "clean_documents", "reason": "too_short", "detail": "too short"} for row in excluded]
    publish_rows(
        workspace,
        "clean_documents",
        PARTNER,
        {
            "documents.parquet": (clean, CLEAN_DOCUMENT_SCHEMA),
            "undetermined.parquet": (undetermined, DOCUMENT_SCHEMA),
            "exclusions.parquet": (reasons, EXCLUSION_SCHEMA),
        },
    )


def publish_corpus(workspace: Workspace, rows: Sequence[Row], excluded: Sequence[Row] = ()) -> None:
    """A corpus of these documents, in order of doc_id, and what was excluded on the way to it."""
    ordered = sorted(rows, key=lambda row: str(row["doc_id"]))
    files = {"documents.parquet": (ordered, CLEAN_DOCUMENT_SCHEMA), "exclusions.parquet": (excluded, EXCLUSION_SCHEMA)}
    publish_rows(workspace, "corpus", "", files)


def publish_verdict(workspace: Workspace, gate: str, *, passed: bool = True) -> None:
    """A gate's report with one critical expectation."""
    outcome = Expectation(kind="expect_fixture", severity=Severity.CRITICAL, passed=passed, observed="a fixture")
    with workspace.publish(gate) as folder:
        write_report(folder, Report(stage=gate, summary="a fixture", expectations=(outcome,)))


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> "Tokenizer":
    """A byte-level BPE, as Llama's are; EOS is its token 0."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=[EOS], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def publish_base_model(workspace: Workspace, texts: Iterable[str], vocab_size: int = 320, eos: object = EOS) -> None:
    """A base model without weights: a tokenizer trained on some texts, and a configuration."""
    with workspace.publish("base_model") as folder:
        train_tokenizer(texts, vocab_size).save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_bytes(orjson.dumps({"eos_token": eos}))
        (folder / "config.json").write_bytes(orjson.dumps({"vocab_size": vocab_size}))
        (folder / "model.safetensors").write_bytes(b"weights")
        write_report(folder, Report(stage="base_model", summary="a fixture"))


def shard_row(doc_id: str, tokens: list[int], piece: int = 0, language: str = "que", **changes: object) -> Row:
    """One piece of a document in a shard."""
    row: Row = {
        "doc_id": doc_id,
        "partner": PARTNER,
        "agreement": "aq-2025-01",
        "licence": "MIT",
        "country": "PE",
        "language": language,
        "variety": language,
        "piece": piece,
        "tokens": tokens,
        "num_bytes": 3 * len(tokens),
        "text": "a" * 3 * len(tokens),
    }
    return row | changes


def publish_shards(workspace: Workspace, train: Sequence[Row], held_out: Sequence[Row] = (), rows_per_shard: int = 1000) -> None:
    """Token shards of these pieces."""
    files = {
        f"train/{n // rows_per_shard:05}.parquet": (train[n : n + rows_per_shard], TOKEN_SHARD_SCHEMA)
        for n in range(0, len(train), rows_per_shard)
    }
    publish_rows(workspace, "token_shards", "", {**files, "held_out/00000.parquet": (held_out, HELD_OUT_SCHEMA)})


def read_pieces(table: Path) -> list[Row]:
    """The rows of a token shard, each with its tokens."""
    shard = read_shard(table)
    rows = pq.read_table(table).to_pylist()
    return [row | {"tokens": shard.piece(number).tolist()} for number, row in enumerate(rows)]


def publish_tokenizer(workspace: Workspace, tokenizer: "Tokenizer", unknown_id: int = -1) -> None:
    """A tokenizer and its report."""
    eos_id = tokenizer.token_to_id(EOS)
    counts = {"vocab_size": tokenizer.get_vocab_size(), "eos_token_id": eos_id, "unknown_token_id": unknown_id}
    with workspace.publish("tokenizer") as folder:
        tokenizer.save(str(folder / "tokenizer.json"))
        write_report(folder, Report(stage="tokenizer", summary="a fixture", counts=counts))


def publish_scorecard(workspace: Workspace, cells: Sequence[Cell], items: Sequence[Scored] = ()) -> None:
    """A scorecard of these comparisons, and its report."""
    scorecard = Scorecard(base="base", candidate="candidate", items=tuple(items), cells=tuple(cells))
    with workspace.publish("scorecard") as folder:
        write_json(folder / "scorecard.json", scorecard.model_dump(mode="json", exclude_none=True))
        write_report(folder, Report(stage="scorecard", summary="a fixture"))


def failed(report: Report) -> set[str]:
    """Which expectations failed: kind and column, as 'values_to_be_unique doc_id'."""
    return {
        f"{e.kind.removeprefix('expect_').removeprefix('column_')} {e.arguments.get('column', '')}".strip()
        for e in report.expectations
        if not e.passed
    }
