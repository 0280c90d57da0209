import re
import time
from functools import cache
from html import unescape
from pathlib import Path

import pytest
import yaml

from latamgpt.pages import Language
from latamgpt.params import Params
from latamgpt.receipts.publish import write_receipt
from latamgpt.receipts.sentences import MAYBE, NUM, OUR, PLACE, SHAPES, Pattern, Template, sentences
from latamgpt.registry.duties import duties_of
from latamgpt.registry.labels import Label
from latamgpt.registry.partners import Agreement, read_institution
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.receipts.code_sentences import all_pieces, is_said, sources, written_details
from tests.receipts.conftest import PARTNER
from tests.release.conftest import write_partner

READERS = (Language.SPANISH, Language.PORTUGUESE)
SEEN = (Path(__file__).parent / "details_seen.txt").read_text(encoding="utf-8").splitlines()
"""Details that the tests' bad deliveries and the run of the samples wrote, one of each shape."""
OF_PYDANTIC = "' or '"  # between the last two of several choices
SPEAKS_TO_US = ("the partner", "`latamgpt", "params.yaml")
ALL = [*sentences().details, *sentences().words, *sentences().statements]


@cache
def domain_pieces() -> set[str]:
    return all_pieces(sources()) | {OF_PYDANTIC}


def sample(place: str) -> str:
    """Something that may stand in a place."""
    if place.startswith(OUR):
        return {"our_example": "the text says MIT, delivery.yaml says CC0-1.0"}.get(place, "a number")
    shaped = {
        NUM: "1,234.5",
        "country_": "CL",
        MAYBE: "the text",
        "each_": "train, evaluate",
        "list_": "id: is missing; date: is missing",
    }
    return next((value for kind, value in shaped.items() if place.startswith(kind)), f"{place}.txt")


def filled(template: Template) -> str:
    return PLACE.sub(lambda match: sample(match[1]), template.written)


@pytest.mark.parametrize("detail", SEEN)
@pytest.mark.parametrize("language", READERS)
def test_what_was_set_aside_is_explained_in_the_reader_s_language(detail: str, language: Language):
    said = sentences().detail(detail, language)
    assert said is not None, "latamgpt/receipts/sentences.yaml lacks this sentence: a partner would read it in English"
    assert "the partner" not in said
    assert "delivery.yaml says" not in said


def test_every_detail_that_the_code_writes_is_in_the_catalogue():
    catalogue = [template.written for template in sentences().details]
    missing = {
        f"{one.where}: {'{}'.join(one.pieces)}"
        for one in written_details()
        if not any(in_order(one.pieces, written) for written in catalogue) or one.num_letters < 4
    }
    assert missing == set(), "add them to latamgpt/receipts/sentences.yaml: a partner would read them in English"


def in_order(pieces: tuple[str, ...], text: str) -> bool:
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def test_reading_the_code_finds_its_details():
    assert len({one.pieces for one in written_details()}) > 100


@pytest.mark.parametrize("template", [*sentences().details, *sentences().words], ids=lambda one: one.written[:60])
def test_no_sentence_outlives_the_code_that_wrote_it(template: Template):
    pieces = domain_pieces()
    gone = [piece for piece in Pattern(template).pieces if piece and not is_said(piece, pieces)]
    assert gone == [], "no code writes this any more: take the sentence out of latamgpt/receipts/sentences.yaml"


def test_no_statement_outlives_the_agreements_and_approvals_that_make_it():
    pieces = all_pieces([ROOT / "latamgpt" / "registry" / "duties.py"])
    given = "".join(
        path.read_text(encoding="utf-8") for path in [*(ROOT / "partners").glob("*.yaml"), ROOT / "dagster_project" / "run.py"]
    )
    for template in sentences().statements:
        parts = filter(None, Pattern(template).pieces)
        assert all(is_said(part, pieces) or part.strip(" ,") in given for part in parts), template.written


@pytest.mark.parametrize("template", ALL, ids=lambda one: one.written[:60])
def test_each_sentence_has_its_places_in_every_language(template: Template):
    places = set(PLACE.findall(template.written))
    assert len(places) == len(PLACE.findall(template.written)), "a place stands twice"
    assert "}{" not in template.written, "two places without anything between them cannot be told apart"
    for text in (template.es, template.pt, template.en or template.written):
        assert set(PLACE.findall(text)) == places
        assert text.strip() == text


@pytest.mark.parametrize("template", sentences().details, ids=lambda one: one.written[:60])
def test_each_sentence_is_known_again_and_not_taken_for_another(template: Template):
    sentence = filled(template)
    for language in READERS:
        said = sentences().detail(sentence, language)
        assert said is not None
        longest = max(PLACE.split(template.to(language))[::2], key=len).strip()
        assert longest[1:] in said


@pytest.mark.parametrize("template", sentences().details, ids=lambda one: one.written[:60])
def test_a_partner_is_not_told_what_to_ask_a_partner(template: Template):
    assert not any(words in template.to(Language.ENGLISH) for words in SPEAKS_TO_US)


