"""The corpus report says of every delivery what was given, what is in the corpus and why the rest is not."""

from latamgpt.curation.by_delivery import BESIDE, TABLE, by_delivery, listed
from latamgpt.curation.corpus import run
from latamgpt.params import Params
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, Report, Table
from latamgpt.store import Workspace, rows_to_table
from tests.curation.documents import QUECHUA, SPANISH, exclusion
from tests.curation.test_corpus import FIRST, SECOND, of, two

__all__ = ["two"]  # a fixture

GIVEN = Table(name="deliveries", columns=("delivery", "verdict"), rows=(("entrega", "taken in"), ("nada", "taken in")))


def dropped(delivery: str, stage: str, reason: str, doc_id: str = "a1") -> dict[str, object]:
    return exclusion(delivery=delivery, stage=stage, reason=reason, doc_id=doc_id)


def test_a_delivery_shows_its_drops_of_all_three_stages_in_their_order_and_the_row_adds_up() -> None:
    kept = rows_to_table([of(FIRST, SPANISH), of(FIRST, QUECHUA)], CLEAN_DOCUMENT_SCHEMA)
    reasons = [("corpus", "near_duplicate"), ("documents", "not_read"), ("clean_documents", "too_few_chars")]
    rows = [dropped("entrega", stage, reason) for stage, reason in [*reasons, ("corpus", "near_duplicate")]]
    table = by_delivery([], kept, rows_to_table(rows, EXCLUSION_SCHEMA))
    said = "documents: not_read 1; clean_documents: too_few_chars 1; corpus: near_duplicate 2"
    assert table.rows == ((FIRST, "entrega", 6, 2, 4, said),)


def test_of_a_delivery_set_aside_as_a_whole_nobody_knows_how_many_documents_it_holds() -> None:
    rows = [dropped("vieja", "documents", "agreement_expired", doc_id=""), dropped("", "documents", "not_a_delivery", doc_id="")]
    table = by_delivery([], CLEAN_DOCUMENT_SCHEMA.empty_table(), rows_to_table(rows, EXCLUSION_SCHEMA))
    assert table.rows == (
        (FIRST, BESIDE, 1, 0, 1, "documents: not_a_delivery 1"),
        (FIRST, "vieja", None, 0, 1, "documents: agreement_expired 1 (the whole delivery)"),
    )


def test_a_delivery_of_which_nothing_came_is_named() -> None:
    deliveries = listed({FIRST: Report(stage="documents", summary="", tables=(GIVEN,))})
    table = by_delivery(deliveries, CLEAN_DOCUMENT_SCHEMA.empty_table(), EXCLUSION_SCHEMA.empty_table())
    assert table.rows == ((FIRST, "entrega", 0, 0, 0, ""), (FIRST, "nada", 0, 0, 0, ""))


def test_the_corpus_report_holds_the_table_and_it_agrees_with_its_counts(workspace: Workspace, two: Params) -> None:
    report = run(workspace, two)
    (table,) = [one for one in report.tables if one.name == TABLE]
    assert table.rows == (
        (FIRST, "entrega", 2, 2, 0, ""),
        (FIRST, "vieja", None, 0, 1, "documents: agreement_expired 1 (the whole delivery)"),
        (SECOND, "entrega", 3, 1, 2, "corpus: exact_duplicate 1, near_duplicate 1"),
        (SECOND, "vieja", None, 0, 1, "documents: agreement_expired 1 (the whole delivery)"),
    )
    in_corpus, items = (sum(int(str(row[at])) for row in table.rows) for at in (3, 4))
    assert (in_corpus, items) == (report.counts["documents"], report.counts["exclusions"])
