"""Columns of a PDF that were drawn line by line across the page are read one after the other; all else stays as it was drawn."""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen import canvas

from latamgpt.intake.pdf_columns import reading_order
from latamgpt.intake.pdf_fonts import letter_widths
from latamgpt.intake.pdf_parser import EVERY_PAGE, parse_pdf
from latamgpt.intake.pdf_runs import Run
from tests.intake.test_hostile_pdf import book, stream

RIVER = (
    "El río bajaba despacio aquel otoño y la gente del puerto salía a mirarlo todas las tardes, como quien espera una carta "
    "que no llega. Los viejos contaban que antes de la creciente grande también había bajado así, callado, sin espuma, y "
    "que después se llevó las casas de la orilla con sus gallinas y sus santos. Nadie les creía, pero nadie dejó de atar "
    "la canoa."
)
SCHOOL = (
    "La maestra llegó con una valija de libros y preguntó por la escuela de la loma, que llevaba dos años cerrada. Le dieron una "
    "llave y un farol, y esa misma noche empezó a barrer los salones vacíos mientras los perros ladraban en el patio. Al lunes "
    "siguiente vinieron cuatro chicos, al otro lunes nueve, y en agosto hubo que pedir bancos prestados a la capilla del barrio "
    "nuevo."
)
MARKET = (
    "En la feria se vendían quesos, mantas y pájaros de colores, y un hombre ciego cantaba coplas por una moneda. Los que bajan "
    "del cerro traían papas de diez clases distintas, cada una con su nombre y su modo de cocerse, y las cambiaban por sal y "
    "por fósforos. Al caer la tarde quedaban en la plaza las cáscaras, las plumas y el olor a fruta madura que no se iba en toda "
    "la semana."
)
TITLE = "Crónicas del puerto, la escuela y la feria, contadas por quienes las vivieron"
Pen = canvas.Canvas
Text = tuple[float, float, str]  # x, y, words


def drawn(texts: Sequence[Text], font: str = "Times-Roman", size: float = 10) -> bytes:
    """A page that shows these words at these places, in this order."""
    output = io.BytesIO()
    pen = canvas.Canvas(output, pagesize=A4, invariant=1)
    for x, y, words in texts:
        pen.setFont(font, size)
        pen.drawString(x, y, words)
    pen.save()
    return output.getvalue()


def across(columns: Sequence[Sequence[str]], lefts: Sequence[float], top: float = 740, leading: float = 12) -> list[Text]:
    """Columns, line by line across the page."""
    rows = zip_longest(*columns, fillvalue="")
    return [(x, top - leading * n, words) for n, row in enumerate(rows) for x, words in zip(lefts, row, strict=True) if words]


def read(raw: bytes, folder: Path) -> str:
    """The words of the first page, as readers see it."""
    path = folder / "a.pdf"
    path.write_bytes(raw)
    pages = parse_pdf(str(path), "a.pdf", EVERY_PAGE)["pages"]
    assert isinstance(pages, list)
    return " ".join(str(pages[0]).split())


def as_drawn(raw: bytes) -> str:
    return " ".join(pypdf.PdfReader(io.BytesIO(raw)).pages[0].extract_text().split())


TWO = [wrap(RIVER, 46), wrap(SCHOOL, 46)]
THREE = [wrap(RIVER, 30), wrap(SCHOOL, 30), wrap(MARKET, 30)]


def test_two_columns_drawn_line_by_line_are_read_one_after_the_other(tmp_path: Path) -> None:
    raw = drawn(across(TWO, [60, 310]))
    assert RIVER not in as_drawn(raw)
    assert read(raw, tmp_path) == f"{RIVER} {SCHOOL}"


def test_three_columns_and_columns_of_other_lengths_are_read_one_after_the_other(tmp_path: Path) -> None:
    assert read(drawn(across(THREE, [50, 220, 390])), tmp_path) == f"{RIVER} {SCHOOL} {MARKET}"
    short = [TWO[0][:7], TWO[1]]
    assert read(drawn(across(short, [60, 310])), tmp_path) == f"{' '.join(short[0])} {SCHOOL}"


