"""Lines that a partner repeats: found and taken where they are the page's, left where they are the text's."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.boilerplate import Repeated, comparable, find_lines, find_repeated, is_formula, plain_lines
from latamgpt.params import BoilerplateParams, Params
from tests.curation.test_kernels import REAL, TEXTS

TERMS = "río monte casa abuela fruta camino sol viento piedra pueblo mercado lluvia noche caballo maíz canto fuego"
HEADER = "BOLETÍN de la Biblioteca Nacional, número {number}"
FOOTER = ("© {number} Biblioteca Nacional de Chile", "Todos los derechos reservados a sus autores.")
MENU = ("Inicio", "Noticias", "Contacto", "Buscar")


@pytest.fixture
def limits(params: Params) -> BoilerplateParams:
    return params.clean_documents.boilerplate


def paragraph(draw: random.Random) -> str:
    return " ".join(draw.choice(TERMS.split()) for _ in range(30)).capitalize() + "."


def prose(number: int) -> str:
    draw = random.Random(number)
    return "\n\n".join(paragraph(draw) for _ in range(3))


def page(number: int) -> str:
    footer = "\n".join(line.format(number=1990 + number) for line in FOOTER)
    return f"{HEADER.format(number=number)}\n\n" + "\n".join(MENU) + f"\n\n{prose(number)}\n\n{footer}"


def verse(number: int) -> str:
    draw = random.Random(number)
    stanza = ["\n".join(" ".join(draw.choice(TERMS.split()) for _ in range(5)) for _ in range(3)) for _ in range(4)]
    return "\n\n".join(f"{lines}\nviva la cueca del puerto querido" for lines in stanza)


def lines_of(repeated: Repeated) -> set[str]:
    return {one.line for one in repeated.lines.values()}


def test_headers_footers_and_menus_of_a_partner_are_found_and_taken(limits: BoilerplateParams) -> None:
    texts = [page(number) if number % 2 else prose(number) for number in range(60)]
    repeated = find_repeated(texts, limits)
    fixed = {HEADER.format(number=0).lower(), *(line.format(number=0).lower() for line in FOOTER)}
    assert lines_of(repeated) == {*fixed, *(line.lower() for line in MENU)}
    assert {one.num_docs for one in repeated.lines.values()} == {30}
    assert [repeated.strip(text).text for text in texts] == [prose(number) for number in range(60)]
    assert {repeated.lines[one].line for one in repeated.strip(texts[1]).taken} == lines_of(repeated)
    assert repeated.strip(texts[0]).taken == ()


def test_the_order_of_documents_does_not_matter(limits: BoilerplateParams) -> None:
    texts = [page(number) for number in range(50)]
    found = find_repeated(texts, limits)
    assert find_repeated(texts[::-1], limits) == found
    assert list(find_repeated(texts[::-1], limits).lines) == list(found.lines)


@pytest.mark.parametrize("text", ["uno", "Uno\n\n"])
def test_without_repeated_lines_a_text_is_as_it_was(limits: BoilerplateParams, text: str) -> None:
    assert Repeated({}, limits).strip(text).text == text


def test_a_small_partner_keeps_everything(limits: BoilerplateParams) -> None:
    assert find_repeated([page(number) for number in range(limits.min_partner_docs - 1)], limits).lines == {}
    assert find_repeated([page(number) for number in range(limits.min_partner_docs)], limits).lines != {}


def test_a_line_in_too_few_documents_stays(limits: BoilerplateParams) -> None:
    limits = limits.model_copy(update={"min_docs": 10, "min_share": 0.1})

    def found(num_with: int, num_docs: int) -> int:
        return len(find_repeated([page(n) if n < num_with else prose(n) for n in range(num_docs)], limits).lines)

    assert (found(9, 60), found(10, 60)) == (0, 7)  # min_docs
    assert (found(29, 300), found(30, 300)) == (0, 7)  # min_share


def test_what_one_document_repeats_is_nothing(limits: BoilerplateParams) -> None:
    refrain = "y el río se llevó la casa de mi abuela, ay de mí"
    song = "\n".join([paragraph(random.Random(1)), refrain] * 40)
    assert find_repeated([song, *(prose(number) for number in range(60))], limits).lines == {}


def test_refrains_that_many_songs_share_stay(limits: BoilerplateParams) -> None:
    songs = [verse(number) for number in range(200)]
    repeated = find_repeated([*songs, *(page(number) for number in range(60))], limits)
    assert lines_of(repeated) >= {FOOTER[1].lower()}
    assert not any("cueca" in line for line in lines_of(repeated))
    assert all(repeated.strip(song).text == song for song in songs)
    known = find_repeated([f"{page(n)}\n\nviva la cueca del puerto querido" for n in range(60)], limits)
    assert any("cueca" in line for line in lines_of(known))
    assert all(known.strip(song).text == song for song in songs)


OPENINGS = ("Había una vez,", "Érase que se era", "Era uma vez...", "Once upon a time", "Ñawpa pachapi, Huk kutis")
CLOSINGS = ("Y colorín colorado, este cuento se ha acabado.", "Jack Mandora, mi nuh choose none", "Comuníquese, publíquese.")


@pytest.mark.parametrize("formula", [*OPENINGS, *CLOSINGS])
def test_the_formulas_of_tales_and_acts_stay_in_however_many_documents(limits: BoilerplateParams, formula: str) -> None:
    texts = [f"{formula}\n\n{page(number)}\n\n{formula}" for number in range(60)]
    repeated = find_repeated(texts, limits)
    assert comparable(formula.lower()) not in lines_of(repeated)
    left = [repeated.strip(text).text for text in texts]
    assert left == [f"{formula}\n\n{prose(number)}\n\n{formula}" for number in range(60)]


def test_a_formula_is_held_against_whole_words() -> None:
    assert is_formula("y colorín, colorado.")
    assert not is_formula("comprado en la tienda")


def test_a_short_line_that_is_in_no_menu_stays(limits: BoilerplateParams) -> None:
    laws = [f"Artículo 1\n\n{prose(number)}\n\nArtículo 2\n\n{prose(number + 1000)}" for number in range(60)]
    header = HEADER.format(number=7)
    texts = [f"{header}\n\n{law}" for law in laws]
    repeated = find_repeated(texts, limits)
    assert lines_of(repeated) == {"artículo 0", HEADER.format(number=0).lower()}
    assert [repeated.strip(text).text for text in texts] == laws


@given(TEXTS | st.text("aÁ0123 \t\n\u2028٣Σ😀", max_size=60))
def test_lines_of_any_text_are_those_of_the_reference(text: str) -> None:
    assert [part.tolist() for part in find_lines(text)] == [part.tolist() for part in plain_lines(text)]


@pytest.mark.parametrize("language", REAL)
def test_lines_of_real_text_are_those_of_the_reference(language: str) -> None:
    text = REAL[language][:20_000]
    assert [part.tolist() for part in find_lines(text)] == [part.tolist() for part in plain_lines(text)]


def test_lines_are_one_where_case_numbers_and_blanks_differ() -> None:
    hashes = find_lines("Página  12 de 300\n\tPÁGINA 1 de 2 \npágina 1 d e 2")[0].tolist()
    assert [one == other for one, other in pairwise(hashes)] == [True, False]
