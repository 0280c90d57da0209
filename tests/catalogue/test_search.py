"""A search finds what is there, quotes what may be quoted, and shows nothing that was withdrawn."""

from datetime import date
from pathlib import Path

import pytest

from latamgpt.catalogue import quoting
from latamgpt.catalogue.index import NAME, PLACE
from latamgpt.catalogue.search import Found, Wanted, search
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.contents import content_id
from latamgpt.params import Params
from latamgpt.records import DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, ORTHOGRAPHY_SCHEMA
from latamgpt.store import Workspace
from tests.builders import publish_rows
from tests.catalogue.conftest import (
    ASIDE,
    CLOSED,
    GUARANI,
    OPEN,
    QUOTABLE,
    ROWS,
    describe_delivery,
    of,
    publish_corpus,
    withdraw,
)
from tests.curation.documents import PORTUGUESE, exclusion, publish_clean
from tests.curation.test_corpus import register


def found_in(workspace: Workspace, params: Params, words: str, **where: str) -> Found:
    return search(workspace, params, Wanted(words, **where))


def index_of(workspace: Workspace) -> Path:
    (path,) = (workspace.root / PLACE).glob(f"*/{NAME}")
    return path


@pytest.mark.parametrize("words", ["yvyra", "YVYRÁ", "mbae", "mba'e", "mbaʼe", "mombe’u", "koape heʼi", "nandu yvyra"])
def test_a_word_is_found_however_its_accents_and_glottal_stops_are_written(shelf: Workspace, params: Params, words: str) -> None:
    found = found_in(shelf, params, words)
    (hit,) = found.hits
    assert (hit.partner, hit.language, hit.country) == (OPEN, "gug", "PY")
    assert found.holds_all
    assert found.num_searched == 4


def test_part_of_a_word_with_a_glottal_stop_is_not_that_word(shelf: Workspace, params: Params) -> None:
    assert found_in(shelf, params, "mba").num_found == 0


@pytest.mark.parametrize("slip", ["titulos", "tituo", "ittulo", "titolo", "TÍTULOS"])
def test_where_nothing_is_found_words_one_letter_off_are_named(shelf: Workspace, params: Params, slip: str) -> None:
    found = found_in(shelf, params, slip)
    assert (found.num_found, found.alike) == (0, ("titulo",))


@pytest.mark.parametrize("words", ["guyraa", "titulos guyra", "eñ"])
def test_no_word_is_named_of_one_text_alone_nor_where_something_is_found(shelf: Workspace, params: Params, words: str) -> None:
    assert found_in(shelf, params, words).alike == ()


def test_words_are_quoted_where_the_agreement_permits_it(shelf: Workspace, params: Params) -> None:
    (hit,) = found_in(shelf, params, "guyra").hits
    assert "umi guyra oguapy" in hit.excerpt
    assert hit.title.startswith("Título Pe yvyrá")
    assert hit.withheld == ""


def test_neither_words_nor_title_are_shown_where_it_does_not_and_the_line_says_why(shelf: Workspace, params: Params) -> None:
    (hit,) = found_in(shelf, params, "vila").hits
    assert (hit.partner, hit.excerpt, hit.title) == (CLOSED, "", "")
    assert hit.withheld == "aq-1 permits train, not publish_excerpts"
    assert "avó" not in hit.model_dump_json()


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [
        ({"valid_until": "2026-11-21"}, "aq-1 ended on 2026-11-21, the run is of 2026-12-01"),
        ({"residency": ["BR"]}, "aq-1 lets its texts lie in BR, not at laptop in CL"),
        ({"labels": ["tk_secret_sacred"], "labels_by": "Ayllu"}, ": such texts never enter a model"),
    ],
)
def test_the_agreement_is_asked_as_it_is_today_and_here(
    shelf: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch, agreement: dict[str, object], reason: str
) -> None:
    monkeypatch.setattr(quoting, "today", lambda: date(2026, 12, 1))
    monkeypatch.setenv("LATAMGPT_SITE", "laptop")
    register(shelf, OPEN, **QUOTABLE, **agreement)
    (hit,) = found_in(shelf, params, "guyra").hits
    assert (hit.excerpt, hit.title) == ("", "")
    assert reason in hit.withheld