def test_lines_of_two_columns_at_different_heights_are_read_one_after_the_other(tmp_path: Path) -> None:
    left, right = across([TWO[0]], [60]), across([TWO[1]], [310], top=735, leading=12.5)
    texts = sorted([*left, *right], key=lambda text: -text[1])
    assert read(drawn(texts), tmp_path) == f"{RIVER} {SCHOOL}"


def test_a_title_over_both_columns_and_a_number_below_stay_where_they_are(tmp_path: Path) -> None:
    raw = drawn([(60, 770, TITLE), *across(TWO, [60, 310]), (290, 500, "17")])
    assert read(raw, tmp_path) == f"{TITLE} {RIVER} {SCHOOL} 17"


def test_a_heading_between_parts_of_two_columns_parts_them(tmp_path: Path) -> None:
    raw = drawn([*across(TWO, [60, 310]), (60, 560, TITLE), *across([THREE[2], THREE[1]], [60, 310], top=530)])
    assert read(raw, tmp_path) == f"{RIVER} {SCHOOL} {TITLE} {MARKET} {SCHOOL}"


def test_a_running_head_of_two_parts_is_no_line_of_the_columns(tmp_path: Path) -> None:
    raw = drawn([(60, 790, "17"), (420, 790, "Cuadernos del litoral"), *across(TWO, [60, 310])])
    assert read(raw, tmp_path) == f"17 Cuadernos del litoral {RIVER} {SCHOOL}"


def test_columns_that_one_operator_shows_together_are_parted(tmp_path: Path) -> None:
    without_marks = str.maketrans("áéíóúñ", "aeioun")
    left, right = ([line.translate(without_marks) for line in column] for column in TWO)
    rows = [
        f"1 0 0 1 60 {740 - 12 * n} Tm [({a}) {100 * (stringWidth(a, 'Helvetica', 10) - 250):.0f} ({b})] TJ"
        for n, (a, b) in enumerate(zip_longest(left, right, fillvalue=""))
    ]
    raw = book(stream(f"BT /F1 10 Tf {' '.join(rows)} ET".encode()))
    assert read(raw, tmp_path) == f"{RIVER} {SCHOOL}".translate(without_marks)


def test_columns_shown_word_by_word_are_read_one_after_the_other(tmp_path: Path) -> None:
    output = io.BytesIO()
    pen = canvas.Canvas(output, pagesize=A4, invariant=1)
    text = pen.beginText()
    text.setFont("Helvetica", 9)
    for x, y, line in across(TWO, [60, 310]):
        for word in line.split():
            text.setTextOrigin(x, y)
            text.textOut(f"{word} ")
            x += stringWidth(f"{word} ", "Helvetica", 9)
    pen.drawText(text)
    pen.save()
    assert read(output.getvalue(), tmp_path) == f"{RIVER} {SCHOOL}"


def test_what_readers_do_not_see_stays_out_of_untangled_columns(tmp_path: Path) -> None:
    output = io.BytesIO()
    pen = canvas.Canvas(output, pagesize=A4, invariant=1)
    pen.setFont("Times-Roman", 10)
    for n, (x, y, words) in enumerate(across(TWO, [60, 310])):
        pen.drawString(x, y, words)
        if n == 6:
            pen.setFillGray(1)
            pen.drawString(60, 300, "palabras en blanco")
            pen.setFillGray(0)
    pen.save()
    assert read(output.getvalue(), tmp_path) == f"{RIVER} {SCHOOL}"


def table(cells: Sequence[Sequence[str]], lefts: Sequence[float]) -> bytes:
    return drawn(across(list(zip(*cells, strict=True)), lefts))


