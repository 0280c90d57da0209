"""`latamgpt corpus` at a terminal."""

import json

import pytest

from latamgpt.cli import main
from latamgpt.commands.tables import table_lines
from latamgpt.records import Table
from latamgpt.store import Workspace
from tests.catalogue.conftest import ROWS, withdraw

OPEN = "academia-quechua"


@pytest.fixture
def here(shelf: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(shelf.root)
    monkeypatch.setenv("COLUMNS", "80")
    return shelf


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["corpus", *arguments]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_a_search_prints_who_where_and_a_few_words(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "search", "yvyra").splitlines()
    assert lines[0] == "1 of 4 documents holds: yvyra"
    assert lines[1] == f"  {str(ROWS[OPEN][1]['doc_id'])[:12]}  gug PY  academia-quechua/entrega/b.txt"
    assert "yvyrá ijyvate" in " ".join(lines[2:])
    assert all(len(line) <= 80 for line in lines)


def test_a_withheld_document_s_line_says_why(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "search", "avó", "--country", "MX")
    assert "    no excerpt: aq-1 permits train, not publish_excerpts" in text.splitlines()
    assert "Título" not in text


def test_json_is_one_value_with_all_that_is_shown(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "search", "yvyra", "--json"))
    assert (found["num_found"], found["hits"][0]["language"]) == (1, "gug")
    shown = json.loads(said(capsys, "show", "--json"))
    assert shown["counted"][0]["name"] == "per language"
    assert {sample["partner"] for sample in shown["kept"]} == {"academia-quechua", "colegio-nahuatl"}


def test_show_fits_the_terminal_and_names_every_part(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "show").splitlines()
    assert all(len(line) <= 80 for line in lines)
    for part in ("funnel", "duplicate clusters", "samples of kept", "samples of dropped"):
        assert part in lines
    assert any(line.split() == ["gug", "1", str(ROWS[OPEN][1]["num_bytes"])] for line in lines)


def test_show_by_something_prints_that_table_alone(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "show", "--by", "licence").splitlines()
    assert lines[-2].split()[:3] == ["licence", "documents", "bytes"]
    assert lines[-1].split()[:2] == ["CC0-1.0", "4"]
    assert "funnel" not in lines


def test_what_is_piped_away_is_not_cut(
    here: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert len(said(capsys, "search", "yvyra").splitlines()) == 6
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr("sys.__stdout__", None)
    lines = said(capsys, "search", "yvyra").splitlines()
    assert len(lines) == 4
    assert lines[3].endswith("piko ojehu…")


def test_what_was_withdrawn_is_neither_shown_nor_found(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    withdraw(here, OPEN)
    assert "academia-quechua/entrega" not in said(capsys, "show")
    assert said(capsys, "search", "yvyra") == "none of 2 documents holds any of: yvyra\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "*"], "neither a letter nor a digit"),
        (["search", "agua", "--language", "xx"], "It has: es, gug, pt, que"),
        (["search", "agua", "--partner", "nadie"], "no document whose partner is 'nadie'"),
    ],
)
def test_a_mistake_is_explained_without_a_traceback(
    here: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    text = said(capsys, *arguments, code=2)
    assert message in text
    assert "Traceback" not in text


@pytest.mark.parametrize("what", [["show"], ["search", "agua"]])
def test_no_corpus_yet_says_what_to_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], what: list[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    text = said(capsys, *what, code=2)
    assert "there is no corpus here yet" in text
    assert "make run" in text


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1001"])
def test_a_limit_is_a_number_of_documents(here: Workspace, limit: str) -> None:
    with pytest.raises(SystemExit):
        main(["corpus", "search", "agua", "--limit", limit])


def test_a_table_is_cut_in_its_widest_words_and_never_in_its_numbers() -> None:
    table = Table(name="t", columns=("doc_id", "path", "bytes"), rows=(("f" * 64, "a" * 50, 1234567), ("e" * 64, "b", None)))
    wide, narrow = table_lines(table, 0), table_lines(table, 40)
    assert wide[1] == f"{'f' * 12}  {'a' * 50}  1,234,567"
    assert narrow[1] == f"{'f' * 12}  {'a' * 14}…  1,234,567"
    assert {len(line) for line in narrow[:2]} == {40}
    assert narrow[2] == f"{'e' * 12}  b"
