"""What a machine cleaned before is taken again only where nothing that it came from has changed, and the bytes are the same."""

import re
import shutil
from collections.abc import Callable

import pytest

from latamgpt import cache
from latamgpt.cache import cache_place, forget
from latamgpt.curation import clean_documents, stripping, unchanged
from latamgpt.curation.clean_documents import STRIPS, run
from latamgpt.curation.stripping import Stripped, Stripping, strip_row
from latamgpt.curation.tasks import Tasks
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.curation.documents import ENGLISH, PARTNER, PORTUGUESE, QUECHUA, SPANISH, Row, document, publish_documents

WITH_A_CHILD = f"{SPANISH} Ana Quispe Mamani, de 9 años, alumna de la Escuela Sucre."
MAIL = "Escriba a ana@example.org."


@pytest.fixture
def cleaned_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many documents each run of the stage cleans, in the order of runs."""
    numbers: list[int] = []

    class Counted(Tasks):
        def __init__(self, *given: object, **named: object) -> None:
            super().__init__(*given, **named)  # type: ignore[arg-type]
            numbers.append(self.num_documents)

    monkeypatch.setattr(clean_documents, "Tasks", Counted)
    return numbers


def texts() -> list[Row]:
    """Documents of every outcome: kept, with personal data, disputed, of a child, too short."""
    kept = [document(f"{text} {n}. {MAIL}") for n in range(5) for text in (SPANISH, PORTUGUESE, QUECHUA)]
    return [*kept, document(ENGLISH, declared_language="quy"), document(WITH_A_CHILD), document("Poco.")]


def outcome(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(workspace.read("clean_documents", PARTNER).iterdir())}


def run_with_and_without(workspace: Workspace, params: Params) -> None:
    """The stage gives the bytes that it gives where nothing is kept."""
    run(workspace, params, PARTNER)
    taken = outcome(workspace)
    shutil.rmtree(workspace.root / "var" / "cache")
    run(workspace, params, PARTNER)
    assert taken == outcome(workspace)


CHANGES: dict[str, tuple[Callable[[list[Row]], list[Row]], int]] = {
    "nothing": (lambda rows: rows, 0),
    "a document more": (lambda rows: [*rows, document(f"{SPANISH} Otra vez. {MAIL}")], 1),
    "a document gone": (lambda rows: rows[1:], 0),
    "all but one gone": (lambda rows: rows[:1], 0),
    "another text": (lambda rows: [{**rows[0], "text": ENGLISH}, *rows[1:]], 1),
    "another licence": (lambda rows: [{**rows[0], "licence": "CC-BY-4.0"}, *rows[1:]], 1),
    "a delivery excluded": (lambda rows: [*rows[:-3]], 0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_changed_is_cleaned_again_and_nothing_shows_it(
    workspace: Workspace, params: Params, cleaned_rows: list[int], change: str
) -> None:
    rows, (changed, expected) = texts(), CHANGES[change]
    publish_documents(workspace, rows)
    run(workspace, params, PARTNER)
    publish_documents(workspace, changed(rows))
    run_with_and_without(workspace, params)
    assert cleaned_rows == [len(rows), expected, len(changed(rows))]


LINE = "Todos los derechos reservados a la Academia Nacional de la Lengua"
OTHER_LINE = "Esta página fue impresa por el servicio de documentación del archivo"


SHORT = "Una frase corta que estaba sola en la página vieja del archivo."


def page(number: int, *lines: str) -> Row:
    """A document of its own words with lines of its partner's; of the last, little is left without them."""
    name = f"{chr(97 + number // 26)}{chr(97 + number % 26)}"
    return document("\n".join((f"{SPANISH} {name}. {MAIL}" if number != 59 else "Una frase corta que estaba sola.", *lines)))


