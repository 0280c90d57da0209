"""The base model's tokenizer, measured on every language of the corpus and extended for those that it serves badly."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import TOKENIZER_FILES, Report, Table
from latamgpt.store import Workspace, write_report
from latamgpt.tokens.extension import Extension, Kept, learn_extension, must_keep_ids, with_merges
from latamgpt.tokens.fertility import Fertility, as_table, measure
from latamgpt.tokens.sides import choose_learnable, read_texts
from latamgpt.tokens.vocabulary import Vocabulary, read_vocabulary

TOKENIZER_NAME = "tokenizer.json"
OLDER_FORMS = ("vocab.json", "merges.txt", "added_tokens.json", "tokenizer.model")  # of what tokenizer.json holds too
TOKENS_SHOWN = 50


@dataclass(frozen=True)
class Extended:
    """An extended tokenizer, with what was found on the way."""

    vocabulary: Vocabulary
    extension: Extension
    kept: list[Kept]
    unseen: list[Fertility]  # on documents of the languages learned from that were not learned from


def run(workspace: Workspace, params: Params) -> Report:
    """Publish the tokenizer's files, with bytes per token and tokens per word of every language in the report.

    Raises:
        OperatorError: the tokenizer does not fit the model, or cannot be extended as params.tokenizer.extension asks.
    """
    base = workspace.read("base_model")
    corpus = workspace.read("corpus") / "documents.parquet"
    vocabulary = read_vocabulary(base)
    must_fit_model(vocabulary, base / "config.json")
    samples = sample_texts(corpus, params.tokenizer.sample_documents)
    with workspace.publish("tokenizer") as folder:
        for name in TOKENIZER_FILES:
            if (base / name).is_file():
                shutil.copyfile(base / name, folder / name)
        extended = extend(workspace, params, vocabulary, folder) if params.tokenizer.extension.num_tokens else None
        used = extended.vocabulary if extended else vocabulary
        measured = [measure(vocabulary.tokenizer, used.tokenizer, language, texts) for language, texts in sorted(samples.items())]
        return write_report(folder, report_on(used, measured, extended))


def extend(workspace: Workspace, params: Params, base: Vocabulary, folder: Path) -> Extended:
    """Put new merges into the tokenizer in `folder`, and hold it against the base's on every text that shall not change."""
    asked = params.tokenizer.extension
    corpus = workspace.read("corpus") / "documents.parquet"
    learnable = choose_learnable(workspace, corpus, asked.languages, params)
    extension = learn_extension(base, corpus, learnable, asked)
    for name in OLDER_FORMS:
        (folder / name).unlink(missing_ok=True)
    path = folder / TOKENIZER_NAME
    path.write_bytes(with_merges(path.read_bytes(), base.size, extension.merges))
    vocabulary = read_vocabulary(folder)
    return Extended(
        vocabulary=vocabulary,
        extension=extension,
        kept=must_keep_ids(base, vocabulary, corpus, asked.unchanged_languages),
        unseen=measure_unseen(base, vocabulary, corpus, learnable, asked.languages),
    )


def measure_unseen(
    base: Vocabulary, extended: Vocabulary, corpus: Path, learnable: Collection[str], languages: Collection[str]
) -> list[Fertility]:
    """Fertility on the documents from which nothing was learned."""
    texts: dict[str, list[str]] = {}
    for doc_id, language, text in read_texts(corpus):
        if language in languages and doc_id not in learnable:
            texts.setdefault(language, []).append(text)
    return [measure(base.tokenizer, extended.tokenizer, language, texts[language]) for language in sorted(texts)]


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
    for doc_id, language, text in read_texts(corpus):
        if doc_id in chosen:
            texts.setdefault(language, []).append(text)
    return texts


def report_on(used: Vocabulary, measured: list[Fertility], extended: Extended | None) -> Report:
    """The report: fertility per language, and of an extension what it gained and what it left alone."""
    ranked = sorted(measured, key=lambda each: (-each.bytes_per_token, each.language))
    best, worst = ranked[0], ranked[-1]
    added = f", {len(extended.extension.merges):,} of them new" if extended else ""
    counts = {
        "vocab_size": used.size,
        "eos_token_id": used.eos_id,
        "unknown_token_id": -1 if used.unknown_id is None else used.unknown_id,
    }
    if extended:
        counts |= {"new_tokens": len(extended.extension.merges), "merges_refused": extended.extension.num_refused}
    return Report(
        stage="tokenizer",
        summary=f"{used.size:,} tokens{added}; {best.bytes_per_token:.2f} bytes per token in {best.language}, "
        f"{worst.bytes_per_token:.2f} in {worst.language}",
        counts=counts,
        metrics={f"bytes_per_token/{each.language}": each.bytes_per_token for each in measured},
        tables=(as_table("languages", measured), *(_tables_of(extended) if extended else ())),
    )


def _tables_of(extended: Extended) -> tuple[Table, ...]:
    changes = extended.extension.unseen_changes
    return (
        as_table("documents not learned from", extended.unseen),
        Table(
            name="unchanged languages",
            columns=("language", "documents with the same ids", "tokens", "changes per million tokens of unseen text"),
            rows=tuple((each.language, each.num_documents, each.num_tokens, changes[each.language]) for each in extended.kept),
        ),
        Table(name="first new tokens", columns=("token", "made of"), rows=tuple(_show_tokens(extended))),
    )


def _show_tokens(extended: Extended) -> list[tuple[str, str]]:
    tokenizer = extended.vocabulary.tokenizer
    first = extended.vocabulary.size - len(extended.extension.merges)
    merges = enumerate(extended.extension.merges[:TOKENS_SHOWN], start=first)
    return [(tokenizer.decode([token]), " + ".join(repr(tokenizer.decode([part])) for part in pair)) for token, pair in merges]
