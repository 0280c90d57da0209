"""What a PDF holds and does not show is left out and counted; a machine's reading behind the picture of a page is its text."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pypdf
import pytest
from PIL import Image
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from latamgpt.intake.pdf_parser import EVERY_PAGE, parse_pdf
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, reasons, register, take_in
from tests.intake.scans_made import LINES, pdf, picture
from tests.intake.test_hidden_from_readers import NUM_CHARS, ORDER, left_out, read

Pen = canvas.Canvas
WIDTH, HEIGHT = A4


def drawn(draw: Callable[[Pen], object]) -> bytes:
    """A page with three lines, and what else is drawn."""
    stream = io.BytesIO()
    pen = canvas.Canvas(stream, pagesize=A4, invariant=1)
    pen.saveState()
    draw(pen)
    pen.restoreState()
    for n, line in enumerate(LINES):
        pen.drawString(70, 760 - 16 * n, line)
    pen.save()
    return stream.getvalue()


def words(pen: Pen, mode: Literal[0, 1, 3, 7] = 0, size: float = 12, x: float = 70, y: float = 300) -> None:
    """The order, somewhere on the page."""
    text = pen.beginText(x, y)
    text.setFont("Helvetica", size)
    text.setTextRenderMode(mode)
    text.textOut(ORDER)
    pen.drawText(text)


def white(pen: Pen) -> None:
    pen.setFillColorRGB(1, 1, 1)
    words(pen)


def white_in_ink(pen: Pen) -> None:
    pen.setFillColorCMYK(0, 0, 0, 0.01)
    words(pen)


def white_on_white(pen: Pen) -> None:
    pen.setFillColorRGB(1, 1, 1)
    pen.rect(60, 290, 300, 30, fill=1, stroke=0)
    words(pen)


def white_beside_the_ground(pen: Pen) -> None:
    pen.setFillColorRGB(0, 0, 0.5)
    pen.rect(60, 500, 300, 30, fill=1, stroke=0)
    pen.setFillGray(1)
    words(pen)


def stroke(pen: Pen, gray: float) -> None:
    pen.setStrokeGray(gray)
    pen.setLineWidth(30)
    pen.line(60, 304, 400, 304)
    pen.setFillGray(1)
    words(pen)


def on_a_thick_white_stroke(pen: Pen) -> None:
    stroke(pen, 1)


def in_a_thin_frame(pen: Pen) -> None:
    pen.rect(60, 290, 300, 30, fill=0, stroke=1)
    white(pen)


def scaled_away(pen: Pen) -> None:
    pen.scale(0.05, 0.05)
    words(pen, x=1000, y=5000)


def see_through(pen: Pen) -> None:
    pen.setFillColor(Color(0, 0, 0, alpha=0))
    words(pen)


def in_a_form(pen: Pen) -> None:
    pen.beginForm("f")
    words(pen, mode=3)
    pen.endForm()
    pen.doForm("f")


def in_a_form_off_the_page(pen: Pen) -> None:
    pen.beginForm("f")
    words(pen)
    pen.endForm()
    pen.translate(2000, 0)
    pen.doForm("f")


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: words(pen, mode=3),
        lambda pen: words(pen, size=0.9),
        lambda pen: words(pen, x=-900),
        lambda pen: words(pen, y=HEIGHT + 50),
        lambda pen: words(pen, x=WIDTH + 10),
        white,
        white_in_ink,
        white_on_white,
        white_beside_the_ground,
        on_a_thick_white_stroke,
        in_a_thin_frame,
        scaled_away,
        see_through,
        in_a_form,
        in_a_form_off_the_page,
    ],
)
def test_text_that_a_page_does_not_show_is_named_and_the_rest_is_read(
    workspace: Workspace, params: Params, draw: Callable[[Pen], object]
) -> None:
    assert read(workspace, params, "a.pdf", drawn(draw)) == " ".join(LINES)
    assert left_out(workspace) == [("a.pdf", "hidden_from_readers", NUM_CHARS)]


def on_a_dark_ground(pen: Pen) -> None:
    pen.setFillColorRGB(0.1, 0.1, 0.4)
    pen.rect(60, 290, 300, 30, fill=1, stroke=0)
    white(pen)


def on_a_thick_stroke(pen: Pen) -> None:
    stroke(pen, 0)


def beginning_beside_the_ground(pen: Pen) -> None:
    pen.rect(75, 290, 300, 30, fill=1, stroke=0)
    white(pen)


def on_a_picture(pen: Pen) -> None:
    pen.drawImage(ImageReader(Image.new("RGB", (20, 20), (0, 60, 0))), 60, 280, 300, 50)
    white(pen)


def in_a_form_behind_which_a_ground_is(pen: Pen) -> None:
    pen.beginForm("f")
    on_a_dark_ground(pen)
    pen.endForm()
    pen.doForm("f")


def small(pen: Pen) -> None:
    pen.scale(0.5, 0.5)
    words(pen, size=10, x=140, y=600)


def after_white(pen: Pen) -> None:
    pen.saveState()
    pen.setFillColorRGB(1, 1, 1)
    pen.restoreState()
    words(pen)


@pytest.mark.parametrize(
    "draw",
    [
        words,
        on_a_dark_ground,
        on_a_picture,
        in_a_form_behind_which_a_ground_is,
        small,
        after_white,
        on_a_thick_stroke,
        beginning_beside_the_ground,
        lambda pen: words(pen, mode=1),
        lambda pen: words(pen, mode=7),  # what is painted later fills the letters
        lambda pen: (pen.setFillGray(0.8), words(pen)),
        lambda pen: words(pen, x=-40),
    ],
)
def test_text_that_a_page_shows_stays(workspace: Workspace, params: Params, draw: Callable[[Pen], object]) -> None:
    assert ORDER in read(workspace, params, "a.pdf", drawn(draw))
    assert left_out(workspace) == []


def scan(width: float, *, before: bool) -> bytes:
    """The picture of a page, this wide, with a machine's reading laid unseen over it or under it."""
    stream = io.BytesIO()
    pen = canvas.Canvas(stream, pagesize=A4, invariant=1)
    image = ImageReader(io.BytesIO(picture(LINES)))
    for step in ("picture", "text") if before else ("text", "picture"):
        if step == "picture":
            pen.drawImage(image, 0, 0, width, HEIGHT)
        else:
            text = pen.beginText(30, 760)
            text.setTextRenderMode(3)
            for line in LINES:
                text.textLine(line)
            pen.drawText(text)
    pen.save()
    return stream.getvalue()