TERMS = ["totora", "quincha", "apacheta", "chuño", "yapa", "minga", "pucará", "chasqui", "tambo"]
VERSES = wrap(RIVER, 34)
STAYS: dict[str, bytes] = {
    "columns, one drawn after the other": drawn([*across([TWO[0]], [60]), *across([TWO[1]], [310])]),
    "columns, the right one drawn first": drawn([*across([TWO[1]], [310]), *across([TWO[0]], [60])]),
    "a table of short cells": table([(term, str(n), "sí", "kg") for n, term in enumerate(TERMS)], [60, 200, 320, 440]),
    "a table of names and places": table([(f"{t.title()} Ana María", f"Calle {t.title()} de la Cruz") for t in TERMS], [60, 310]),
    "a glossary": table(list(zip(TERMS, wrap(RIVER, 46), strict=False)), [60, 200]),
    "wide gaps between words": drawn(
        [(60 + 26 * n + 7 * len(" ".join(line.split()[:n])), 740 - 12 * row, word)
         for row, line in enumerate(wrap(SCHOOL, 30)) for n, word in enumerate(line.split())]
    ),
    "verses with indents": drawn([(60 + 30 * (n % 2), 740 - 12 * n, verse) for n, verse in enumerate(VERSES)]),
    "verses that go on further right": drawn([(60 + 240 * (n % 2), 740 - 12 * n, verse) for n, verse in enumerate(VERSES)]),
    "a margin of notes": drawn(across([wrap(MARKET, 70), ["véase", "", "", "y", "así"]], [60, 470])),
    "fewer lines than columns have": drawn(across([TWO[0][:4], TWO[1][:4]], [60, 310])),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(STAYS))
def test_what_is_no_tangle_of_columns_stays_as_it_was_drawn(case: str, tmp_path: Path) -> None:
    assert read(STAYS[case], tmp_path) == as_drawn(STAYS[case])


def test_a_margin_note_from_right_to_left_leaves_the_text_beside_it_as_it_is(tmp_path: Path) -> None:
    import matplotlib
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont("DejaVu", str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")))
    note = ["הערה בשולי", "הדף על הנהר", "והעיר הישנה"]
    texts = [text for n, text in enumerate(across([wrap(MARKET, 60)], [60])) for text in [text, (470, text[1], note[n % 3])]]
    raw = drawn(texts, font="DejaVu", size=8)
    assert read(raw, tmp_path) == as_drawn(raw)


places = st.floats(0, 600, width=32)
runs = st.lists(
    st.builds(
        lambda show, left, width, baseline, size, is_blank: Run(
            show, range(1), left, left + width, baseline, size, is_upright=True, is_blank=is_blank
        ),
        st.integers(0, 99), st.sampled_from([60.0, 62.0, 310.0]) | places, st.sampled_from([0.0, 180.0]) | places,
        st.integers(0, 30).map(lambda n: 12.0 * n) | places, st.sampled_from([0.0, 10.0, 14.0]), st.booleans(),
    ),
    max_size=120,
)  # fmt: skip


@given(runs)
def test_every_string_is_in_one_piece_of_the_page(page: list[Run]) -> None:
    assert Counter(run for piece in reading_order(page) for run in piece.runs) == Counter(page)


def font(**entries: object) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def test_widths_of_letters_are_those_of_the_font() -> None:
    numbers: Callable[[Sequence[float]], ArrayObject] = lambda values: ArrayObject(FloatObject(value) for value in values)  # noqa: E731
    simple = font(Subtype=NameObject("/TrueType"), FirstChar=NumberObject(65), Widths=numbers([700, 300]))
    assert letter_widths(simple).width(b"AB") == pytest.approx(1.0)
    listed = ArrayObject([NumberObject(1), numbers([200, 400]), NumberObject(7), NumberObject(9), NumberObject(600)])
    inner = font(DW=NumberObject(1000), W=listed)
    composite = font(Subtype=NameObject("/Type0"), DescendantFonts=ArrayObject([inner]))
    assert letter_widths(composite).width(b"\0\1\0\2\0\x08\0\x0a") == pytest.approx(0.2 + 0.4 + 0.6 + 1.0)
    assert letter_widths(font(BaseFont=NameObject("/Courier"))).width(b"abcd") == pytest.approx(2.4)


@pytest.mark.parametrize("odd", [None, 7, [], [1, 2], [[1], "x"], [0, 10**12, 500], [10**12, [5, None]], [-5, [1]]])
def test_a_font_whose_widths_are_odd_has_some(odd: object) -> None:
    inner = {"/W": odd}
    assert letter_widths({"/Subtype": "/Type0", "/DescendantFonts": [inner]}).width(b"ab") >= 0
    assert letter_widths({"/Subtype": "/Type1", "/FirstChar": 0, "/Widths": odd}).width(b"ab") >= 0
