"""The picture of one page of a scan, drawn anew for a browser: what a partner sent is never handed on byte for byte."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from latamgpt.custody.ocr_engine import INSTALL, MAX_FRAME_BYTES, MAX_PIXELS, bounded
from latamgpt.errors import OperatorError
from latamgpt.intake.limited import run_limited
from latamgpt.intake.quarantine import Reason, Rejected

MAX_SIDE = 2_400  # pixels: small print of a newspaper's page can be read
MAX_BYTES = 1 << 30  # of address space, as for OCR
MAX_SECONDS = 60
PNG, JPEG = "image/png", "image/jpeg"


@dataclass(frozen=True)
class Picture:
    """An image that a browser shows."""

    content: bytes
    kind: str  # its media type


def draw(folder: Path, scan: str, number: int) -> Picture:
    """One page of a scan: grey as PNG, coloured as JPEG, at most `MAX_SIDE` wide and high.

    Raises:
        OperatorError: the page cannot be drawn; the sentence says why.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="latamgpt-page-") as place:
            return _drawn(folder / scan, scan, number, Path(place))
    except Rejected as rejected:
        raise OperatorError(rejected.detail) from rejected


def _drawn(path: Path, name: str, number: int, place: Path) -> Picture:
    source, frame = path, number
    if name.lower().endswith(".pdf"):
        if shutil.which("pdftoppm") is None:
            raise OperatorError(f"Poppler, which draws the pages of a PDF, is not installed. {INSTALL}")
        pages = ["-f", str(number), "-l", str(number)]
        command = ["pdftoppm", *pages, "-scale-to", str(MAX_SIDE), "-singlefile", str(path), str(place / "page")]
        bounded(command, name, Reason.PDF_UNREADABLE)
        source, frame = place / "page.ppm", 1
    target = place / "shown"
    kind = run_limited(
        write_page,
        [str(source), frame, str(target)],
        name=name,
        reason=Reason.IMAGE_UNREADABLE,
        max_bytes=MAX_BYTES,
        max_seconds=MAX_SECONDS,
        max_written_bytes=MAX_FRAME_BYTES,
    )
    return Picture(target.read_bytes(), JPEG if kind == JPEG else PNG)


def write_page(path: str, number: int, target: str) -> str:
    """Write one frame of an image for a browser and name its media type; runs in a limited process."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses what is more than twice this
    with Image.open(path, formats=("PNG", "TIFF", "JPEG", "PPM")) as image:
        image.seek(number - 1)
        upright = ImageOps.exif_transpose(image)
        is_grey = upright.mode in ("1", "L", "LA", "I", "I;16", "F")
        shown = upright.convert("L" if is_grey else "RGB")
    shown.thumbnail((MAX_SIDE, MAX_SIDE))
    if is_grey or shown.getcolors(256) is not None:
        shown.save(target, "PNG", optimize=True)
        return PNG
    shown.save(target, "JPEG", quality=88)
    return JPEG
