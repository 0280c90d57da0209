"""The picture of a page is drawn anew, whatever the partner sent."""

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from latamgpt.corrections.picture import MAX_SIDE, draw, write_page
from latamgpt.errors import OperatorError
from tests.intake.scans_made import LINES, picture, scanned_pdf

ORIENTATION = 0x0112  # of EXIF


def opened(path: Path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


def photograph(size: tuple[int, int], turned: int) -> bytes:
    """Noise in colours, with the note of a camera that was held on its side."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    Image.merge("RGB", [Image.effect_noise(size, spread) for spread in (90, 60, 30)]).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def test_the_page_that_is_asked_for_is_drawn_grey_as_png(tmp_path: Path) -> None:
    frames = [Image.open(io.BytesIO(picture([line], "TIFF"))) for line in LINES[:2]]
    frames[1] = frames[1].resize((300, 100))
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    assert write_page(str(tmp_path / "a.tif"), 2, str(tmp_path / "shown")) == "image/png"
    assert (opened(tmp_path / "shown").size, opened(tmp_path / "shown").format) == ((300, 100), "PNG")


def test_a_photograph_is_upright_small_enough_and_without_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photograph((3000, 200), turned=6))
    assert write_page(str(tmp_path / "a.jpg"), 1, str(tmp_path / "shown")) == "image/jpeg"
    made = opened(tmp_path / "shown")
    assert made.height == MAX_SIDE > made.width
    assert dict(made.getexif()) == {}


def test_a_page_is_drawn_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(picture(LINES, "TIFF"))
    assert draw(tmp_path, "a.tif", 1).content.startswith(b"\x89PNG")
    (tmp_path / "a.png").write_bytes(b"<svg onload=alert(1)>")
    for name, number in (("a.png", 1), ("a.tif", 2)):
        with pytest.raises(OperatorError, match="cannot be read"):
            draw(tmp_path, name, number)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="Poppler is not installed: `make setup-ocr`")
def test_a_page_of_a_pdf_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(scanned_pdf([LINES, LINES[:1]]))
    first, second = (Image.open(io.BytesIO(draw(tmp_path, "a.pdf", number).content)) for number in (1, 2))
    assert first.size != second.size
    with pytest.raises(OperatorError):
        draw(tmp_path, "a.pdf", 3)


def test_without_poppler_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(scanned_pdf([LINES]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError, match="make setup-ocr"):
        draw(tmp_path, "a.pdf", 1)
