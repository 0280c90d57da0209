"""A report as Dagster shows it."""

from assets.checks import counted, judge
from assets.report_view import ROWS_SHOWN, cell_text, expectation_table, report_metadata, table_markdown
from assets.shown import Shown
from latamgpt.records import Curve, Expectation, Report, Severity, Table
from tests.assets.test_graph import node

PNG = "data:image/png;base64,iVBOR"


def gate(*passed: tuple[Severity, bool]) -> Report:
    expectations = tuple(
        Expectation(kind=f"expect_{number}", severity=severity, passed=ok, observed=str(number))
        for number, (severity, ok) in enumerate(passed)
    )
    return Report(stage="corpus_gate", summary="judged", expectations=expectations)


def test_numbers_tables_and_plots_are_shown_under_their_names() -> None:
    report = Report(
        stage="corpus",
        summary="kept 2 of 3 documents (66.7%)",
        counts={"documents": 2},
        metrics={"keep_rate": 2 / 3},
        tables=(Table(name="languages", columns=("language", "documents"), rows=(("es", 1), ("quy", 1))),),
        curves=(Curve(name="loss", x_label="tokens", y_label="nats", x=(0.0, 1.0), y=(2.0, 1.0)),),
    )
    view = report_metadata(report, Shown("curation", "", bars=(("languages", "language", "documents"),), curves=True))
    assert view["summary"].value == "kept 2 of 3 documents (66.7%)"
    assert view["count/documents"].value == 2
    assert view["metric/keep_rate"].value == 0.666667
    assert PNG in str(view["plot/languages"].value)
    assert PNG in str(view["plot/nats"].value)


def test_values_of_a_row_are_drawn_beside_each_other() -> None:
    rows = (("es", 0.5, 0.3), ("gug", 0.1, 0.2))
    table = Table(name="languages", columns=("language", "natural share", "share"), rows=rows)
    report = Report(stage="mixture", summary="", tables=(table,))
    one, both = (
        str(report_metadata(report, Shown("tokens", "", bars=(bars,)))["plot/languages"].value)
        for bars in (("languages", "language", "share"), ("languages", "language", "natural share", "share"))
    )
    assert one.startswith("![languages: share](")
    assert both.startswith("![languages: natural share, share](")
    assert PNG in both
    assert one.partition(PNG)[2] != both.partition(PNG)[2]


def test_an_empty_table_is_shown_and_not_drawn() -> None:
    report = Report(stage="corpus", summary="", tables=(Table(name="languages", columns=("language", "documents"), rows=()),))
    view = report_metadata(report, Shown("curation", "", bars=(("languages", "language", "documents"),)))
    assert view["table/languages"].value == "none"
    assert "plot/languages" not in view


def test_a_long_table_says_how_much_is_not_shown() -> None:
    table = Table(name="all", columns=("n",), rows=tuple((number,) for number in range(ROWS_SHOWN + 1234)))
    assert table_markdown(table).endswith("and 1,234 more rows in report.json")


def test_numbers_stand_to_the_right_and_ids_are_cut() -> None:
    table = Table(name="clusters", columns=("winner", "bytes", "ocr"), rows=(("a" * 64, 81204, None), ("b" * 64, 7, None)))
    assert table_markdown(table) == (
        "| winner | bytes | ocr |\n|---|---:|---|\n| aaaaaaaaaaaa | 81,204 |  |\n| bbbbbbbbbbbb | 7 |  |"
    )


def test_a_gate_s_tables_and_what_was_counted_stand_beside_the_asset_that_they_are_about() -> None:
    table = Table(name="fairness", columns=("group", "rate"), rows=(("gug", 0.04),))
    judged = judge(node("corpus_gate", ()), Report(stage="corpus_gate", summary="", tables=(table,)))
    told = counted(Report(stage="token_shards", summary="9 tokens", tables=(table,)))
    for check in (judged, told):
        assert check.metadata["table/fairness"].value == table_markdown(table)
    assert (told.passed, told.description) == (True, "9 tokens")


def test_cells_are_written_for_people() -> None:
    assert [cell_text(cell) for cell in (None, 81204, 0.123456, True, "a|b")] == ["", "81,204", "0.1235", "True", "a\\|b"]


def test_a_failed_critical_expectation_is_an_error_and_a_failed_warning_a_warning() -> None:
    critical = judge(node("corpus_gate", ()), gate((Severity.CRITICAL, False), (Severity.WARNING, True)))
    warning = judge(node("corpus_gate", ()), gate((Severity.CRITICAL, True), (Severity.WARNING, False)))
    sound = judge(node("corpus_gate", ()), gate((Severity.CRITICAL, True)))
    assert [(one.passed, one.severity.value) for one in (critical, warning, sound)] == [
        (False, "ERROR"),
        (False, "WARN"),
        (True, "WARN"),
    ]
    assert critical.metadata["failed"].value == "expect_0 (critical): 0"
    assert str(critical.metadata["data_docs"].value).endswith("/corpus_gate/index.html")


def test_failed_expectations_come_first() -> None:
    table = expectation_table(gate((Severity.WARNING, True), (Severity.CRITICAL, False)))
    assert [row[0] for row in table.rows] == ["NO", "yes"]