def test_a_delivery_s_own_label_keeps_its_words_back_and_so_does_one_that_does_not_read(shelf: Workspace, params: Params) -> None:
    describe_delivery(shelf, OPEN, labels=["tk_seasonal"], season={"opens": "01-01", "closes": "01-02"})
    assert "may be used from 01-01 to 01-02" in found_in(shelf, params, "guyra").hits[0].withheld
    (shelf.root / "samples" / OPEN / "entrega" / "delivery.yaml").unlink()
    assert "does not read here" in found_in(shelf, params, "guyra").hits[0].withheld


def test_labels_are_shown_beside_what_is_quoted(shelf: Workspace, params: Params) -> None:
    register(shelf, OPEN, **QUOTABLE, labels=["tk_attribution"], labels_by="Ayllu")
    assert found_in(shelf, params, "guyra").hits[0].labels == "TK Attribution (Ayllu)"


def test_what_was_withdrawn_is_not_found_though_the_corpus_still_holds_it(shelf: Workspace, params: Params) -> None:
    doc_id = str(ROWS[OPEN][1]["doc_id"])
    assert found_in(shelf, params, "guyra").hits[0].doc_id == doc_id
    assert doc_id.encode() in index_of(shelf).read_bytes()
    withdraw(shelf, OPEN, document=doc_id)
    assert found_in(shelf, params, "guyra").num_found == 0
    assert found_in(shelf, params, "abuela").num_found == 1
    assert doc_id.encode() not in index_of(shelf).read_bytes()
    withdraw(shelf, OPEN)  # the whole delivery
    assert found_in(shelf, params, "abuela").num_found == 0


def test_a_copy_of_what_was_withdrawn_is_not_found_either(shelf: Workspace, params: Params) -> None:
    withdraw(shelf, OPEN, delivery="otra", document="0" * 64, contents=[content_id(GUARANI)])
    assert found_in(shelf, params, "guyra").num_found == 0


def test_a_copy_that_intake_takes_no_more_is_not_found_either_in_the_corpus_of_before(shelf: Workspace, params: Params) -> None:
    """Intake has run since the withdrawal and holds the text no more; the corpus has not."""
    gone = [one | {"partner": OPEN} for one in ASIDE] + [
        exclusion(partner=OPEN, delivery="entrega", path="b.txt", reason="withdrawn")
    ]
    kept = [row for row in ROWS[OPEN] if row["path"] != "b.txt"]
    files = {
        "documents.parquet": (kept, DOCUMENT_SCHEMA),
        "orthographies.parquet": ([], ORTHOGRAPHY_SCHEMA),
        "exclusions.parquet": (gone, EXCLUSION_SCHEMA),
    }
    publish_rows(shelf, "documents", OPEN, files)
    withdraw(shelf, OPEN, delivery="otra", document="0" * 64, contents=[content_id(GUARANI)])
    assert found_in(shelf, params, "guyra").num_found == 0


def test_nothing_is_found_of_an_agreement_that_was_withdrawn(shelf: Workspace, params: Params) -> None:
    register(shelf, OPEN, **QUOTABLE, withdrawn_on="2026-11-01")
    assert found_in(shelf, params, "guyra").num_searched == 2


@pytest.mark.parametrize(
    "words", ['"yvyra', "yvyra*", "yvyra NEAR(", "yvyra AND OR NOT", "folded:yvyra", "^yvyra)", "'yvyra';--", "yvyra\x00"]
)
def test_no_sign_has_a_meaning(shelf: Workspace, params: Params, words: str) -> None:
    found = found_in(shelf, params, words)
    assert any(hit.language == "gug" for hit in found.hits)


