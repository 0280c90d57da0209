"""Planted items are found, honest documents are not, and the table of hashes finds what the plain comparison does."""

import random
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation import decontamination
from latamgpt.curation.decontamination import Decontamination, Finder, Match, decontaminate, plain_find, tables_of
from latamgpt.curation.evaluation_sets import Item, read_items
from latamgpt.curation.item_kernels import FOUND
from latamgpt.curation.item_overlap import Held
from latamgpt.curation.matched_words import word_hashes, words
from latamgpt.curation.normalise import normalise
from latamgpt.curation.personal_data.masking import mask
from latamgpt.params import DecontaminationParams, read_params
from scripts.bench_decontamination import EXACT, PERTURBED, Planted, Written, names_it, plant, read_hosts, read_written
from tests.conftest import ROOT
from tests.curation.documents import ENGLISH, PORTUGUESE, QUECHUA, SPANISH

PARAMS = read_params(ROOT).corpus.decontamination
LEAST_WORDS = 5  # of a copy; what is cut to fewer is no question any more
LEAST_RECALL = {
    "in capitals": 1.0,
    "without accents": 1.0,
    "other punctuation and line breaks": 1.0,
    "capitals, no accents, other punctuation": 1.0,
    "one word of each twenty replaced": 0.9,  # one of the four or five of a sum makes another sum
    "without its last tenth": 0.95,
    "first half": 0.95,
    "first half, with all choices": 0.85,  # of the shortest it keeps three words and a wrong choice
}


def item(prompt: str, answer: str = "", *wrong: str, id: str = "uno") -> Item:
    return Item("prueba.jsonl", id, tuple(words(prompt)), tuple(words(answer)), tuple(tuple(words(one)) for one in wrong))


def held(text: str, one: Item) -> Held | None:
    matches = Finder([one], PARAMS).find("d", text)
    assert matches == plain_find("d", text, [one], PARAMS)
    return matches[0].held if matches else None


def around(text: str) -> str:
    return f"{SPANISH}\n{text}\n{PORTUGUESE}"


LONG = item(f"{ENGLISH} {QUECHUA} {PORTUGUESE}")
LAKE = item("El lago más alto que comparten los dos países se llama", "Titicaca", "Poopó", "Junín")  # 12 words
CAPITAL = item("La capital de Honduras es", "Tegucigalpa", "Managua")  # 6 words


@pytest.fixture(scope="module")
def hosts() -> list[str]:
    return read_hosts()


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(read_items(ROOT), PARAMS)


@pytest.fixture(scope="module")
def written() -> list[Written]:
    """One of each fifty items; `python -m scripts.bench_decontamination` plants them all."""
    return read_written()[::50]


@pytest.fixture(scope="module")
def copies(hosts: list[str], written: list[Written]) -> list[Planted]:
    return plant(written, hosts)


