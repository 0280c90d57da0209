"""What is shown of a corpus: counts equal to a plain count, and no document or word that may not be seen."""

import shutil
from collections import Counter
from datetime import date

import pyarrow.parquet as pq
import pytest

from latamgpt.catalogue.holdings import NEVER_CLEANED, show
from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Expectation, Report, Severity, Table
from latamgpt.registry.groups import BY
from latamgpt.store import Workspace, write_report
from tests.catalogue.conftest import CLOSED, OPEN, QUOTABLE, ROWS, of, publish_corpus, withdraw
from tests.curation.documents import SPANISH, publish_clean
from tests.curation.test_corpus import register

TOKENS_PER_BYTE = 2  # in the fixture's shards


def publish_token_counts(workspace: Workspace, extra_bytes: int = 0) -> None:
    """A report of token shards that counts two tokens a byte, a tenth of them held out."""
    tables: list[Table] = []
    for column in BY.values():
        name = f"documents per {column}"
        counted = next(table for table in workspace.report("corpus").tables if table.name == name).rows
        rows = tuple((row[0], row[1], 0, 2 * int(str(row[2])), 7, int(str(row[2])) + extra_bytes) for row in counted)
        columns = (column, "documents", "held-out documents", "train tokens", "held-out tokens", "bytes")
        tables.append(Table(name=f"tokens per {column}", columns=columns, rows=rows))
    with workspace.publish("token_shards") as folder:
        write_report(folder, Report(stage="token_shards", summary="a fixture", tables=tuple(tables)))


def test_the_counts_are_those_of_the_parquet(shelf: Workspace, params: Params) -> None:
    publish_token_counts(shelf)
    found = show(shelf, params)
    rows = pq.read_table(shelf.place("corpus") / "documents.parquet").to_pylist()
    value_of = {
        name: [str(row[name]) for row in rows]
        for name in ("language", "country", "partner", "variety", "licence", "period", "kind")
    }
    value_of |= {"year": [str(row["delivery_date"].year) for row in rows], "institution": ["academy"] * len(rows)}
    for name, table in zip(BY, found.counted, strict=True):
        documents = Counter(value_of[name])
        num_bytes: Counter[str] = Counter()
        for value, row in zip(value_of[name], rows, strict=True):
            num_bytes[value] += row["num_bytes"]
        expected = {(value, documents[value], num_bytes[value], 2 * num_bytes[value], 7) for value in documents}
        assert set(table.rows) == expected, name
        assert [row[2] for row in table.rows] == sorted((row[2] for row in table.rows), reverse=True)
    assert found.notes == ()


def test_tokens_of_another_corpus_are_not_shown_beside_this_one_s_documents(shelf: Workspace, params: Params) -> None:
    publish_token_counts(shelf, extra_bytes=1)
    found = show(shelf, params)
    assert all(row[3] is None for table in found.counted for row in table.rows)
    assert "of another corpus" in found.notes[0]


@pytest.mark.parametrize(("documents", "share"), [(5, "0.5"), (4, "0.9")])
def test_a_verdict_on_another_corpus_is_not_shown_beside_this_one_s_documents(
    shelf: Workspace, params: Params, documents: int, share: str
) -> None:
    fairness = Table(name="fairness", columns=("group",), rows=(("qu",),))
    largest = Expectation(kind="x", arguments={"column": "share"}, severity=Severity.CRITICAL, passed=True, observed=share)
    with shelf.publish("corpus_gate") as folder:
        report = Report(stage="corpus_gate", summary="all hold", counts={"documents": documents}, tables=(fairness,))
        write_report(folder, report.model_copy(update={"expectations": (largest,)}))
    found = show(shelf, params)
    assert found.gate == ()
    assert not any("all hold" in one for one in found.summaries)
    assert any("verdict is of another corpus than this one" in note for note in found.notes)


def test_without_a_verdict_it_is_said_that_nobody_looked(shelf: Workspace, params: Params) -> None:
    shutil.rmtree(shelf.place("corpus_gate"))
    assert any("not held against its gate yet" in note for note in show(shelf, params).notes)


def test_without_token_shards_the_rest_is_shown_and_what_to_run_is_said(shelf: Workspace, params: Params) -> None:
    assert "latamgpt stage token_shards" in show(shelf, params).notes[0]


