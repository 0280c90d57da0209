"""Slurs by variety: what is set aside for people, what passes, and that slang is no hatred."""

from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.curation.cleaning import Task, clean
from latamgpt.curation.phrases import plain_num_phrases
from latamgpt.curation.toxicity import audit, count_terms, judge_toxicity
from latamgpt.errors import OperatorError
from latamgpt.gates.slang import document_verdict
from latamgpt.params import Params
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.registry.toxic_terms import FOLDER, read_audit, read_sentences, read_term_lists, write_audit
from tests.conftest import ROOT
from tests.curation.documents import SPANISH, document

LISTS = read_term_lists()
SLUR = LISTS["es"].forms_in("")[0]
BLANK_TERM = "terms: [{forms: [uno], kind: a, toxic_in: %s, innocent_in: %s, note: b}]\nleft_out: {%s}\nlanguage: es\n"


def test_the_committed_audit_is_what_lists_and_sentences_give_now() -> None:
    assert audit() == read_audit(), "run: latamgpt languages audit"


def test_there_are_enough_sentences_of_enough_varieties_and_no_slang_is_flagged() -> None:
    sentences = read_sentences()
    assert len(sentences) >= 8
    for one in sentences:
        assert len(set(one.slang)) == len(one.slang) >= 15, one.variety
        flagged = [text for text in one.slang for country in one.countries if count_terms(text, f"{one.language}-{country}")]
        assert flagged == [], one.variety


@pytest.mark.parametrize("sentences", read_sentences(), ids=lambda one: one.variety)
def test_the_compiled_look_sees_what_the_plain_one_does(sentences) -> None:
    for country in sentences.countries:
        forms = LISTS[sentences.language].forms_in(country)
        for text in (*sentences.slang, *sentences.toxic):
            assert count_terms(text, f"{sentences.language}-{country}") == plain_num_phrases(text, forms), text


@pytest.mark.parametrize(
    ("text", "variety", "number"),
    [
        ("La tortillera vende tortillas.", "es-MX", 0),
        ("La tortillera vende tortillas.", "es-CU", 1),
        ("El curiche se llenó de agua.", "es-BO", 0),
        ("El curiche se llenó de agua.", "es-CL", 1),
        ("As paneleiras e o paneleiro.", "pt-BR", 0),
        ("As paneleiras e o paneleiro.", "pt-PT", 1),
        ("Los sudacas tocaron en Madrid.", "es-UY", 0),
        ("Los sudacas tocaron en Madrid.", "es", 0),
        (f"Le dijo {SLUR.upper()}.", "es", 1),
        (f"Le dijo {SLUR.upper()}.", "quy", 0),
    ],
)
def test_a_word_is_a_slur_where_it_is_one(text: str, variety: str, number: int) -> None:
    assert count_terms(text, variety) == number


@pytest.mark.parametrize(
    ("num_terms", "num_words", "is_set_aside"), [(1, 20, False), (2, 100, True), (2, 500, False), (9, 500, True)]
)
def test_how_dense_slurs_are_decides(params: Params, num_terms: int, num_words: int, *, is_set_aside: bool) -> None:
    text = f"{SLUR} casa " * num_terms + "palabra " * (num_words - 4 * num_terms)
    drop = judge_toxicity(text, "es-PE", params.clean_documents)
    assert (drop is not None) == is_set_aside
    assert drop is None or SLUR not in drop.detail


def test_a_text_dense_with_slurs_waits_for_a_person_with_its_reason(params: Params) -> None:
    outcome = clean(
        Task([document(f"{SPANISH} {SLUR}. {SLUR}!", ocr_confidence=None)], params.clean_documents, thresholds_in_force(ROOT))
    )
    (row,) = outcome.excluded
    assert (row["reason"], row["language"], len(outcome.undetermined), outcome.kept) == ("toxic_terms", "es", 1, [])
    assert "slurs aimed at people: 2, which is" in str(row["detail"])
    assert SLUR not in str(row["detail"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("[CL]", "[CL]", ""), "innocent_in names too: CL"),
        (("[]", "[]", ""), "toxic_in names no country"),
        (("Chile", "[]", ""), "toxic_in"),
        (("all", "[]", "uno: why"), "two entries speak of uno"),
    ],
)
def test_a_faulty_list_is_refused_by_name(tmp_path: Path, values: tuple[str, str, str], message: str) -> None:
    (tmp_path / "terms").mkdir()
    (tmp_path / "terms" / "es.yaml").write_text(BLANK_TERM % values)
    with pytest.raises(OperatorError, match=message):
        read_term_lists(tmp_path)


def test_an_audit_of_other_lists_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit.yaml").write_bytes((FOLDER / "audit.yaml").read_bytes())
    with pytest.raises(OperatorError, match="is of other lists or sentences.*latamgpt languages audit"):
        read_audit(tmp_path)


def test_the_command_shows_a_row_for_every_variety(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["languages", "audit", "--dry-run"]) == 0
    assert capsys.readouterr().out.count("slang passes") == len(read_sentences())


def test_the_command_fails_where_slang_is_flagged_and_writes_nothing_that_it_cannot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    seen = audit()
    worse = seen.model_copy(update={"varieties": (seen.varieties[0].model_copy(update={"num_slang_flagged": 5}),)})
    monkeypatch.setattr("latamgpt.curation.toxicity.audit", lambda: worse)
    assert main(["languages", "audit", "--dry-run"]) == 1
    assert "slang is flagged" in capsys.readouterr().out
    with pytest.raises(OperatorError, match="could not be written.*permissions"):
        write_audit(seen, tmp_path / "absent")
    write_audit(seen, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["audit.yaml"]


@pytest.mark.parametrize(
    ("num_flagged", "num_all", "said"),
    [(0, 5, "too few documents"), (5, 5, "too few documents"), (0, 30, "slang passes"), (6, 30, "slang is flagged")],
)
def test_verified_documents_get_a_verdict_once_they_are_enough(params: Params, num_flagged: int, num_all: int, said: str) -> None:
    assert document_verdict(num_flagged, num_all, params.corpus_gate) == said
