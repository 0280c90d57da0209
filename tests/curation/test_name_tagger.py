"""Our own tagger of persons' names: what it learns from, what it sees, what is masked of it."""

from collections import Counter
from pathlib import Path

import numpy as np
import orjson
import pytest

from latamgpt.curation.clean_documents import run as run_clean
from latamgpt.curation.cleaning import Task, clean
from latamgpt.curation.name_tagger.cues import passages, pieces
from latamgpt.curation.name_tagger.features import features_of
from latamgpt.curation.name_tagger.learning import fit, ordinary_lines
from latamgpt.curation.name_tagger.lexicon import known_of, learn_words, read_persons
from latamgpt.curation.name_tagger.masking import mask_tagged, scope_of
from latamgpt.curation.name_tagger.measuring import measure, wilson
from latamgpt.curation.name_tagger.paragraphs import FOLDER, HELD_OUT, Line, Paragraph, Person, parse, read_paragraphs
from latamgpt.curation.name_tagger.scoring import WEIGHTS_NAME, WEIGHTS_SCHEMA, Scorer
from latamgpt.curation.name_tagger.stage import learn, refuse_worse, run
from latamgpt.curation.name_tagger.swapping import as_written, swapped
from latamgpt.curation.name_tagger.tagger import Tagger, TaggerPlace, open_tagger
from latamgpt.curation.name_tagger.words import LABELS, cut, label, runs
from latamgpt.errors import OperatorError
from latamgpt.params import NameMaskingParams, NameScope, NameTaggerParams, Params
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import Workspace, digest_of, read_table
from tests.conftest import ROOT
from tests.curation.documents import PARTNER, SPANISH, document, publish_documents

LEARNING = NameTaggerParams(
    seed=1, swapped_copies=0, max_steps=40, l1=0.05, l2=0.05, min_confidence=0.5, min_recall=0.0, min_precision=0.0
)
EVERYWHERE, IN_CONTEXT = NameScope.EVERYWHERE, NameScope.IN_CONTEXT


def marked(text: str, number: int = 0) -> Paragraph:
    return parse(Line(id=f"t-{number}", language="es", country="CL", genre="letter", text=text))


def few() -> dict[str, tuple[Paragraph, ...]]:
    """A part of what the stage learns from, from which it learns in a few seconds."""
    files = read_paragraphs()
    return {"cono_sur": files["cono_sur"][:400], HELD_OUT: files[HELD_OUT][:20]}


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    folder = tmp_path_factory.mktemp("tagger")
    fit(few()["cono_sur"], LEARNING, folder)
    return Tagger(folder)


def masked(text: str, tagger: Tagger, scope: NameScope = IN_CONTEXT) -> str:
    return mask_tagged(text, tagger, scope, Counter())


def test_marks_become_places_in_the_text_without_them() -> None:
    paragraph = marked("Vino [[Ana Soto]] con la obra de {{Gabriela Mistral}}.")
    assert paragraph.text == "Vino Ana Soto con la obra de Gabriela Mistral."
    assert [(paragraph.text[one.start : one.end], one.person) for one in paragraph.names] == [
        ("Ana Soto", Person.PRIVATE),
        ("Gabriela Mistral", Person.PUBLIC),
    ]


@pytest.mark.parametrize("text", ["[[Ana", "Ana]]", "[[Ana {{Soto}}]]", "{{Ana [[x"])
def test_half_a_mark_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="t-0"):
        marked(text)


def test_a_faulty_line_is_named_by_its_number(tmp_path: Path) -> None:
    line = '{"id":"a","language":"es","country":"CL","genre":"letter","text":"Hola."}'
    (tmp_path / "held_out.jsonl").write_text(line + "\n")
    (tmp_path / "a.jsonl").write_text(line.replace("Hola", "Adiós").replace('"a"', '"b"') + "\n" + line[:-2] + "\n")
    with pytest.raises(OperatorError, match=r"a\.jsonl, line 2"):
        read_paragraphs(tmp_path)


def test_what_is_held_out_is_not_learned_from(tmp_path: Path) -> None:
    line = '{"id":"a","language":"es","country":"CL","genre":"letter","text":"Hola."}'
    (tmp_path / "held_out.jsonl").write_text(line + "\n")
    (tmp_path / "a.jsonl").write_text(line.replace('"a"', '"b"') + "\n")
    with pytest.raises(OperatorError, match="same text"):
        read_paragraphs(tmp_path)


def test_the_shipped_paragraphs_are_canonical_and_small() -> None:
    files = read_paragraphs()
    assert {HELD_OUT, "brasil", "cono_sur", "norte", "own"} == set(files)
    for path in FOLDER.glob("*.jsonl"):
        assert path.stat().st_size < 1 << 20
        assert all(orjson.dumps(orjson.loads(line)) == line for line in path.read_bytes().splitlines())


def test_labels_begin_and_go_on() -> None:
    paragraph = marked("[[Soto Vera, Ma. Luz]] y [[Ana]]; {{Zapata}}")
    assert label(cut(paragraph.text), paragraph.names) == [
        *("B-PRIVATE", "I-PRIVATE", "I-PRIVATE", "I-PRIVATE", "I-PRIVATE", "I-PRIVATE"),
        *("O", "B-PRIVATE", "O", "B-PUBLIC"),
    ]