@pytest.mark.parametrize("words", ["", "  ", "* \" '", "…", "\u0301"])
def test_a_search_for_no_word_says_so(shelf: Workspace, params: Params, words: str) -> None:
    with pytest.raises(OperatorError, match="holds neither a letter nor a digit"):
        found_in(shelf, params, words)


def test_where_no_document_holds_all_words_those_that_hold_some_are_shown(shelf: Workspace, params: Params) -> None:
    found = found_in(shelf, params, "guyra vila")
    assert not found.holds_all
    assert {hit.partner for hit in found.hits} == {OPEN, CLOSED}


@pytest.mark.parametrize(
    ("where", "languages"), [({"language": "pt"}, ["pt"]), ({"country": "MX"}, ["pt"]), ({"partner": OPEN}, ["es"])]
)
def test_a_search_is_kept_to_a_language_country_or_partner(
    shelf: Workspace, params: Params, where: dict[str, str], languages: list[str]
) -> None:
    assert [hit.language for hit in found_in(shelf, params, "que", **where).hits] == languages


def test_a_language_that_the_corpus_has_not_is_named_with_those_it_has(shelf: Workspace, params: Params) -> None:
    with pytest.raises(OperatorError, match=r"whose language is 'gn'.*It has: es, gug, pt, que\."):
        found_in(shelf, params, "guyra", language="gn")


def test_the_best_come_first_and_no_more_than_asked_for(shelf: Workspace, params: Params) -> None:
    found = search(shelf, params, Wanted("que", limit=1))
    assert (found.num_found, len(found.hits)) == (2, 1)
    scores = [hit.score for hit in found_in(shelf, params, "que").hits]
    assert scores == sorted(scores, reverse=True)


def test_the_index_is_made_again_when_the_corpus_is_another_and_only_then(shelf: Workspace, params: Params) -> None:
    found_in(shelf, params, "guyra")
    before = index_of(shelf)
    made = before.stat().st_mtime_ns
    found_in(shelf, params, "vila")
    assert index_of(shelf).stat().st_mtime_ns == made
    publish_clean(shelf, [*ROWS[OPEN], of(OPEN, PORTUGUESE.replace("avó", "tia Zulmira"), path="z.txt")], OPEN)
    publish_corpus(shelf, params)
    assert found_in(shelf, params, "zulmira").num_found == 1
    assert index_of(shelf) != before


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "gone", "no manifest"])
def test_a_damaged_index_is_made_again(shelf: Workspace, params: Params, damage: str) -> None:
    whole = found_in(shelf, params, "guyra")
    path = index_of(shelf)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    elif damage == "no manifest":
        (path.parent / "manifest.json").unlink()
    else:
        path.write_bytes({"cut": raw[: len(raw) // 2], "flipped": raw, "emptied": b""}[damage])
    assert found_in(shelf, params, "guyra") == whole


def test_an_index_that_was_cut_off_leaves_nothing_that_looks_like_one(
    shelf: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("latamgpt.catalogue.index.write_manifest", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(OperatorError, match=r"index could not be written .*No space left.*Free some space"):
            found_in(shelf, params, "guyra")
    assert not list((shelf.root / PLACE).glob("*"))
    assert not list((shelf.root / "var" / "unpublished").iterdir())
    assert found_in(shelf, params, "guyra").num_found == 1


def test_the_order_in_which_a_partner_sent_does_not_change_what_is_found(shelf: Workspace, params: Params) -> None:
    first = found_in(shelf, params, "que")
    publish_clean(shelf, ROWS[CLOSED][::-1], CLOSED)
    publish_corpus(shelf, params)
    assert found_in(shelf, params, "que") == first


def test_no_corpus_yet_says_what_to_run(workspace: Workspace, params: Params) -> None:
    with pytest.raises(OperatorError, match=r"there is no corpus here yet.*make run"):
        found_in(workspace, params, "guyra")


def test_a_damaged_corpus_is_not_searched(shelf: Workspace, params: Params) -> None:
    path = shelf.place("corpus") / "documents.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputDamagedError):
        found_in(shelf, params, "guyra")
