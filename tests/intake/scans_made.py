"""Scans, PDFs and OCR results for tests, made here."""

import io
import os

import pypdf
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

from latamgpt.intake.ocr_record import Correction, Corrections, OcrPage, OcrRecord, sha256_of_text

LINES = [
    "El maestro rural llegó al pueblo en una balsa, con su perro",
    "y sus libros atados con piolín, y preguntó por la escuela",
    "de la loma que nadie había visto abierta desde la creciente.",
]


def picture(lines: list[str], kind: str = "PNG", size: int = 44) -> bytes:
    """A page with lines in black on white."""
    import matplotlib

    font = ImageFont.truetype(os.path.join(matplotlib.get_data_path(), "fonts/ttf/DejaVuSerif.ttf"), size)  # noqa: PTH118
    page = Image.new("L", (1700, 200 + 70 * len(lines)), 255)
    pen = ImageDraw.Draw(page)
    for n, line in enumerate(lines):
        pen.text((100, 100 + 70 * n), line, font=font, fill=0)
    stream = io.BytesIO()
    page.convert("1").save(stream, kind, dpi=(200, 200))
    return stream.getvalue()


def pdf(pages: list[list[str]], **fields: str) -> bytes:
    """A PDF with a text layer."""
    stream = io.BytesIO()
    pen = canvas.Canvas(stream, pagesize=A4, invariant=1)
    for name, value in fields.items():
        getattr(pen, f"set{name.title()}")(value)
    for lines in pages:
        for n, line in enumerate(lines):
            pen.drawString(70, 760 - 16 * n, line)
        pen.showPage()
    pen.save()
    return stream.getvalue()


def scanned_pdf(pages: list[list[str]]) -> bytes:
    """A PDF of pictures only."""
    frames = [Image.open(io.BytesIO(picture(lines))) for lines in pages]
    stream = io.BytesIO()
    frames[0].save(stream, "PDF", save_all=True, append_images=frames[1:], resolution=200.0)
    return stream.getvalue()


def joined(*files: bytes) -> bytes:
    """The pages of several PDFs as one."""
    writer = pypdf.PdfWriter()
    for raw in files:
        writer.append(io.BytesIO(raw))
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def locked(raw: bytes, user: str, owner: str = "owner") -> bytes:
    """A PDF behind a password."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(raw))
    writer.encrypt(user, owner, algorithm="AES-256")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def page(number: int, text: str, confidence: float = 95.0) -> OcrPage:
    """A page as an engine read it."""
    return OcrPage(number=number, text=text, confidence=confidence, num_words=len(text.split()))


def ocr_result(scan: bytes, *pages: OcrPage) -> str:
    """NAME.ocr.json for a scan."""
    return OcrRecord(
        scan_sha256=digest(scan), engine="tesseract 5.3.0", languages="spa", dots_per_inch=300, pages=pages
    ).model_dump_json()


def corrections(scan: bytes, *pages: tuple[int, str, str]) -> str:
    """NAME.corrections.json: page, the text that was corrected, the text as corrected."""
    made = [
        Correction.model_validate(
            {"page": n, "ocr_text_sha256": sha256_of_text(old), "text": new, "corrector": "Rosa Quispe", "date": "2026-05-01"}
        )
        for n, old, new in pages
    ]
    return Corrections(scan_sha256=digest(scan), corrections=tuple(made)).model_dump_json()


def digest(raw: bytes) -> str:
    """The sha256 of bytes."""
    import hashlib

    return hashlib.sha256(raw).hexdigest()
