"""A letter is read strictly, and stands before another choice in each sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.evaluation.items import Item
from latamgpt.evaluation.peers.letter import order_of, prompt_of, read_letter

ITEM = Item(
    "es-1/a", {"prompt": "Se llama", "choices": ["ceviche", "Ají de gallina.", "locro"], "answer": 0}, "es-1", {"language": "es"}
)
ORDER = [2, 0, 1]  # A locro, B ceviche, C ají


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("B", 0),
        (" B.\n", 0),
        ("(B)", 0),
        ("**B**", 0),
        ("**B.** ceviche", 0),
        ("B) Ceviche.", 0),
        ("C. Ají de gallina", 1),
        ("A: locro", 2),
        ("b", None),
        ("D", None),
        ("E", None),
        ("", None),
        ("B. locro", None),
        ("B, C", None),
        ("A or B", None),
        ("Bueno", None),
        ("La respuesta es B", None),
        ("A locro de papa", None),
    ],
)
def test_only_a_letter_or_a_letter_with_its_own_words_is_an_answer(text: str, choice: int | None) -> None:
    assert read_letter(text, ITEM, ORDER) == choice


@given(st.text(max_size=40))
def test_no_answer_breaks_the_reading(text: str) -> None:
    assert read_letter(text, ITEM, ORDER) in (None, 0, 1, 2)


def test_each_sample_has_its_own_order_and_the_same_each_time() -> None:
    orders = [order_of(ITEM, sample, 1) for sample in range(20)]
    assert orders == [order_of(ITEM, sample, 1) for sample in range(20)]
    assert {order.index(0) for order in orders} == {0, 1, 2}
    assert orders != [order_of(ITEM, sample, 2) for sample in range(20)]


def test_the_question_is_asked_in_its_own_language() -> None:
    assert prompt_of(ITEM, ORDER).splitlines()[4:] == [
        "A. locro",
        "B. ceviche",
        "C. Ají de gallina.",
        "",
        "Responda solo con la letra de la opción.",
    ]
    portuguese = Item(ITEM.id, ITEM.fields, "", {"language": "pt"})
    assert "Responda apenas com a letra" in prompt_of(portuguese, ORDER)
    assert "Responda solo" in prompt_of(Item(ITEM.id, ITEM.fields, "", {"language": "que"}), ORDER)