def test_the_funnel_and_the_clusters_are_the_corpus(shelf: Workspace, params: Params) -> None:
    found = show(shelf, params)
    assert found.funnel.rows == (
        ("documents", "read", 0, 0, 5),
        ("documents", "agreement_expired", 0, 2, 5),
        ("documents", "agreement_withdrawn", 0, 2, 5),
        ("corpus", "exact_duplicate", 1, 0, 4),
    )
    assert found.clusters.rows == ((ROWS[OPEN][0]["doc_id"], OPEN, "a.txt", "yes", 2, 1, 0, 2, "broader rights 1"),)


def test_the_gate_s_tables_are_shown_whatever_they_measure(shelf: Workspace, params: Params) -> None:
    fairness = Table(name="fairness", columns=("language", "drop rate"), rows=(("gug", 0.03),))
    with shelf.publish("corpus_gate") as folder:
        held = Expectation(kind="expect_fair", severity=Severity.CRITICAL, passed=True, observed="0.03")
        write_report(folder, Report(stage="corpus_gate", summary="all hold", tables=(fairness,), expectations=(held,)))
    assert show(shelf, params).gate == (fairness,)


def test_samples_quote_what_may_be_quoted_and_of_all_else_say_why_not(shelf: Workspace, params: Params) -> None:
    found = show(shelf, params)
    assert {sample.group for sample in found.kept} == {"es", "gug", "pt", "que"}
    for sample in found.kept:
        assert bool(sample.excerpt) == bool(sample.title) == (sample.partner == OPEN)
        assert sample.withheld == ("" if sample.partner == OPEN else "aq-1 permits train, not publish_excerpts")
    aside = [(sample.group, sample.partner, sample.path, sample.withheld) for sample in found.dropped]
    assert aside == [
        ("documents: agreement_expired", OPEN, "f.txt", NEVER_CLEANED),
        ("documents: agreement_expired", CLOSED, "f.txt", NEVER_CLEANED),
        ("corpus: exact_duplicate", CLOSED, "c.txt", "aq-1 permits train, not publish_excerpts"),
    ]
    shown = found.model_dump_json()
    assert not any(words in shown for words in ("A avó", "Llapa runakunam", "secreta"))


def test_a_dropped_document_that_was_clean_is_quoted_where_its_own_agreement_permits_it(shelf: Workspace, params: Params) -> None:
    register(shelf, CLOSED, **QUOTABLE)
    dropped = show(shelf, params).dropped[-1]
    assert dropped.excerpt.startswith("La abuela")


@pytest.mark.parametrize("whole", [False, True])
def test_what_was_withdrawn_is_in_no_sample_and_no_cluster(shelf: Workspace, params: Params, *, whole: bool) -> None:
    doc_id = str(ROWS[OPEN][0]["doc_id"])
    withdraw(shelf, OPEN, document="" if whole else doc_id)
    found = show(shelf, params)
    assert doc_id not in found.model_dump_json()
    assert found.clusters.rows == ()
    assert {sample.partner for sample in found.kept} == ({CLOSED} if whole else {OPEN, CLOSED})
    assert any(note.startswith(f"{2 if whole else 1} documents of this corpus were withdrawn since") for note in found.notes)


def test_what_was_withdrawn_of_a_partner_without_a_kept_document_is_not_shown(shelf: Workspace, params: Params) -> None:
    rows = [of(CLOSED, SPANISH, delivery_date=date(2026, 6, 1), country="MX", path="c.txt")]  # a copy of another partner's
    register(shelf, CLOSED, **QUOTABLE)
    publish_clean(shelf, rows, CLOSED)
    publish_corpus(shelf, params)
    assert any(one.doc_id == rows[0]["doc_id"] for one in show(shelf, params).dropped)
    withdraw(shelf, CLOSED)
    assert not any(one.doc_id == rows[0]["doc_id"] for one in show(shelf, params).dropped)


def test_nothing_is_shown_of_an_agreement_that_was_withdrawn(shelf: Workspace, params: Params) -> None:
    register(shelf, OPEN, **QUOTABLE, withdrawn_on="2026-11-01")
    found = show(shelf, params)
    assert {sample.partner for sample in found.kept} == {CLOSED}
    assert found.clusters.rows == ()


def test_a_report_of_an_older_program_says_what_to_run(shelf: Workspace, params: Params) -> None:
    report = shelf.report("corpus")
    corpus = shelf.place("corpus")
    with shelf.publish("corpus") as folder:
        for path in corpus.glob("*.parquet"):
            shutil.copy(path, folder)
        write_report(folder, report.model_copy(update={"tables": report.tables[:8]}))
    with pytest.raises(OperatorError, match=r"an older program wrote it.*latamgpt stage corpus"):
        show(shelf, params)