@pytest.fixture(scope="module")
def hits(copies: list[Planted], finder: Finder) -> dict[str, list[bool]]:
    """Per style, of each copy (a changed one: of five words or more), whether its item was named."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for one in copies:
        if one.style in EXACT or len(words(one.copy)) >= LEAST_WORDS:
            found[one.style].append(names_it(one, finder.find("", one.text)))
    return found


@pytest.mark.parametrize("style", EXACT)
def test_every_exact_copy_of_an_item_is_found_in_real_documents(
    style: str, hits: dict[str, list[bool]], written: list[Written]
) -> None:
    assert len(hits[style]) == len(written)
    assert all(hits[style])


@pytest.mark.parametrize("style", PERTURBED)
def test_changed_copies_of_five_words_or_more_are_found(style: str, hits: dict[str, list[bool]]) -> None:
    assert sum(hits[style]) / len(hits[style]) >= LEAST_RECALL[style]


def test_of_all_changed_copies_of_five_words_or_more_95_of_100_are_found(hits: dict[str, list[bool]]) -> None:
    changed = [hit for style in PERTURBED for hit in hits[style]]
    assert len(changed) > 600
    assert sum(changed) / len(changed) >= 0.95


def test_cleaning_hides_no_item_from_the_search(copies: list[Planted], finder: Finder) -> None:
    exact = [one for one in copies if one.style in EXACT]
    assert all(names_it(one, finder.find("", mask(normalise(one.text)).text)) for one in exact)


def test_no_document_of_the_samples_holds_an_item(hosts: list[str], finder: Finder) -> None:
    assert [match.explain() for host in hosts for match in finder.find("", host)] == []


def test_a_collision_of_hashes_convicts_no_document(hosts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    items = read_items(ROOT)[::20]
    monkeypatch.setattr(decontamination, "count_runs", lambda *_: np.full(len(items), FOUND))
    assert Finder(items, PARAMS).find("", hosts[5]) == []


def test_several_items_in_one_document_are_all_named_and_with_them_those_that_share_their_words(
    hosts: list[str], finder: Finder
) -> None:
    chosen = random.Random(3).sample(read_written(), 12)
    text = "\n".join(part for one in chosen for part in (hosts[5], one.answered))
    assert {(match.item.set, match.item.id) for match in finder.find("", text)} >= {(one.set, one.id) for one in chosen}


def test_the_table_finds_what_the_plain_comparison_finds(hosts: list[str], copies: list[Planted]) -> None:
    planted = {(one.item.set, one.item.id) for one in copies[::150]}
    items = [item for n, item in enumerate(read_items(ROOT)) if not n % 20 or (item.set, item.id) in planted]
    finder = Finder(items, PARAMS)
    for text in [*hosts[::120], *(one.text for one in copies[::150])]:
        assert finder.find("d", text) == plain_find("d", text, items, PARAMS)


NUMBERS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60).map(" ".join)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3), NUMBERS, st.integers(0, 60))
def test_the_table_finds_what_the_plain_comparison_finds_in_texts_of_five_words(
    parts: list[tuple[str, str]], text: str, cut: int
) -> None:
    items = [item(prompt, answer[:5], "z", id=str(number)) for number, (prompt, answer) in enumerate(parts)]
    document = f"{text} {' '.join(items[0].words[cut:])}"
    assert Finder(items, PARAMS).find("d", document) == plain_find("d", document, items, PARAMS)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200) | st.text("aÁñ’'+= \u0301\u200b𝔞😀ßİﬁ²7_-", max_size=60))
def test_words_are_hashed_as_they_are_compared(text: str) -> None:
    plain, hashed = words(text), word_hashes(text).tolist()
    alone = [int(word_hashes(word)[0]) for word in plain]
    assert hashed == alone
    assert len(set(hashed)) == len(set(plain))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("¿Cuál es el ÁRBOL más alto?", "cual es el arbol mas alto"),
        ("la lengua k'iche’ — de Guatemala", "La lengua kiche de Guatemala"),
        ("cafe\u0301 con le\u00adche", "café, con leche."),
        ("3.800 m²", "3,800 M2"),
    ],
)
def test_case_accents_and_punctuation_make_no_difference(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_a_sum_is_more_than_its_numbers() -> None:
    two_and_three = item("2 + 3 =", "5", "6")
    assert held(around("Sabemos que 2+3=5."), two_and_three) is Held.WHOLE
    assert held(around("Las páginas 2, 3 y 5; 2, 3, 5."), two_and_three) is None
    assert held(around("No es cierto que 2 + 3 = 4, ni que 2 + 2 = 5."), two_and_three) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("la capital de Honduras es TEGUCIGALPA", Held.WHOLE),
        ("La capital de Honduras es:\na) Managua\nb) Tegucigalpa", Held.WHOLE),
        ("La capital de Honduras", None),
        ("la capital de Guatemala es Guatemala", None),
    ],
)
def test_an_item_of_few_words_is_found_with_its_answer(text: str, expected: Held | None) -> None:
    assert held(around(text), CAPITAL) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("El lago más alto que comparten los dos países se llama Titicaca", Held.WHOLE),
        ("el lago mas alto que comparten los tres países se llama Titicaca", Held.WHOLE),
        ("el lago más alto que comparten", Held.PART),  # half of it, and it begins so
        ("es lo que comparten los dos países se llama así", None),  # as many words from its middle
        ("El lago más alto del mundo", None),
    ],
)
def test_an_item_of_a_sentence_is_found_changed_and_cut_off(text: str, expected: Held | None) -> None:
    assert held(around(text), LAKE) is expected


def test_a_few_words_of_a_question_with_its_answer_somewhere_behind_are_an_honest_sentence() -> None:
    fish = item("Fish live in", "water", "trees", "clouds")
    assert held(around("Fish live in the sea, and some of them in fresh water."), fish) is None
    assert held(around("Fish live in: clouds, trees or water?"), fish) is Held.WHOLE


def test_a_legal_phrase_that_an_item_quotes_convicts_no_document() -> None:
    phrase = "de conformidad con lo dispuesto en el artículo"  # eight words
    question = item(f"Un contrato se firma {phrase} del código que rige en", "Chile", "Cuba")
    assert held(around(f"{phrase} tres"), question) is None


@pytest.mark.parametrize(("share", "expected"), [(0.1, None), (0.5, Held.PART), (0.9, Held.WHOLE)])
def test_of_a_long_text_the_share_that_stands_in_a_document_decides(share: float, expected: Held | None) -> None:
    kept = LONG.words[: int(len(LONG.words) * share)]
    assert held(f"{SPANISH} {' '.join(kept)} {SPANISH}", LONG) is expected


def test_a_long_run_of_a_text_however_long_is_found() -> None:
    numbered = item(" ".join(f"palabra{number}" for number in range(1000)))
    assert held(around(" ".join(numbered.words[300:349])), numbered) is None
    assert held(around(" ".join(numbered.words[300:350])), numbered) is Held.PART


def test_a_document_that_stands_in_an_item_is_found() -> None:
    inside = LONG.words[20:32]
    assert held(" ".join(inside), LONG) is Held.INSIDE
    assert held(" ".join(LONG.words[20:26]), LONG) is Held.INSIDE
    assert held(" ".join((*inside, *words(SPANISH))), LONG) is None
    assert held(" ".join(LONG.words[20:24]), LONG) is None  # four words


def table_of(*texts: str) -> pa.Table:
    names = ("doc_id", "partner", "delivery", "path")
    return pa.Table.from_pylist(
        [dict.fromkeys(names, f"{number:03}") | {"text": text} for number, text in enumerate(texts)],
        schema=pa.schema([(name, pa.string()) for name in (*names, "text")]),
    )


def run(documents: pa.Table, *items: Item, **changes: object) -> Decontamination:
    params = DecontaminationParams.model_validate(PARAMS.model_dump() | changes)
    return decontaminate([documents], items, params)


def test_what_many_documents_hold_of_an_item_is_a_formula_and_a_whole_item_never_is() -> None:
    cut = "el lago más alto que comparten"
    documents = table_of(*(around(f"{number} {cut}") for number in range(4)), around(" ".join(LAKE.words)))
    found = run(documents, LAKE, max_formula_docs=3)
    assert [match.doc_id for match in found.matches] == ["004"]
    assert found.formulas == {("prueba.jsonl", "uno"): 4}
    assert [match.doc_id for match in run(documents, LAKE, max_formula_docs=4).matches] == [f"{n:03}" for n in range(5)]


def test_the_report_names_document_and_item_in_whatever_order_they_come() -> None:
    documents = table_of(around(" ".join(LAKE.words)), SPANISH, around("La capital de Honduras es Tegucigalpa"))
    capital = item("La capital de Honduras es", "Tegucigalpa", id="dos")
    first = tables_of(run(documents, LAKE, capital), [LAKE, capital], documents)
    backwards = documents.take([2, 1, 0])
    assert tables_of(run(backwards, capital, LAKE), [capital, LAKE], backwards) == first
    assert first[0].rows == (
        ("000", "000/000/000", "prueba.jsonl", "uno", "holds the item", 0.0, 1.0, 12),
        ("002", "002/002/002", "prueba.jsonl", "dos", "holds the item", 0.0, 0.0, 6),
    )
    assert first[1].rows == (("prueba.jsonl", 2, 2, 0),)


def test_nothing_is_found_without_items_or_words() -> None:
    assert run(table_of(SPANISH, "")).matches == []
    assert Finder([LAKE, LONG], PARAMS).find("d", "") == list[Match]()
