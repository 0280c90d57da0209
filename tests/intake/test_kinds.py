"""Words of catalogues for what a text is, and the words that say nothing of it."""

from collections import Counter

import pytest

from latamgpt.intake.kinds import WORDS, DocumentKind, kind_of
from latamgpt.intake.periods import Understood

MEANT = {
    "literature": (
        "Literatura", "NOVELA", "novelas", "Poesía", "poesía", "Poetry", "Short story", "Cuentos", "Texto / Poesía", "#poem",
    ),
    "archive": ("Manuscrito", "Cartas", "correspondência", "Actas", "libro de actas", "Archivo", "field notes"),
    "oral_record": (
        "Historia oral", "oral_record", "Oral record", "sound recording-nonmusical", "tradición oral", "testimonios",
        "Entrevistas", "interview",
    ),
    "press": (
        "Newspaper", "Periódicos", "Periódicos--Perú", "jornais", "Revista", "NewsArticle", "newspaper article",
        "Prensa; diario",
    ),
    "law": ("Legislación", "leyes", "Decretos", "Legislation", "Gaceta oficial", "jurisprudência", "Diario Oficial"),
    "science": (
        "Tesis", "masterThesis", "info:eu-repo/semantics/masterThesis", "info:eu-repo/semantics/article", "ScholarlyArticle",
        "Artículo científico", "doctoral thesis", "info:eu-repo/semantics/conferenceObject", "tesis de maestría",
    ),
    "education": ("Libro de texto", "Livro didático", "currículo", "LearningResource", "Material didáctico", "manuales"),
    "other": ("Otro", "outro", "Diccionario", "Dictionary", "WebPage", "BlogPosting", "Software"),
}  # fmt: skip
NO_KIND = (
    "Text",
    "texto",
    "Book",
    "Libro",
    "monograph",
    "Article",
    "artículo",
    "Image",
    "Sound",
    "1890",
    "femenino",
    "Dataset",
    "x" * 999,
)


@pytest.mark.parametrize(("kind", "word"), [(kind, word) for kind, words in MEANT.items() for word in words])
def test_a_word_of_a_catalogue_means_its_kind(kind: str, word: str) -> None:
    assert kind_of([word]) == Understood(kind)


@pytest.mark.parametrize("word", NO_KIND)
def test_a_word_that_many_kinds_share_means_none_and_is_named(word: str) -> None:
    understood = kind_of([word])
    assert (understood.value, "no word for a kind" in understood.fault) == ("unknown", True)


def test_words_that_mean_two_kinds_are_not_decided_between() -> None:
    understood = kind_of(["novela", "prensa"])
    assert understood.value == "unknown"
    assert "literature and press" in understood.fault


def test_a_word_without_meaning_beside_one_with_it_does_no_harm() -> None:
    assert kind_of(["text", "poema"]).value == "literature"


def test_nothing_stated_is_unknown_and_no_fault() -> None:
    assert kind_of([]) == kind_of(["", " "]) == Understood()


def test_no_word_stands_for_two_kinds_and_every_kind_has_its_own_name() -> None:
    times = Counter(word for words in WORDS.values() for word in words)
    assert [word for word, number in times.items() if number > 1] == []
    assert {kind: kind_of([kind]).value for kind in DocumentKind} == {kind: str(kind) for kind in DocumentKind}
