"""What scanned and converted text suffers from, and what must stay as the writer has it."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.intake.line_ends import WORD_OR_COMPOUND, join_broken_words, join_lines
from latamgpt.intake.page_columns import read_columns
from latamgpt.intake.page_edges import trim_edges
from latamgpt.intake.scanned_text import repair_pages
from tests.conftest import ROOT

PROSE = [
    "El maestro rural llegó al pueblo en una balsa, con su perro y sus",
    "libros atados con piolín, y preguntó por la escuela de la loma que",
    "nadie había visto abierta desde la creciente del año anterior.",
]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("los maes-\ntros cruzan", "los maestros cruzan"),
        ("cru\u00ad\nzaban", "cruzaban"),
        ("mba’e-\npu porã", "mba’epu porã"),
        ("un solo pa’ima-\nkuéra vino", "un solo pa’imakuéra vino"),
        ("trilín-\ngüe y bilin-\ngüe", "trilíngüe y bilingüe"),
        ("con-\nsti-\ntución", "constitución"),
        ("el lado franco-\nchileno del tratado franco-peruano", "el lado franco-chileno del tratado franco-peruano"),
        ("disse-\nlhe a verdade, e deu-lhe a mão", "disse-lhe a verdade, e deu-lhe a mão"),
        ("sara-\nsara", "sara-sara"),
        ("la pa-\npa", "la papa"),
        ("Pérez-\nGarcía", "Pérez-García"),
        ("dijo -\nsin mirar", "dijo -\nsin mirar"),
        ("1912-\n1914", "1912-\n1914"),
        ("guaraní-\nespañol; el guaraní, el español", "guaraní-español; el guaraní, el español"),
    ],
)
def test_a_hyphen_at_a_line_s_end_goes_where_it_is_the_typesetter_s(lines: str, expected: str) -> None:
    assert join_broken_words(lines) == expected


def test_compounds_of_the_samples_survive_and_broken_words_are_joined() -> None:
    """Each compound and each long word of a real text, put at a line's end with the rest of the text as witness."""
    folder = ROOT / "samples" / "archivo-cauca" / "guia-escuelas" / "textos"
    text = "\n".join(path.read_text(encoding="latin-1") for path in sorted(folder.glob("*.txt")))
    places = list(WORD_OR_COMPOUND.finditer(text))
    compounds = [m for m in places if m[0].count("-") == 1 and m.start() > 0 and text.count(m[0]) > 1]
    compounds = random.Random(7).sample(compounds, 12)
    long_words = random.Random(7).sample([m for m in places if len(m[0]) > 7 and m[0].isalpha()], 40)
    kept = sum(join_broken_words(put(text, m, m[0].replace("-", "-\n"))) == text for m in compounds)
    joined = sum(join_broken_words(put(text, m, f"{m[0][:4]}-\n{m[0][4:]}")) == text for m in long_words)
    assert kept == len(compounds)
    assert joined >= 0.95 * len(long_words)


def put(text: str, match: re.Match[str], word: str) -> str:
    return f"{text[: match.start()]}{word}{text[match.end() :]}"


def test_lines_of_a_paragraph_become_one_and_verses_stay() -> None:
    verses = ["Río de las congojas,", "llevame al mar,", "que ya no tengo casa", "donde llorar."]
    assert join_lines("\n".join(verses)) == "\n".join(verses)
    assert join_lines("\n".join([*PROSE, "", *PROSE])) == "\n".join([" ".join(PROSE), "", " ".join(PROSE)])


def test_items_of_a_list_stay_on_lines_of_their_own() -> None:
    text = "\n".join([PROSE[0], f"1. {PROSE[1]}", f"2. {PROSE[2]}", f"- {PROSE[0]}"])
    assert join_lines(text).count("\n") == 3


def book(num_pages: int, head: str = "REVISTA DEL LITORAL", first: int = 11) -> list[str]:
    """Pages with other words each, a running head with the page's number, and a footer."""
    draw = random.Random(3)
    words = " ".join(PROSE).split()
    pages: list[str] = []
    for n in range(num_pages):
        lines = [" ".join(draw.sample(words, 9)) for _ in range(12)]
        number = str(first + n)
        top = f"{number}      {head}" if n % 2 else f"{head}      {number}"
        pages.append("\n".join([top, "", *lines, "", f"Tomo I, cuaderno {n % 2 + 1}", f"— {number} —"]))
    return pages


