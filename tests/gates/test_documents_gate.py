"""The documents gate: each of its expectations is broken once, alone where that is possible."""

import pytest

from latamgpt.gates.documents_gate import DOCUMENT_RULES, profile_rules, run
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.builders import PARTNER, Row, clean_document, failed, publish_partner

pytestmark = pytest.mark.usefixtures("without_data_docs")

NULL_CHARACTER = "Runa simi\0 tukuy runakunam qispisqa paqarin"


def gate_of(workspace: Workspace, params: Params, *changed: Row) -> set[str]:
    """The expectations that fail for three good documents and the changed ones."""
    publish_partner(workspace, [*(clean_document(n) for n in range(3)), *changed])
    return failed(run(workspace, params, PARTNER))


def test_gate_passes_for_good_documents_and_says_how_many(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [clean_document(n) for n in range(3)], undetermined=[clean_document(7)])
    report = run(workspace, params, PARTNER)
    assert report.passed
    assert failed(report) == set()
    assert report.summary == f"3 documents of {PARTNER}: all 21 expectations hold"
    assert report.metrics == {"keep_rate": 0.75, "undetermined_rate": 0.25}


def test_gate_passes_for_a_partner_whose_deliveries_were_all_quarantined(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [])
    report = run(workspace, params, PARTNER)
    assert failed(report) == set()
    assert report.metrics == {"keep_rate": 1.0, "undetermined_rate": 0.0}


BROKEN: list[tuple[Row, set[str]]] = [
    (clean_document(0), {"values_to_be_unique doc_id"}),
    (clean_document(9, doc_id="not-a-hash"), {"values_to_match_regex doc_id"}),
    (clean_document(9, agreement=None), {"values_to_not_be_null agreement", "values_to_be_in_set permission"}),
    (clean_document(9, licence=None), {"values_to_not_be_null licence", "values_to_be_in_set permission"}),
    (clean_document(9, licence="CC-BY-NC-ND-4.0"), {"values_to_be_in_set permission"}),
    (clean_document(9, country=None), {"values_to_not_be_null country"}),
    (clean_document(9, country="Peru"), {"values_to_match_regex country"}),
    (clean_document(9, language=None), {"values_to_not_be_null language"}),
    (clean_document(9, language="und"), {"values_to_match_regex language"}),
    (clean_document(9, variety="es_AR"), {"values_to_match_regex variety"}),
    (clean_document(9, language_confidence=1.5), {"values_to_be_between language_confidence"}),
    (clean_document(9) | {"text": None}, {"values_to_not_be_null num_chars", "pair_values_to_be_equal"}),
    (clean_document(9, text=""), {"values_to_be_between num_chars"}),
    (clean_document(9, text=NULL_CHARACTER), {"values_to_be_between num_null_chars"}),
    (clean_document(9, num_bytes=5), {"pair_values_to_be_equal"}),
    (clean_document(9, text="Escriba a ana.perez@uni.edu.pe"), {"max_to_be_between num_personal_data_left"}),
    (clean_document(9, text="CPF 529.982.247-25"), {"max_to_be_between num_personal_data_left"}),
    (clean_document(9, text="CPF 529.982.247\u201325"), {"max_to_be_between num_personal_data_left"}),
    (clean_document(9, title="Carta de ana.perez@uni.edu.pe"), {"max_to_be_between num_personal_data_left"}),
]


@pytest.mark.parametrize(("row", "broken"), BROKEN, ids=lambda value: "+".join(sorted(value)) if isinstance(value, set) else "")
def test_gate_fails_where_one_document_breaks_it(workspace: Workspace, params: Params, row: Row, broken: set[str]) -> None:
    assert gate_of(workspace, params, row) == broken


def test_gate_fails_without_a_doc_id(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [clean_document(1), clean_document(2, doc_id=None)])
    assert failed(run(workspace, params, PARTNER)) == {"values_to_not_be_null doc_id"}


def test_gate_fails_for_a_clean_document_that_was_never_taken_in(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [clean_document(1), clean_document(2)], raw=[clean_document(1)])
    assert failed(run(workspace, params, PARTNER)) == {"max_to_be_between num_documents_from_nowhere"}


def test_gate_fails_for_a_document_that_vanished_without_a_reason(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [clean_document(1)], raw=[clean_document(1), clean_document(2)])
    assert failed(run(workspace, params, PARTNER)) == {"max_to_be_between num_documents_unaccounted_for"}


def test_gate_only_warns_where_little_was_kept(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [clean_document(1)], excluded=[clean_document(2), clean_document(3)])
    report = run(workspace, params, PARTNER)
    assert failed(report) == {"min_to_be_between keep_rate"}
    assert report.passed
    assert report.summary.endswith("1 of 21 expectations failed, none of them critical")


def test_gate_only_warns_where_much_is_undetermined(workspace: Workspace, params: Params) -> None:
    publish_partner(workspace, [clean_document(1)], undetermined=[clean_document(2)])
    report = run(workspace, params, PARTNER)
    assert failed(report) == {"max_to_be_between undetermined_rate"}
    assert report.passed


def test_every_expectation_of_the_gate_is_broken_by_a_test(params: Params) -> None:
    elsewhere = {
        "values_to_not_be_null doc_id",
        "max_to_be_between num_documents_from_nowhere",
        "max_to_be_between num_documents_unaccounted_for",
        "min_to_be_between keep_rate",
        "max_to_be_between undetermined_rate",
    }
    rules = [*DOCUMENT_RULES, *profile_rules(params.documents_gate)]
    names = {f"{r.kind.removeprefix('expect_column_')} {r.arguments.get('column', '')}".strip() for r in rules}
    assert names == elsewhere.union(*(broken for _, broken in BROKEN))
