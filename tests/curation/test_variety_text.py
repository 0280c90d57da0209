import re

import pytest

from latamgpt.curation.cleaning import Task, clean
from latamgpt.curation.variety_accuracy import SENTENCES, on_documents, on_sentences
from latamgpt.curation.variety_text import MARKERS, Variety, lists_of, tag_by_words, variety_by_words
from latamgpt.params import Params
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.yaml_files import load_yaml
from tests.curation.documents import ROOT, SPANISH, document

VARIETIES = [
    (language, name, Variety.model_validate(fields))
    for language, varieties in load_yaml(MARKERS.read_text(encoding="utf-8")).items()
    for name, fields in varieties.items()
]


@pytest.mark.parametrize(
    ("language", "text", "tag"),
    [
        ("es", "El pibe guardó la leche en la heladera.", "es-rioplat"),
        ("es", "Mi pololo llegó altiro con su hermana.", "es-CL"),
        ("es", "La wawa dormía junto a los sacos de chuño.", "es-andino"),
        ("es", "Comimos cachapas y hallacas en casa de mi tía.", "es-caribe"),
        ("es", "Compramos elotes y jitomates en el tianguis.", "es-mexcent"),
        ("es", "Aparcó delante de la tienda de ordenadores.", "es-ES"),
        ("pt", "O goleiro perdeu o ônibus.", "pt-BR"),
        ("pt", "Estou a procurar a casa de banho.", "pt-PT"),
        ("es", SPANISH, "es"),
        ("es", "", "es"),
        ("es", "Los colectivos pasan por el barrio.", "es"),  # one weak marker
        ("es", "El mozo y los mozos.", "es"),  # and one word in two forms is one
        ("es", "Un pibe con su huipil de la milpa, y la heladera.", "es"),  # two varieties: a travel book
        ("es", "Amaréis a Dios, y andaréis en sus caminos.", "es"),  # solemn everywhere
        ("es", "Cumplió dieciséis y veintiséis.", "es"),
        ("es", "El voseo es el uso de un pronombre.", "es"),
        ("gug", "Che róga, che sy.", "gug"),
        ("pt", "Se você quiser, nos anos bons há vinho.", "pt"),
        ("pt", "Estamos a par de tudo.", "pt"),
        ("es", "Hizo una copia burda de los originales.", "es"),  # one marker, however strong, decides nothing
        ("es", "Vivían de la troca de mercancías.", "es"),
        ("es", "Los quilombos de Palmares resistieron un siglo.", "es"),
        ("pt", "O Sumo Pontífice falou ao povo.", "pt"),
        ("pt", "Pediu que o juiz fixe o prazo.", "pt"),
        ("pt", "Te Deum laudamus. Te Dominum confitemur.", "pt"),
        ("pt", "Estava pregando na igreja.", "pt"),
    ],
)
def test_a_variety_is_named_only_where_its_own_words_give_it_away(language: str, text: str, tag: str) -> None:
    assert tag_by_words(language, text) == tag


@pytest.mark.parametrize(("language", "name", "variety"), VARIETIES, ids=[name for _, name, _ in VARIETIES])
def test_every_marker_can_be_found(language: str, name: str, variety: Variety) -> None:
    for word in f"{variety.strong}, {variety.weak}".split(","):
        spoken = word.strip()
        assert spoken == "(voseo)" or re.findall(r"\w+", spoken.lower()) == spoken.split()
        assert 1 <= len(spoken.split()) <= 3
    strong, weak = ({word.strip() for word in listed.split(",")} for listed in (variety.strong, variety.weak))
    assert not strong & weak
    assert re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", variety.tag)
    others = {
        word.strip() for lang, other, one in VARIETIES if (lang, other) != (language, name) for word in one.strong.split(",")
    }
    assert not strong & others


def test_on_sentences_it_never_errs_and_often_abstains() -> None:
    found = on_sentences()
    assert [(one.language, one.of) for one in found] == [(language, name) for language, name, _ in VARIETIES]
    assert all(one.num_texts >= 20 for one in found)
    right, answered, asked = (sum(getattr(one, field) for one in found) for field in ("num_right", "num_answered", "num_texts"))
    assert right / answered >= 0.98
    assert 0.3 <= answered / asked <= 0.8


def test_no_sentence_stands_in_two_varieties() -> None:
    sentences = [
        sentence
        for path in SENTENCES.glob("*.yaml")
        for of in load_yaml(path.read_text(encoding="utf-8")).values()
        for sentence in of
    ]
    assert len(set(sentences)) == len(sentences)


def test_documents_are_counted_by_their_country() -> None:
    pibe, wawa = "El pibe guardó la heladera.", "La wawa come chuño."
    documents = [("es", "AR", pibe), ("es", "AR", wawa), ("es", "AR", SPANISH), ("es", "CO", wawa), ("que", "PE", wawa)]
    argentina, colombia = on_documents(documents)
    assert (argentina.num_texts, argentina.num_answered, argentina.num_right) == (3, 2, 1)
    assert argentina.taken_for == {"andino": 1}
    assert (colombia.num_right, colombia.num_answered) == (0, 1)  # no list has its country


@pytest.mark.parametrize(
    ("country", "declared", "variety"),
    [("", "es", "es-rioplat"), ("PY", "es", "es-PY"), ("", "es-CL", "es-CL"), ("", "es-419", "es-rioplat")],
)
def test_words_are_asked_where_neither_partner_nor_country_says(
    params: Params, country: str, declared: str, variety: str
) -> None:
    text = f"{SPANISH} El pibe guardó la leche en la heladera."
    task = Task([document(text, country=country, declared_language=declared)], params.clean_documents, thresholds_in_force(ROOT))
    (row,) = clean(task).kept
    assert row["variety"] == variety
    assert lists_of("es") is not None
    assert variety_by_words("es", text) == "rioplatense"
