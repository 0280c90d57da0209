"""The fairness audit: the known failure is found and named, and few documents prove nothing."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from scipy.stats import beta

from latamgpt.curation.cleaning import Cleaned, Task, clean
from latamgpt.curation.learning import passages_of
from latamgpt.errors import OperatorError
from latamgpt.gates.corpus_gate import run
from latamgpt.gates.fairness import (
    EVERY_FILTER,
    FAIR,
    UNFAIR,
    Verified,
    audit,
    audit_references,
    groups_of,
    interval,
    read_verified,
)
from latamgpt.params import CorpusGateParams, Params, QualityThresholds
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Report
from latamgpt.registry.languages import read_languages, thresholds_in_force
from latamgpt.store import Workspace, must_have_passed, rows_to_table
from tests.builders import Row, failed, publish_corpus, publish_rows
from tests.conftest import ROOT
from tests.curation.documents import document

pytestmark = pytest.mark.usefixtures("without_data_docs")

REFERENCES = ROOT / "latamgpt" / "curation" / "language_samples"
LIMITS = CorpusGateParams(
    min_documents=1,
    min_languages=1,
    min_countries=1,
    max_partner_share=1.0,
    max_drop_rate=0.1,
    max_drop_ratio=2.0,
    drop_confidence=0.99,
    max_slang_flagged=0.25,
    min_toxic_found=0.8,
)
COMMUNITIES = {"gug": ("gn", "PY", "ateneo-guarani"), "ayr": ("ayr", "BO", "museo-altiplano"), "es": ("es-CL", "CL", "archivo")}
AS_USUAL = QualityThresholds(
    min_chars=120,
    min_words=20,
    max_mean_word_chars=10.0,
    min_letter_share=0.7,
    max_repeated_line_share=0.3,
    max_symbol_word_ratio=0.1,
    max_noisy_share=0.25,
    max_repeated_run_share=0.5,
    min_distinct_word_share=0.2,
)
"""What Spanish is usually held against, and in many a corpus every other language with it."""


def texts_of(language: str, min_chars: int) -> list[str]:
    """Real text: passages of the Declaration and of translated interfaces, each as a short document."""
    return passages_of((REFERENCES / f"{language}.txt").read_text(encoding="utf-8"), min_chars)


def curate(workspace: Workspace, params: Params, quality: Mapping[str, QualityThresholds], min_chars: int) -> Params:
    """Have three partners send real text, clean it by these thresholds, and publish what came of it."""
    outcome, partners = Cleaned(), []
    for language, (declared, country, partner) in COMMUNITIES.items():
        where = {"declared_language": declared, "country": country, "partner": partner}
        rows = [document(text, path=f"{n}.txt", **where) for n, text in enumerate(dict.fromkeys(texts_of(language, min_chars)))]
        publish_rows(workspace, "documents", partner, {"documents.parquet": (rows, DOCUMENT_SCHEMA)})
        outcome.add(clean(Task(rows, params.clean_documents, quality)))
        partners.append(partner)
    publish_corpus(workspace, outcome.kept, outcome.excluded)
    return params.model_copy(update={"partners": tuple(partners), "corpus_gate": LIMITS})


def fairness(report: Report) -> dict[tuple[object, ...], tuple[object, ...]]:
    (table,) = (table for table in report.tables if table.name == "fairness")
    return {row[:3]: row[3:] for row in table.rows}


@pytest.mark.parametrize("language", ["gug", "ayr"])
@pytest.mark.parametrize(("spanish", "min_chars", "reason"), [("as usual", 120, "too_few_words"), ("here", 40, "too_few_chars")])
def test_spanish_thresholds_on_a_small_language_block_the_corpus_and_its_own_do_not(
    workspace: Workspace, params: Params, language: str, spanish: str, min_chars: int, reason: str
) -> None:
    own = thresholds_in_force(ROOT)
    fair = curate(workspace, params, {**own, "es": own["default"]} if spanish == "here" else own, min_chars)
    report = run(workspace, fair)
    assert failed(report) == set()
    assert fairness(report)["language", language, EVERY_FILTER][-1] == FAIR

    foreign = AS_USUAL if spanish == "as usual" else own["es"]
    report = run(workspace, curate(workspace, params, {**own, "es": own["default"], language: foreign}, min_chars))
    assert failed(report) == {"values_to_be_in_set verdict"}
    assert not report.passed
    dropped, of, rate, low, high, verdict = fairness(report)["language", language, reason]
    assert verdict == UNFAIR
    assert 0.1 < float(str(low)) < float(str(rate)) == round(int(str(dropped)) / int(str(of)), 4) < float(str(high))
    assert f"{reason} drops {rate:.1%} ({low:.1%} to {high:.1%}) of language {language}" in report.summary
    for kind, name in groups_of(language, *COMMUNITIES[language]):
        assert fairness(report)[kind, name, reason][-1] == UNFAIR
    other = {"gug": "ayr", "ayr": "gug"}[language]
    assert fairness(report)["language", other, EVERY_FILTER][-1] == FAIR
    with pytest.raises(OperatorError, match=r"corpus_gate did not pass: expect_column_values_to_be_in_set"):
        must_have_passed(workspace, "corpus_gate")


def documents(num_dropped: int, num_all: int, language: str, reason: str = "too_few_words") -> list[Verified]:
    """Documents of one language, the first of which a filter dropped."""
    groups = (("language", language),)
    return [Verified(groups, reason if n < num_dropped else "") for n in range(num_all)]


def unfair(verified: list[Verified]) -> set[tuple[str, str]]:
    return {(rate.group[1], rate.filter) for rate in audit(verified, LIMITS) if not rate.is_fair}


@pytest.mark.parametrize("number", [1, 2])
def test_one_or_two_documents_prove_nothing(number: int) -> None:
    assert unfair([*documents(number, number, "rap"), *documents(0, 1000, "es")]) == set()


def test_few_of_many_are_a_community_s_share_and_most_of_few_are_not() -> None:
    others = documents(10, 1000, "es")
    assert unfair([*documents(2, 20, "gug"), *others]) == set()
    both = {("gug", "too_few_words"), ("gug", EVERY_FILTER)}
    assert unfair([*documents(12, 20, "gug"), *others]) == both


def test_a_filter_that_drops_as_much_of_everyone_drops_nobody_s_share() -> None:
    assert unfair([*documents(60, 100, "gug"), *documents(600, 1000, "es")]) == set()


def test_a_filter_that_erases_most_communities_is_held_against_those_it_spares() -> None:
    erased = {f"l{n}" for n in range(8)}
    found = unfair([d for name in sorted(erased) for d in documents(70, 100, name)] + documents(2, 100, "es"))
    assert {name for name, _ in found} == erased


def test_where_a_filter_spares_nobody_the_worst_treated_is_held_against_the_others() -> None:
    found = unfair([*documents(90, 100, "gug"), *documents(250, 1000, "es")])
    assert {name for name, _ in found} == {"gug"}


def test_a_corpus_of_one_language_is_held_against_the_rate_alone() -> None:
    assert ("gug", EVERY_FILTER) in unfair(documents(60, 100, "gug"))


def test_filters_that_each_drop_a_little_are_held_together() -> None:
    three = [d for n in range(3) for d in documents(8, 34, "gug", f"filter-{n}")]
    found = unfair([*three, *documents(0, 1000, "es")])
    assert found == {("gug", EVERY_FILTER)}


@pytest.mark.parametrize(("hits", "number"), [(0, 1), (1, 1), (1, 9), (14, 248), (40, 60), (60, 60), (3_000, 100_000)])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
def test_the_interval_is_clopper_and_pearson_s(hits: int, number: int, confidence: float) -> None:
    tail = (1 - confidence) / 2
    low = beta.ppf(tail, hits, number - hits + 1) if hits else 0.0
    high = beta.ppf(1 - tail, hits + 1, number - hits) if hits < number else 1.0
    assert interval(hits, number, confidence) == pytest.approx((low, high), abs=1e-4)


def test_a_thresholds_override_that_drops_its_own_reference_blocks() -> None:
    files = read_languages(ROOT)
    assert {rate.is_fair for rate in audit_references(files, LIMITS)} == {True}
    evidence = files["ayr"].evidence
    assert evidence is not None
    strict = evidence.model_copy(update={"num_dropped": evidence.num_passages // 3})
    files["ayr"] = files["ayr"].model_copy(update={"evidence": strict})
    (found,) = (rate for rate in audit_references(files, LIMITS) if not rate.is_fair)
    assert str(found).startswith("all filters together drop 33.3% (22")
    assert str(found).endswith("of reference ayr")


def test_who_counts_and_who_does_not(workspace: Workspace) -> None:
    rows = [
        document("kept", declared_language="gn"),
        document("dropped", declared_language="grn"),
        document("unknown", declared_language="und"),
        document("disputed", declared_language="gn"),
        document("child", declared_language="gn"),
        document("twice", declared_language="gn"),
    ]
    publish_rows(workspace, "documents", "a", {"documents.parquet": (rows, DOCUMENT_SCHEMA)})
    exclusions: list[Row] = [
        {"doc_id": row["doc_id"], "stage": stage, "reason": reason, "language": language}
        for row, stage, reason, language in (
            (rows[1], "clean_documents", "too_few_words", "gug"),
            (rows[2], "clean_documents", "language_undetermined", "und"),
            (rows[3], "clean_documents", "language_disputed", "und"),
            (rows[4], "clean_documents", "names_a_minor", "gug"),
            (rows[5], "corpus", "near_duplicate", "gug"),
        )
    ]
    blank: Row = dict.fromkeys(EXCLUSION_SCHEMA.names, "") | {"num_bytes": 1}
    kept = rows_to_table([], CLEAN_DOCUMENT_SCHEMA)
    verified = read_verified(workspace, ["a"], kept, rows_to_table([blank | row for row in exclusions], EXCLUSION_SCHEMA))
    assert [one.dropped_by for one in verified] == ["", "too_few_words", "language_disputed", "", ""]
    assert {dict(one.groups)["language"] for one in verified} == {"gug"}


@pytest.mark.parametrize(
    ("declared", "variety"), [("es-CL", "es-CL"), ("es", "es-PE"), ("quy", "quy-PE"), ("pt-Latn-BR", "pt-Latn-BR")]
)
def test_a_variety_is_the_tag_with_a_country(declared: str, variety: str) -> None:
    assert dict(groups_of("que", declared, "PE", "a")) == {"language": "que", "variety": variety, "country": "PE", "partner": "a"}


def test_the_gate_s_report_shows_every_language_s_thresholds_with_their_source(workspace: Workspace, params: Params) -> None:
    report = run(workspace, curate(workspace, params, thresholds_in_force(ROOT), 120))
    (table,) = (table for table in report.tables if table.name == "thresholds")
    assert len(table.rows) == len(list(Path(ROOT, "languages").glob("*.yaml")))
    assert "language_samples/ayr.txt" in {row[table.columns.index("from")] for row in table.rows}