PAGES = [page(number, LINE) for number in range(60)]
AGAIN: dict[str, tuple[list[Row], int]] = {
    "nothing": (PAGES, 0),
    "a page more": ([*PAGES, page(60, LINE), page(61)], 1),
    "a page without the line": ([page(0), *PAGES[1:]], 0),
    "too few pages for any line to be repeated": (PAGES[:40], 0),
    "another line in all": ([page(number, LINE, OTHER_LINE) for number in range(60)], 60),
    "another line in some, too few at first": ([*(page(n, LINE, OTHER_LINE) for n in range(9)), *PAGES[9:]], 9),
}


@pytest.mark.parametrize("change", AGAIN)
def test_only_documents_of_which_a_repeated_line_changed_are_stripped_again(
    workspace: Workspace, params: Params, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripped: list[str] = []

    def counted(row: Row, how: Stripping) -> Stripped | None:
        stripped.append(str(row["doc_id"]))
        return strip_row(row, how)

    publish_documents(workspace, PAGES)
    run(workspace, params, PARTNER)
    rows, expected = AGAIN[change]
    publish_documents(workspace, rows)
    with monkeypatch.context() as patched:
        patched.setattr(stripping, "strip_row", counted)
        run(workspace, params, PARTNER)
    taken = outcome(workspace)
    shutil.rmtree(workspace.root / "var" / "cache")
    run(workspace, params, PARTNER)
    assert taken == outcome(workspace)
    assert len(stripped) == expected


def test_many_runs_after_each_other_keep_few_tables_and_change_no_byte(
    workspace: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "MAX_RUNS", 3)
    folder = cache_place(workspace.root, "clean_documents", PARTNER)
    rows = texts()
    for number in range(6):
        rows = [*rows[: -1 if number % 2 else None], document(f"{SPANISH} {chr(97 + number)}.")]
        publish_documents(workspace, rows)
        run(workspace, params, PARTNER)
        assert sum(path.is_dir() for path in folder.iterdir()) <= 3
    taken = outcome(workspace)
    shutil.rmtree(workspace.root / "var" / "cache")
    run(workspace, params, PARTNER)
    assert taken == outcome(workspace)


def test_what_is_judged_by_something_else_is_judged_anew(
    workspace: Workspace, params: Params, cleaned_rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = texts()
    publish_documents(workspace, rows)
    run(workspace, params, PARTNER)
    stricter = params.clean_documents.model_copy(update={"min_language_confidence": 0.9})
    run(workspace, params.model_copy(update={"clean_documents": stricter}), PARTNER)
    spanish = workspace.root / "languages" / "es.yaml"
    spanish.write_text(re.sub(r"min_words: \d+", "min_words: 4", spanish.read_text()))
    run(workspace, params, PARTNER)
    monkeypatch.setattr(cache, "_digest_of_code", lambda _: "other code")
    run(workspace, params, PARTNER)
    assert cleaned_rows == [len(rows)] * 4


def test_what_was_damaged_is_not_taken(workspace: Workspace, params: Params, cleaned_rows: list[int]) -> None:
    rows = texts()
    publish_documents(workspace, rows)
    run(workspace, params, PARTNER)
    before = outcome(workspace)
    kept = cache_place(workspace.root, "clean_documents", PARTNER) / "0" / "documents.parquet"
    raw = bytearray(kept.read_bytes())
    raw[len(raw) // 2] ^= 1
    kept.unlink()
    kept.write_bytes(raw)
    run(workspace, params, PARTNER)
    assert outcome(workspace) == before
    assert cleaned_rows == [len(rows)] * 2


def test_what_is_kept_of_a_partner_can_be_forgotten(workspace: Workspace, params: Params) -> None:
    publish_documents(workspace, PAGES)
    run(workspace, params, PARTNER)
    forget(workspace.root, "academia")
    for stage in ("clean_documents", STRIPS):
        assert cache_place(workspace.root, stage, PARTNER).is_dir(), "another partner's name begins alike"
    forget(workspace.root, PARTNER)
    assert not any(cache_place(workspace.root, stage, PARTNER).exists() for stage in ("clean_documents", STRIPS))
