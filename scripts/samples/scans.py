"""Scanned pages of texts that were written for this project: set in lines with broken words, running heads and page numbers.

What OCR read in them is not made here: it lies in scripts/samples/ocr/, as `latamgpt ocr` wrote it once, so that the samples are
rebuilt to the byte on a machine without Tesseract.
"""

import io
import random
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from latamgpt.errors import OperatorError
from latamgpt.intake.ocr_record import OCR_SUFFIX, OcrRecord
from latamgpt.store import sha256_file
from samples.formats import print_of
from samples.texts import written

OCR = Path(__file__).parent / "ocr"
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
WIDTH = 1240  # of A4 at 150 dots per inch; leaves are as high as their lines need
LINE_CHARS = 58
LINES_A_PAGE = 7
VOWELS = "aeiouáéíóúü"


def fill(folder: Path) -> None:
    """Write hojas/: a story as pages, of which the second was scanned badly; two single leaves; an act and a letter as PDFs."""
    place = folder / "hojas"
    place.mkdir()
    story, act, receipt, notice, circular = written("archivo-litoral-hojas", "es-AR")
    lines = [story.title.upper(), "", *typeset(story.body)]
    for number, start in enumerate(range(0, len(lines), LINES_A_PAGE), start=1):
        sheet = draw(["EL COSTERO", *lines[start : start + LINES_A_PAGE]], number + 40)
        sheet = worn(sheet) if number == 2 else sheet
        sheet.convert("1").save(place / f"imprenta-{number}.tif", compression="group4", dpi=(150, 150))
    (place / "acta.pdf").write_bytes(as_pdf(draw([act.title, "", *typeset(act.body)], 0)))
    draw([receipt.title, "", *typeset(receipt.body)], 0).convert("1").save(place / "recibo.png", dpi=(150, 150))
    draw([notice.title, "", *typeset(notice.body)], 0).save(place / "aviso.jpg", dpi=(150, 150), quality=60)
    for scan in sorted(place.iterdir()):
        record = OCR / f"{scan.name}{OCR_SUFFIX}"
        if record.is_file() and OcrRecord.model_validate_json(record.read_bytes()).scan_sha256 == sha256_file(scan):
            (place / record.name).write_bytes(record.read_bytes())
        else:
            raise OperatorError(
                f"{record} was made of other pictures than {scan}. Run `latamgpt ocr` on {place}, and copy it there."
            )
    (place / "circular.pdf").write_bytes(print_of(circular))  # with its text, so that no machine has to read it


def typeset(body: str) -> list[str]:
    """Lines of a printed page, with words broken at their ends and an indent at each paragraph's beginning."""
    lines: list[str] = []
    for paragraph in body.split("\n\n"):
        lines.append("  ")
        for word in paragraph.split():
            room = LINE_CHARS - len(lines[-1])
            if len(word) + 1 <= room:
                lines[-1] = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
                continue
            cut = _cut(word, room - 2)
            if cut:
                lines[-1] += f" {word[:cut]}-"
            lines.append(word[cut:])
    return lines


def _cut(word: str, room: int) -> int:
    """Where a word is broken: before a consonant and a vowel, as Spanish breaks it; 0 where it is not."""
    places = [n for n in range(3, len(word) - 2) if n <= room and word[n] not in VOWELS and word[n + 1] in VOWELS]
    return places[-1] if places and word.isalpha() and not word[places[-1] - 1 : places[-1] + 1].endswith(("l", "r")) else 0


def draw(lines: list[str], number: int) -> Image.Image:
    """A page with black letters."""
    height = 180 + 56 * len(lines)
    sheet = Image.new("L", (WIDTH, height), 255)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(FONT), 29, layout_engine=ImageFont.Layout.BASIC)
    for n, line in enumerate(lines):
        pen.text((130, 80 + 56 * n), line, font=font, fill=0)
    if number:
        pen.text((600, height - 70), str(number), font=font, fill=0)
    return sheet


def worn(sheet: Image.Image) -> Image.Image:
    """A page as a bad copy shows it: blurred, skewed and full of specks."""
    dirty = sheet.rotate(0.8, fillcolor=255).filter(ImageFilter.GaussianBlur(2.2)).point(lambda level: 0 if level < 150 else 255)
    draw_at = random.Random(66)
    for _ in range(2500):
        dirty.putpixel((draw_at.randrange(dirty.width), draw_at.randrange(dirty.height)), draw_at.choice((0, 255)))
    return dirty


def as_pdf(sheet: Image.Image) -> bytes:
    """A page as a PDF that holds its picture and no text."""
    stream = io.BytesIO()
    size = (sheet.width * 72 / 150, sheet.height * 72 / 150)
    pen = canvas.Canvas(stream, pagesize=size, invariant=1)
    pen.drawImage(ImageReader(sheet.convert("1")), 0, 0, *size)
    pen.save()
    return stream.getvalue()