@pytest.mark.parametrize("before", [True, False])
def test_a_machine_s_reading_of_a_scanned_page_is_its_text(workspace: Workspace, params: Params, *, before: bool) -> None:
    assert read(workspace, params, "a.pdf", scan(WIDTH, before=before)) == " ".join(LINES)
    assert left_out(workspace) == []


def test_unseen_text_beside_a_small_picture_is_no_reading_of_it(workspace: Workspace, params: Params) -> None:
    register(workspace)
    deliver(workspace, {"a.pdf": scan(60, before=True), "b.txt": "Un relato."}, format="files")
    take_in(workspace, params)
    assert reasons(workspace) == {"a.pdf": "ocr_missing"}


def layered(base: str = "", **default: bool) -> bytes:
    """A page whose order is in a layer; `default` says which lists of the configuration name it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(drawn(words)))
    page = writer.pages[0]
    layer = writer._add_object(  # pyright: ignore[reportPrivateUsage]
        DictionaryObject({NameObject("/Type"): NameObject("/OCG"), NameObject("/Name"): TextStringObject("x")})
    )
    configuration = DictionaryObject({NameObject(f"/{name.upper()}"): ArrayObject([layer]) for name in default})
    if base:
        configuration[NameObject("/BaseState")] = NameObject(base)
    writer.root_object[NameObject("/OCProperties")] = DictionaryObject(
        {NameObject("/OCGs"): ArrayObject([layer]), NameObject("/D"): configuration}
    )
    page["/Resources"][NameObject("/Properties")] = DictionaryObject({NameObject("/MC0"): layer})  # pyright: ignore[reportIndexIssue]
    content = page.get_contents()
    assert content is not None
    begin, rest = content.get_data().split(b"q", 1)
    content.set_data(begin + b"/OC /MC0 BDC q" + rest.replace(b"Q\n", b"Q EMC\n", 1))
    page[NameObject("/Contents")] = writer._add_object(  # pyright: ignore[reportPrivateUsage]
        content
    )
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("made", "is_shown"),
    [
        (layered(off=True), False),
        (layered("/OFF"), False),
        (layered("/OFF", on=True), True),
        (layered(on=True), True),
    ],
)
def test_a_layer_that_is_switched_off_is_left_out(workspace: Workspace, params: Params, made: bytes, *, is_shown: bool) -> None:
    assert (ORDER in read(workspace, params, "a.pdf", made)) is is_shown
    assert left_out(workspace) == ([] if is_shown else [("a.pdf", "hidden_from_readers", NUM_CHARS)])


def test_off_the_part_of_a_page_that_is_shown_nothing_is_read(workspace: Workspace, params: Params) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(drawn(words)))
    writer.pages[0].cropbox.lower_left = (0, 400)
    stream = io.BytesIO()
    writer.write(stream)
    assert read(workspace, params, "a.pdf", stream.getvalue()) == " ".join(LINES)
    assert left_out(workspace) == [("a.pdf", "hidden_from_readers", NUM_CHARS)]


def test_a_licence_in_hidden_text_of_a_pdf_is_still_seen(workspace: Workspace, params: Params) -> None:
    def draw(pen: Pen) -> None:
        pen.setFillGray(1)
        pen.drawString(70, 300, "Licencia: CC BY-NC 4.0")

    register(workspace)
    deliver(workspace, {"a.pdf": drawn(draw), "b.txt": "Un relato.", "c.txt": "Otro."}, format="files", language="es")
    take_in(workspace, params)
    assert reasons(workspace)["a.pdf"] == "licence_contradiction"


def test_of_a_plain_page_not_a_letter_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([LINES, LINES[::-1]]))
    assert parse_pdf(str(path), "a.pdf", EVERY_PAGE)["pages"] == [page.extract_text() for page in pypdf.PdfReader(path).pages]


def test_letters_that_are_drawings_of_a_size_of_their_own_stay(tmp_path: Path) -> None:
    """As in theses of old TeX: a bitmap font set at size 1, whose font matrix makes it large, and procedures that paint."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(drawn(words)))
    page: Any = writer.pages[0]
    for font in page["/Resources"]["/Font"].values():
        font.get_object()[NameObject("/Subtype")] = NameObject("/Type3")
    content = writer.pages[0].get_contents()
    assert content is not None
    content.set_data(content.get_data().replace(b" 12 Tf", b" 1 Tf"))
    writer.pages[0][NameObject("/Contents")] = content
    path = tmp_path / "a.pdf"
    writer.write(path)
    found = parse_pdf(str(path), "a.pdf", EVERY_PAGE)
    assert ORDER in found["pages"][0]
    assert LINES[0] in found["pages"][0]
