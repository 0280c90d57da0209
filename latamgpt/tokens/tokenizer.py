"""The base model's tokenizer, taken over as it is and measured on every language of the corpus."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Report, Table
from latamgpt.store import Workspace, write_report
from latamgpt.tokens.vocabulary import TOKENIZER_FILES, Vocabulary, read_vocabulary


@dataclass(frozen=True)
class Measured:
    """How a tokenizer fares on some documents of one language."""

    language: str
    num_documents: int
    num_bytes: int
    num_words: int
    num_tokens: int

    @property
    def bytes_per_token(self) -> float:
        """More is better: fewer tokens carry the same text."""
        return self.num_bytes / self.num_tokens


def run(workspace: Workspace, params: Params) -> Report:
    """Publish the tokenizer's files, with bytes per token per language in the report."""
    base = workspace.read("base_model")
    corpus = workspace.read("corpus") / "documents.parquet"
    vocabulary = read_vocabulary(base)
    must_fit_model(vocabulary, base / "config.json")
    samples = sample_texts(corpus, params.tokenizer.sample_documents)
    measured = [measure(vocabulary, language, texts) for language, texts in sorted(samples.items())]
    with workspace.publish("tokenizer") as folder:
        for name in TOKENIZER_FILES:
            if (base / name).is_file():
                shutil.copyfile(base / name, folder / name)
        return write_report(folder, report_on(vocabulary, measured))


def must_fit_model(vocabulary: Vocabulary, config_path: Path) -> None:
    """Refuse a tokenizer that has ids for which the model has no embedding."""
    model_size = orjson.loads(config_path.read_bytes())["vocab_size"]
    if vocabulary.size > model_size:
        raise OperatorError(
            f"the tokenizer goes up to id {vocabulary.size - 1:,}, {config_path} has embeddings for {model_size:,} ids: the rest "
            "would crash the training. Take the tokenizer that belongs to this base model."
        )


def sample_texts(corpus: Path, num_documents: int) -> dict[str, list[str]]:
    """At most `num_documents` texts per language, the same ones in whichever order the corpus comes."""
    rows = pq.read_table(corpus, columns=["doc_id", "language"]).to_pylist()
    if not rows:
        raise OperatorError(f"{corpus} holds no document: there is nothing to measure a tokenizer on. Look at the corpus stage.")
    per_language: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: sha256(row["doc_id"].encode()).digest()):
        per_language.setdefault(row["language"], []).append(row["doc_id"])
    chosen = {doc_id for ids in per_language.values() for doc_id in ids[:num_documents]}
    texts: dict[str, list[str]] = {}
    for batch in pq.ParquetFile(corpus).iter_batches(columns=["doc_id", "language", "text"]):
        for row in batch.to_pylist():
            if row["doc_id"] in chosen:
                texts.setdefault(row["language"], []).append(row["text"])
    return texts


def measure(vocabulary: Vocabulary, language: str, texts: Sequence[str]) -> Measured:
    """Count bytes, words and tokens of some texts."""
    encodings = vocabulary.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return Measured(
        language=language,
        num_documents=len(texts),
        num_bytes=sum(len(text.encode()) for text in texts),
        num_words=sum(len(text.split()) for text in texts),
        num_tokens=sum(len(encoding) for encoding in encodings),
    )


def report_on(vocabulary: Vocabulary, measured: Sequence[Measured]) -> Report:
    """The report: a table of languages, from the best served to the worst."""
    ranked = sorted(measured, key=lambda m: (-m.bytes_per_token, m.language))
    best, worst = ranked[0], ranked[-1]
    rows = tuple(
        (
            m.language,
            m.num_documents,
            m.num_bytes,
            m.num_tokens,
            round(m.bytes_per_token, 3),
            round(m.num_tokens / max(m.num_words, 1), 3),
        )
        for m in ranked
    )
    columns = ("language", "documents", "bytes", "tokens", "bytes per token", "tokens per word")
    return Report(
        stage="tokenizer",
        summary=f"{vocabulary.size:,} tokens; {best.bytes_per_token:.2f} bytes per token in {best.language}, "
        f"{worst.bytes_per_token:.2f} in {worst.language}",
        counts={
            "vocab_size": vocabulary.size,
            "eos_token_id": vocabulary.eos_id,
            "unknown_token_id": -1 if vocabulary.unknown_id is None else vocabulary.unknown_id,
        },
        metrics={f"bytes_per_token/{m.language}": m.bytes_per_token for m in measured},
        tables=(Table(name="languages", columns=columns, rows=rows),),
    )
