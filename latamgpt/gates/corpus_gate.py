"""Corpus gate: whether the joined corpus is large, varied and balanced enough to train on, free of duplicates, and fair."""

from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.gates.fairness import (
    arrow_of,
    audit,
    audit_references,
    fairness_rules,
    in_words,
    read_verified,
    table_of,
    worst_first,
)
from latamgpt.gates.slang import slang_rules, slang_table, slang_verdicts
from latamgpt.gates.suite import Gate, Rule, Suite, critical, publish_gate
from latamgpt.params import CorpusGateParams, Params
from latamgpt.records import Report
from latamgpt.registry.languages import read_languages, thresholds_table
from latamgpt.registry.toxic_terms import read_audit
from latamgpt.store import Workspace, read_table

SHOWN = ["doc_id", "partner", "agreement", "licence", "country", "language", "variety", "num_bytes", "text_sha256"]


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the corpus against the expectations of params.corpus_gate."""
    folder = workspace.read("corpus")
    corpus = pq.read_table(folder / "documents.parquet", columns=SHOWN)
    partners = share_per_partner(corpus)
    verified = read_verified(workspace, params.partners, corpus, read_table(folder / "exclusions.parquet"))
    languages = read_languages(workspace.root)
    rates = worst_first([*audit(verified, params.corpus_gate), *audit_references(languages, params.corpus_gate)])
    slang = read_audit()
    unfair = in_words(rates)
    gate = Gate(
        stage="corpus_gate",
        subject=f"{corpus.num_rows:,} documents of {partners.num_rows} partners" + (f", and {unfair}" if unfair else ""),
        suites=(
            Suite("documents", corpus, document_rules(params.corpus_gate)),
            Suite("partners", partners, partner_rules(params.corpus_gate)),
            Suite("fairness", arrow_of(rates), fairness_rules()),
            Suite("slang", slang_verdicts(slang, params.corpus_gate), slang_rules()),
        ),
        counts={
            "documents": corpus.num_rows,
            "languages": len(set(corpus["language"].to_pylist())),
            "countries": len(set(corpus["country"].to_pylist())),
            "verified_documents": len(verified),
            "unfair_drop_rates": sum(not rate.is_fair for rate in rates),
        },
        tables=(table_of(rates), thresholds_table(languages), slang_table(slang, verified, params.corpus_gate)),
    )
    return publish_gate(workspace, gate)


def document_rules(params: CorpusGateParams) -> tuple[Rule, ...]:
    """What must hold for the rows of the corpus."""
    return (
        critical("expect_table_row_count_to_be_between", min_value=params.min_documents),
        critical("expect_column_unique_value_count_to_be_between", column="language", min_value=params.min_languages),
        critical("expect_column_unique_value_count_to_be_between", column="country", min_value=params.min_countries),
        critical("expect_column_values_to_be_unique", column="doc_id"),
        critical("expect_column_values_to_be_unique", column="text_sha256"),
        critical("expect_column_values_to_not_be_null", column="agreement"),
        critical("expect_column_value_lengths_to_be_between", column="agreement", min_value=1),
        critical("expect_column_values_to_not_be_null", column="licence"),
        critical("expect_column_value_lengths_to_be_between", column="licence", min_value=1),
        critical("expect_column_values_to_match_regex", column="country", regex="^[A-Z]{2}$"),
        critical("expect_column_values_to_match_regex", column="language", regex="^(?!und$)[a-z]{2,3}$"),
        critical("expect_column_values_to_be_between", column="num_bytes", min_value=1),
    )


def partner_rules(params: CorpusGateParams) -> tuple[Rule, ...]:
    """What must hold for each partner: none may outweigh all others."""
    return (critical("expect_column_max_to_be_between", column="share", max_value=params.max_partner_share),)


def share_per_partner(corpus: pa.Table) -> pa.Table:
    """Partner and share of the corpus' bytes, sorted by partner."""
    num_bytes: Counter[str] = Counter()
    for partner, size in zip(corpus["partner"].to_pylist(), corpus["num_bytes"].to_pylist(), strict=True):
        num_bytes[partner] += size
    total = max(num_bytes.total(), 1)
    names = sorted(num_bytes)
    return pa.table(
        {"partner": pa.array(names, pa.string()), "share": pa.array([num_bytes[n] / total for n in names], pa.float64())}
    )