def test_a_word_says_nothing_of_itself_that_only_its_own_paragraph_says() -> None:
    alone, twice = marked("Vino [[Ana Soto]].", 1), marked("Fue [[Ana Vera]].", 2)
    known = known_of(learn_words([alone, twice], [], []))
    example = as_written(alone)
    by_word = dict(zip([word.text for word in example.words], features_of(example.words, known, example.own), strict=True))
    assert "given-PRIVATE=1" in by_word["Ana"]
    assert not any(one.startswith("family-PRIVATE=") for one in by_word["Soto"])
    assert "family-PRIVATE=1" in features_of(cut("Soto"), known)[0]


def test_swapped_names_stay_what_they_are_and_one_person_stays_one() -> None:
    paragraphs = [marked("Vino [[Ana Soto]]; [[Ana Soto]] rió.", 1), marked("Fue [[Luz Vera]] a ver a {{Pedro Páramo}}.", 2)]
    examples = swapped(paragraphs, 2, seed=3)
    assert examples == swapped(paragraphs, 2, seed=3)
    assert len(examples) == 4
    first = examples[0]
    names = [" ".join(word.text for word in first.words[start:end]) for start, end, _ in runs(first.labels)]
    assert len(set(names)) == 1
    assert [person for _, _, person in runs(examples[1].labels)] == [Person.PRIVATE, Person.PUBLIC]