def test_running_heads_footers_and_page_numbers_go() -> None:
    pages = book(6)
    repaired, trimmed = repair_pages(pages), trim_edges(pages)
    lines = [sum(page.count("\n") + 1 for page in some) for some in (pages, trimmed)]
    assert "REVISTA" not in repaired
    assert "cuaderno" not in repaired
    assert not any(str(n) in repaired for n in range(11, 17))
    assert lines[0] - lines[1] == 6 * (2 + 1)
    body = {word for page in pages for line in page.split("\n")[2:-3] for word in line.split()}
    assert body == set(repaired.split())


def test_a_head_that_ocr_misread_on_some_pages_goes_too() -> None:
    pages = book(5)
    pages[2] = pages[2].replace("LITORAL", "L1TQRAL")
    assert "TQRAL" not in repair_pages(pages)


def test_a_year_or_a_refrain_at_a_page_s_end_stays() -> None:
    pages = [f"{'x ' * n}texto de la página\nque sigue y sigue\ncon su fin {'y ' * n}" for n in range(1, 6)]
    pages[1] += "\n1912"
    pages[3] += "\nvolveré, volveré"
    trimmed = trim_edges(pages)
    assert "1912" in trimmed[1]
    assert "volveré" in trimmed[3]


def test_roman_numerals_and_named_numbers_of_pages_go() -> None:
    roman = ["ix", "x", "xi"]
    pages = [f"Prólogo {'abc'[n] * 9}\ncon palabras {'def'[n] * 9}\n{roman[n]}" for n in range(3)]
    assert trim_edges(pages) == [page.rpartition("\n")[0] for page in pages]
    assert trim_edges(["uno dos\ntres\nPágina 3 de 40"]) == ["uno dos\ntres"]


def test_columns_side_by_side_are_read_one_after_the_other() -> None:
    left = [f"izquierda número {n} con varias palabras" for n in range(8)]
    right = [f"derecha número {n} con otras palabras" for n in range(8)]
    page = "\n".join(f"{a:<44}{b}" for a, b in zip(left, right, strict=True))
    assert read_columns(page) == "\n".join([*left, *right])


def test_a_table_is_not_taken_for_columns() -> None:
    table = "\n".join(f"{name:<20}{n:>6}" for n, name in enumerate(["papa", "maíz", "quinua", "oca", "mashua", "yuca", "ají"]))
    assert read_columns(table) == table


def test_a_sentence_goes_on_over_the_page_s_end_and_not_over_a_missing_page() -> None:
    first, second = "\n".join(PROSE[:2]), "nadie había visto abierta desde la creciente del año anterior."
    assert "que nadie" in repair_pages([first, second])
    assert "que\n\nnadie" in repair_pages([first, "", second])
    assert "creciente" in repair_pages([f"{PROSE[0]}\nla gran cre-", f"ciente de aquel año\n{PROSE[1]}"])


@pytest.mark.parametrize(
    "word", ["k’ámá", "ñe’ẽ", "pa'i", "mbaʼe", "ʔaq", "x̌ʷəl", "Ꞌuk", "kaꞌaguy", "ª", "½", "m²", "q’ero", "g̃uarã", "ŋen"]
)
def test_letters_of_the_community_stay_as_they_write_them(word: str) -> None:
    text = f"La palabra {word} está aquí."
    assert repair_pages([text]) == text


def test_ligatures_of_printing_are_spelled_and_letters_composed() -> None:
    repaired = repair_pages(["el ﬁn del oﬃcio, can\u0303a"])
    assert repaired == "el fin del officio, caña"


def test_marks_of_converters_go() -> None:
    repaired = repair_pages(["<!-- image -->\nUno <!-- image -->dos.\n<!-- formula-not-decoded -->\n\nTres."])
    assert repaired == "Uno dos.\n\nTres."


@given(pages=st.lists(st.text(alphabet="ab -\n1Á’\u00ad\u2010\f\u0303\t", max_size=80), max_size=2))
def test_no_letter_is_lost_from_pages_without_edges(pages: list[str]) -> None:
    repaired = repair_pages(pages)
    letters = sorted(c for page in pages for c in page if c in "abÁ")
    kept = sorted(c for c in repaired if c in "abÁ")
    assert len(kept) >= len(letters) - sum(page.count("a\u0303") + page.count("b\u0303") for page in pages)
