"""The corpus' report in the UI: every plot has its table, and no table holds a partner's words."""

from assets.curation import SHOWN
from assets.report_view import report_metadata
from latamgpt.commands.tables import ID_CHARS
from latamgpt.store import Workspace
from tests.catalogue.conftest import ROWS, shelf, shelf_to_copy

__all__ = ["shelf", "shelf_to_copy"]


def test_the_corpus_asset_shows_its_tables_and_plots_and_quotes_nothing(shelf: Workspace) -> None:
    view = report_metadata(shelf.report("corpus"), SHOWN["corpus"])
    tables = (
        "funnel",
        "duplicate clusters",
        "samples of kept",
        "samples of dropped",
        "documents per period",
        "documents per kind",
    )
    assert {f"table/{name}" for name in tables} <= set(view)
    assert {f"plot/{name}" for name, _, _ in SHOWN["corpus"].bars} <= set(view)
    shown = "\n".join(str(value.value) for name, value in view.items() if name.startswith("table/"))
    assert all(str(row["doc_id"])[:ID_CHARS] in shown for rows in ROWS.values() for row in rows)
    assert not any(str(row["text"])[:12] in shown for rows in ROWS.values() for row in rows)