def test_the_same_paragraphs_give_the_same_bytes(tmp_path: Path) -> None:
    some = few()["cono_sur"][:60]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        fit(some, LEARNING.model_copy(update={"swapped_copies": 1}), tmp_path / name)
    for name in ("weights.parquet", "lexicon.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_its_own_scores_are_those_of_crfsuite(tmp_path: Path) -> None:
    import pycrfsuite

    learned, others = few()["cono_sur"][:60], few()[HELD_OUT]
    fit(learned, LEARNING, tmp_path)
    known = known_of(learn_words(learned, ordinary_lines(), read_persons()))
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": 0.05, "c2": 0.05, "max_iterations": 40, "feature.possible_transitions": True})
    for example in map(as_written, learned):
        trainer.append(features_of(example.words, known, example.own), example.labels)
    trainer.train(str(tmp_path / "plain"))
    plain = pycrfsuite.Tagger()
    plain.open(str(tmp_path / "plain"))
    scorer = Scorer(read_table(tmp_path / WEIGHTS_NAME, WEIGHTS_SCHEMA), known)
    for paragraph in (*others, *learned):
        words = cut(paragraph.text)
        labels, chances = scorer.read(words)
        assert [LABELS[one] for one in labels] == plain.tag(features_of(words, known))
        expected = [[plain.marginal(one, at) for one in LABELS] for at in range(len(words))]
        np.testing.assert_allclose(chances, expected, atol=1e-5)  # CRFsuite hands out weights of six digits


def test_a_name_behind_a_title_is_masked_in_the_whole_text(tagger: Tagger) -> None:
    text = "La señora Elvira Painemal Soto llegó temprano. Después Elvira Painemal Soto volvió a su casa."
    assert masked(text, tagger) == "La señora [NAME] llegó temprano. Después [NAME] volvió a su casa."


def test_a_name_that_introduces_itself_is_masked(tagger: Tagger) -> None:
    assert "Quispe" not in masked("Me llamo Rosa Quispe Mamani y vivo en Oruro.", tagger)


def test_running_text_is_let_be_in_context_and_masked_everywhere(tagger: Tagger) -> None:
    text = "Ayer vino Nélida Arancibia Soto con sus nietos a la feria de Lota."
    assert masked(text, tagger) == text
    assert "Arancibia" not in masked(text, tagger, EVERYWHERE)
    assert "Lota" in masked(text, tagger, EVERYWHERE)


@pytest.mark.parametrize("scope", [IN_CONTEXT, EVERYWHERE])
def test_a_known_person_stays_whatever_stands_around(tagger: Tagger, scope: NameScope) -> None:
    text = "La señora Gabriela Mistral, domiciliada en Vicuña, escribió Desolación. Me llamo Pedro Páramo."
    assert masked(text, tagger, scope) == text


def test_a_single_name_is_masked_only_where_all_are_and_a_title_stands_before_it(tagger: Tagger) -> None:
    text = "Ayer don Eusebio trajo la leña. Mañana vuelve."
    assert masked(text, tagger) == text
    assert masked(text, tagger, EVERYWHERE) == text.replace("Eusebio", "[NAME]")


def test_tags_and_text_without_capitals_pass(tagger: Tagger) -> None:
    for text in ("", "\n\n", "[NAME] [RUT]", "la señora llegó temprano", "DOÑA\n\nJUANA", "señor [NAME], hijo de [NAME]"):
        assert masked(text, tagger, EVERYWHERE).count("[NAME]") >= text.count("[NAME]")


def test_a_whole_text_is_read_in_pieces_that_make_it_up() -> None:
    text = "Vino Ana. " * 500 + "\n\n" + "x" * 5000 + "\n\n\n" + "fin"
    assert "".join(text[start:end] for start, end in pieces(text)) == text
    assert all(end > start for start, end in pieces(text))


def test_only_what_stands_around_a_cue_is_read() -> None:
    filler = "el río bajaba despacio y nadie tenía prisa; " * 40
    text = f"{filler}. La señora Ana Soto Vera llegó.\n\n{filler} con [PHONE] y Luz Soto Vera"
    spans = passages(text)
    assert len(spans) == 2
    assert sum(end - start for start, end in spans) < 500
    assert ["Ana Soto" in text[slice(*spans[0])], "Luz Soto" in text[slice(*spans[1])]] == [True, True]
    assert passages("La señora llegó. Don es un verbo. San Martín de los Andes es un lugar.") == []


def test_measuring_counts_what_is_gone_and_what_is_taken_by_mistake(tagger: Tagger) -> None:
    paragraphs = [marked("La señora [[Elvira Painemal Soto]] llegó."), marked("La obra de {{Juan Rulfo}} y el Estado Mayor.", 1)]
    measured = measure(paragraphs, tagger, IN_CONTEXT)
    assert measured.recall.row()[:3] == (1, 1, 1.0)
    assert measured.public.row()[:3] == (1, 0, 0.0)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    refuse_worse(measured, LEARNING)
    with pytest.raises(OperatorError, match="nothing was published"):
        refuse_worse(measured, LEARNING.model_copy(update={"min_recall": 1.0, "min_precision": 1.1}))


def test_the_stage_publishes_what_clean_documents_masks_with(workspace: Workspace, params: Params) -> None:
    report = learn(workspace, LEARNING, few())
    assert report.counts["paragraphs_held_out"] > 0
    assert {table.name for table in report.tables} >= {"names held out, in_context", "names held out, everywhere"}
    asked = NameMaskingParams(scope=IN_CONTEXT, everywhere_kinds=("archive",), spared_kinds=("literature",))
    section = params.clean_documents.model_copy(update={"name_tagger": asked})
    said = f"{SPANISH} La señora Elvira Painemal Soto, domiciliada en Temuco, llegó temprano."
    alone = f"{SPANISH} Ayer vino Nélida Arancibia Soto con sus nietos."
    rows = [document(said), document(said, kind="literature", path="b.txt", delivery="otra"), document(alone, kind="archive")]
    publish_documents(workspace, rows)
    run_clean(workspace, params.model_copy(update={"clean_documents": section}), PARTNER)
    texts = {
        row["kind"]: row["text"]
        for row in read_table(workspace.place("clean_documents", PARTNER) / "documents.parquet").to_pylist()
    }
    assert "Painemal" not in texts["unknown"]
    assert "Painemal" in texts["literature"]
    assert "Arancibia" not in texts["archive"]


@pytest.mark.parametrize(
    ("kind", "period", "scope"),
    [
        ("archive", "unknown", NameScope.EVERYWHERE),
        ("archive", "1920s", NameScope.EVERYWHERE),  # 1926 to 1929 are in it
        ("archive", "20th century", NameScope.EVERYWHERE),
        ("archive", "1910s", IN_CONTEXT),
        ("archive", "19th century", IN_CONTEXT),
        ("press", "unknown", IN_CONTEXT),
        ("literature", "unknown", None),
    ],
)
def test_how_far_masking_goes_hangs_on_the_kind_of_paper_and_on_its_age(kind: str, period: str, scope: NameScope | None) -> None:
    asked = NameMaskingParams(
        scope=IN_CONTEXT, everywhere_kinds=("archive",), everywhere_from_year=1926, spared_kinds=("literature",)
    )
    assert scope_of(kind, period, asked) is scope


def test_another_tagger_than_the_run_began_with_stops_it(workspace: Workspace, params: Params) -> None:
    learn(workspace, LEARNING, few() | {"cono_sur": few()["cono_sur"][:20]})
    folder = workspace.place("name_tagger")
    asked = NameMaskingParams(scope=IN_CONTEXT)
    section = params.clean_documents.model_copy(update={"name_tagger": asked})
    quality = thresholds_in_force(ROOT)
    right = TaggerPlace(str(folder), digest_of(folder))
    assert open_tagger(right) is open_tagger(right)
    with pytest.raises(OperatorError, match="began with 000000000000"):
        clean(Task([document(SPANISH)], section, quality, name_tagger=TaggerPlace(str(folder), "0" * 64)))


@pytest.mark.slow
def test_the_tests_run_learns_from_all_paragraphs_and_measures_all_that_are_held_out(
    workspace: Workspace, params: Params
) -> None:
    report = run(workspace, params)
    files = read_paragraphs()
    assert report.counts["paragraphs_held_out"] == len(files[HELD_OUT])
    assert report.counts["paragraphs"] == sum(map(len, files.values())) - len(files[HELD_OUT])
    assert report.metrics["recall"] > 0.3
