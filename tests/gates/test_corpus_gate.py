"""The corpus gate: each of its expectations is broken once."""

from collections.abc import Sequence

import pytest

from latamgpt.gates.corpus_gate import document_rules, partner_rules, run
from latamgpt.gates.fairness import fairness_rules
from latamgpt.gates.slang import PASSES, slang_rules
from latamgpt.params import CorpusGateParams, Params
from latamgpt.records import DOCUMENT_SCHEMA
from latamgpt.registry.toxic_terms import read_audit
from latamgpt.store import Workspace
from tests.builders import Row, clean_document, failed, publish_corpus, publish_rows

pytestmark = pytest.mark.usefixtures("without_data_docs")

SMALL = CorpusGateParams(
    min_documents=4,
    min_languages=2,
    min_countries=2,
    max_partner_share=0.6,
    max_drop_rate=0.1,
    max_drop_ratio=2.0,
    drop_confidence=0.99,
    max_slang_flagged=0.25,
    min_toxic_found=0.8,
)
PARTNERS = ("academia-quechua", "ateneo-guarani")


@pytest.fixture
def small(params: Params) -> Params:
    return params.model_copy(update={"corpus_gate": SMALL, "partners": PARTNERS})


def good_corpus() -> list[Row]:
    """Four documents of two partners, in two languages of two countries."""
    andes = [clean_document(n) for n in range(2)]
    chaco = [clean_document(n, partner="ateneo-guarani", country="PY", language="gug", variety="gug") for n in (2, 3)]
    return [*andes, *chaco]


def publish(workspace: Workspace, rows: Sequence[Row], excluded: Sequence[Row] = ()) -> None:
    """A corpus of these documents, all of the good ones having come in."""
    for partner in PARTNERS:
        sent = [row for row in good_corpus() if row["partner"] == partner]
        publish_rows(workspace, "documents", partner, {"documents.parquet": (sent, DOCUMENT_SCHEMA)})
    publish_corpus(workspace, rows, excluded)


def test_gate_passes_for_a_varied_corpus_and_says_how_large_it_is(workspace: Workspace, small: Params) -> None:
    publish(workspace, good_corpus())
    report = run(workspace, small)
    assert failed(report) == set()
    assert report.summary == "4 documents of 2 partners: all 15 expectations hold"
    assert report.counts == {
        "documents": 4,
        "languages": 2,
        "countries": 2,
        "verified_documents": 4,
        "unfair_drop_rates": 0,
    }


BROKEN: list[tuple[dict[str, object], set[str]]] = [
    ({"language": "que"}, {"unique_value_count_to_be_between language"}),
    ({"country": "PE"}, {"unique_value_count_to_be_between country"}),
    ({"partner": "academia-quechua"}, {"max_to_be_between share"}),
    ({"doc_id": clean_document(0)["doc_id"]}, {"values_to_be_unique doc_id"}),
    ({"text_sha256": clean_document(0)["text_sha256"]}, {"values_to_be_unique text_sha256"}),
    ({"agreement": None}, {"values_to_not_be_null agreement"}),
    ({"agreement": ""}, {"value_lengths_to_be_between agreement"}),
    ({"licence": None}, {"values_to_not_be_null licence"}),
    ({"licence": ""}, {"value_lengths_to_be_between licence"}),
    ({"country": "Paraguay"}, {"values_to_match_regex country"}),
    ({"language": "und"}, {"values_to_match_regex language"}),
    ({"num_bytes": 0}, {"values_to_be_between num_bytes", "max_to_be_between share"}),
]


@pytest.mark.parametrize(("changes", "broken"), BROKEN, ids=lambda v: "+".join(sorted(v)) if isinstance(v, set) else "")
def test_gate_fails_where_rows_break_it(
    workspace: Workspace, small: Params, changes: dict[str, object], broken: set[str]
) -> None:
    rows = good_corpus()
    of_kind = {"language", "country", "partner"} & set(changes)
    rows[2] |= changes
    if of_kind and broken & {"unique_value_count_to_be_between language", "unique_value_count_to_be_between country"}:
        rows[3] |= changes
    publish(workspace, rows)
    report = run(workspace, small)
    assert failed(report) == broken
    assert not report.passed


def test_gate_fails_for_a_corpus_that_is_too_small(workspace: Workspace, small: Params) -> None:
    publish(workspace, good_corpus()[1:3])
    assert failed(run(workspace, small)) == {"table_row_count_to_be_between"}


def test_gate_fails_where_a_filter_drops_more_than_its_share(workspace: Workspace, small: Params) -> None:
    many = [clean_document(n, partner="ateneo-guarani", country="PY", declared_language="gn") for n in range(10, 20)]
    names = ("doc_id", "partner", "delivery", "path", "language", "num_bytes")
    reason: Row = {"stage": "clean_documents", "reason": "too_few_words", "detail": "few"}
    publish(workspace, good_corpus(), [{name: row[name] for name in names} | reason for row in many])
    publish_rows(workspace, "documents", "ateneo-guarani", {"documents.parquet": (many, DOCUMENT_SCHEMA)})
    report = run(workspace, small)
    assert failed(report) == {"values_to_be_in_set verdict"}
    assert "too_few_words drops 100.0% (58.9% to 100.0%) of country PY" in report.summary


@pytest.mark.parametrize("change", [{"num_slang_flagged": 1}, {"num_toxic_found": 0}, {"num_slang": 10}])
def test_gate_fails_where_a_list_takes_slang_for_hatred_or_sees_none_or_too_little_shows_it(
    workspace: Workspace, small: Params, monkeypatch: pytest.MonkeyPatch, change: dict[str, int]
) -> None:
    audit = read_audit()
    audit = audit.model_copy(update={"varieties": (audit.varieties[0].model_copy(update=change), *audit.varieties[1:])})
    monkeypatch.setattr("latamgpt.gates.corpus_gate.read_audit", lambda: audit)
    publish(workspace, good_corpus())
    report = run(workspace, small)
    assert failed(report) == {"values_to_be_in_set slang"}
    (table,) = (table for table in report.tables if table.name == "toxic terms by variety")
    assert table.rows[0][-1] != PASSES


def test_every_expectation_of_the_gate_is_broken_by_a_test() -> None:
    rules = [*document_rules(SMALL), *partner_rules(SMALL), *fairness_rules(), *slang_rules()]
    names = {f"{r.kind.removeprefix('expect_').removeprefix('column_')} {r.arguments.get('column', '')}".strip() for r in rules}
    assert names == {"table_row_count_to_be_between", "values_to_be_in_set verdict", "values_to_be_in_set slang"}.union(
        *(broken for _, broken in BROKEN)
    )