@pytest.mark.parametrize(
    ("detail", "spanish", "portuguese"),
    [
        (
            "symbols per word: 0.2484 is above the 0.1 allowed for es",
            "Signos por palabra: 0,2484, y en español (es) se admite a lo sumo 0,1.",
            "Sinais por palavra: 0,2484, e em espanhol (es) se admite no máximo 0,1.",
        ),
        (
            "a.docx gave more than 65,536 bytes of text, reading stopped: send it in parts",
            "a.docx dio más de 65.536 bytes de texto; la lectura se detuvo: envíelo por partes.",
            "a.docx deu mais de 65.536 bytes de texto; a leitura parou: envie-o em partes.",
        ),
        (
            "11 of 16 documents contradict the delivery's CC-BY-4.0 (c/uno.pdf says MIT, delivery.yaml says CC-BY-4.0): ask the "
            "partner which licence holds",
            "11 de 16 documentos contradicen la licencia CC-BY-4.0 de la entrega (c/uno.pdf dice MIT y delivery.yaml dice "
            "CC-BY-4.0). Díganos cuál vale.",
            "11 de 16 documentos contradizem a licença CC-BY-4.0 da entrega (c/uno.pdf diz MIT e delivery.yaml diz CC-BY-4.0). "
            "Diga-nos qual vale.",
        ),
        (
            "declared as quy, and the model sees en with a confidence of 0.97",
            "Se declaró quechua de Ayacucho (quy), y el modelo ve inglés (en), con una certeza de 0,97 sobre 1.",
            "Foi declarado quíchua de Ayacucho (quy), e o modelo vê inglês (en), com uma certeza de 0,97 em 1.",
        ),
        (
            "delivery.yaml: format: is missing; date: asks for a day, as in 2027-12-31, found '1 de marzo'; url: there is no "
            "such key. Nothing was run. Mend the file and run the command again.",
            "delivery.yaml tiene errores: falta format; date pide un día, como 2027-12-31, y dice '1 de marzo'; la clave url no "
            "existe. Corríjalo y envíelo de nuevo.",
            "delivery.yaml tem erros: falta format; date pede um dia, como 2027-12-31, e diz '1 de marzo'; a chave url não "
            "existe. Corrija-o e envie-o de novo.",
        ),
        (
            "a-1 permits evaluate, publish_excerpts, not train",
            "El acuerdo a-1 permite evaluar, publicar fragmentos, y no entrenar.",
            "O acordo a-1 permite avaliar, publicar trechos, e não treinar.",
        ),
    ],
)
def test_names_numbers_and_languages_are_carried_over(detail: str, spanish: str, portuguese: str):
    assert sentences().detail(detail, Language.SPANISH) == spanish
    assert sentences().detail(detail, Language.PORTUGUESE) == portuguese


@pytest.mark.parametrize(
    "detail",
    [
        "",
        "the data were too beautiful",
        "characters: many is below the 120 asked for es",
        "weight in kilos: 9 is below the 40 asked for es",
        "a.docx gave more than 65,536 bytes of text, reading stopped: send it in pa…",
    ],
)
def test_a_sentence_that_is_unknown_or_cut_short_is_not_guessed_at(detail: str):
    assert sentences().detail(detail, Language.SPANISH) is None


def test_a_name_full_of_our_words_costs_no_time_and_stays_a_name():
    name = " of , above ): ask the partner (" * 3_000
    begun = time.process_time()
    said = sentences().detail(f"{name} holds no text", Language.SPANISH)
    assert time.process_time() - begun < 1
    assert said == f"{name} no tiene texto."
    assert sentences().detail(name, Language.SPANISH) is None
    faults = "delivery.yaml: " + "a: " * 3_000 + ", found x. Nothing was run. Mend the file and run the command again."
    begun = time.process_time()
    assert sentences().detail(faults, Language.SPANISH) is not None
    assert time.process_time() - begun < 1


def test_every_duty_of_a_licence_or_label_is_told_in_the_reader_s_language():
    given = {
        "id": "a-1",
        "title": "t",
        "licence": "GPL-2.0-or-later",
        "purposes": ["train"],
        "attribution": "Museo",
        "consent": "authors",
    }
    agreement = Agreement.model_validate({**given, "valid_from": "2026-01-01"}).model_copy(
        update={"labels": tuple(Label), "labels_by": "Comunidad Uno"}
    )
    statements = [
        duty.statement for duty in duties_of(agreement, ["CC-BY-NC-SA-4.0", "GPL-2.0-or-later"]) if duty.cause != "agreement"
    ]
    assert len(statements) > 20
    for language in READERS:
        said = [sentences().statement(statement, language) for statement in statements]
        assert None not in said
        assert not re.search(r"\b(texts|the|wherever|Name)\b", " ".join(map(str, said)).replace("Name ", ""))
    assert sentences().statement("Museo; nombrar siempre a la comunidad", Language.PORTUGUESE) is None


@pytest.mark.parametrize("path", sorted((ROOT / "partners").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_samples_attribution_is_told_in_the_reader_s_language(path: Path):
    for agreement in read_institution(ROOT, path.stem).agreements:
        for language in READERS:
            said = sentences().statement(agreement.attribution, language)
            assert said is not None
            assert "each delivery" not in said


@pytest.mark.parametrize("language", READERS)
def test_a_receipt_explains_in_one_language_and_marks_what_it_cannot(
    published: Workspace, receipt_params: Params, language: Language
):
    write_partner(published, PARTNER, "PE", labels=["tk_attribution", "tk_creative"], labels_by="Comunidad Uno")
    write_receipt(published, receipt_params, PARTNER, language)
    folder = published.root / "var" / "receipts" / PARTNER
    page = unescape((folder / "receipt.html").read_text(encoding="utf-8"))
    known = "b.txt has another sha256 than the manifest says: ask the partner to send the delivery again"
    assert str(sentences().detail(known, language)) in page
    assert known not in page
    assert '<span lang="en">a program\'s own words</span>' in page
    assert "in English" not in page
    record = yaml.safe_load((folder / "receipt.json").read_text(encoding="utf-8"))
    assert known in {one["detail"] for one in record["documents"]}
    assert [place for place in SHAPES if place in page] == []
