"""Phrases in texts: the compiled kernel against its reference, and what a list of assistants' phrases sets aside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.machine_made import ASSISTANTS, PLACEHOLDERS, judge_machine_made
from latamgpt.curation.phrases import num_phrases, phrase_table, plain_num_phrases
from latamgpt.curation.words_of_text import words_of
from latamgpt.params import Params
from tests.curation.documents import SPANISH

WORDS = st.sampled_from(("uno", "DOS", "trés", "cua'tro", "dos,", "uno\n", "-", "😀"))
PHRASES = st.lists(st.lists(st.sampled_from(("uno", "dos", "tres", "cuatro")), min_size=1, max_size=4).map(" ".join), max_size=6)


@given(st.lists(WORDS, max_size=60).map(" ".join), PHRASES)
def test_any_list_is_counted_in_any_text_as_by_the_reference(text: str, phrases: list[str]) -> None:
    assert num_phrases(words_of(text), phrase_table(phrases)) == plain_num_phrases(text, phrases)


def test_the_longest_counts_once_in_whole_words_however_it_is_written() -> None:
    table = phrase_table(("modelo", "modelo de lenguaje", "de lenguaje"))
    assert num_phrases(words_of("MODELO, de  lenguáje; modelos; un modelo de barro"), table) == 2


TEN = ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez")


def honest(num_words: int) -> str:
    return " ".join(f"{word}{n}" for n in range(num_words // 10) for word in TEN)


@pytest.mark.parametrize("phrase", [*ASSISTANTS, *PLACEHOLDERS])
def test_a_page_that_a_machine_left_as_it_was_is_set_aside(params: Params, phrase: str) -> None:
    drop = judge_machine_made(f"{SPANISH} {phrase.upper()}. {SPANISH} {phrase}.", params.clean_documents)
    assert drop is not None
    assert drop.reason == "machine_made"
    assert phrase not in drop.detail


def test_a_long_text_that_quotes_an_assistant_is_not(params: Params) -> None:
    text = f"{honest(1000)} «Como modelo de lenguaje, no opino», respondió. {honest(1000)} Lorem ipsum dolor sit amet."
    assert judge_machine_made(text, params.clean_documents) is None
    assert (
        judge_machine_made(f"Una nota. «Como modelo de lenguaje, no opino», respondió. {SPANISH}", params.clean_documents) is None
    )
    assert judge_machine_made("", params.clean_documents) is None


@pytest.mark.parametrize(
    "phrase",
    ["una herramienta que describe como asistente de IA", "texto de relleno", "texto de ejemplo", "your text here"],
)
def test_what_people_write_of_machines_is_none_of_their_phrases(params: Params, phrase: str) -> None:
    assert judge_machine_made(f"La escuela compró {phrase}, y habló de {phrase}.", params.clean_documents) is None
