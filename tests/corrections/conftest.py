"""A delivery with pages that a machine read badly, in a workspace with the project's registry."""

from pathlib import Path

import pytest

from latamgpt.corrections.queue import Queue
from latamgpt.corrections.scan_page import ScanPage
from latamgpt.store import Workspace
from tests.custody.conftest import office as office
from tests.intake.deliveries import deliver, register
from tests.intake.scans_made import LINES, ocr_result, page, picture

ONE, SECOND, TWO = picture([LINES[0]], "TIFF"), picture([LINES[1]], "TIFF"), picture([LINES[1]])
READ = "Fl rnaestr0 rural llegó al pueblo"
FILES: dict[str, bytes | str] = {
    "hojas/acta-1.tif": ONE,
    "hojas/acta-1.tif.ocr.json": ocr_result(ONE, page(1, READ, 41.0).model_copy(update={"doubtful": ("Fl", "rnaestr0")})),
    "hojas/acta-2.tif": SECOND,
    "hojas/acta-2.tif.ocr.json": ocr_result(SECOND, page(1, LINES[1], 97.0)),
    "otra.png": TWO,
    "otra.png.ocr.json": ocr_result(TWO, page(1, "y sus lihros", 92.0)),
}


@pytest.fixture
def delivery(office: Workspace) -> Path:
    """One page that is not used, one that is clean, one that is used and doubtful."""
    register(office)
    return deliver(office, FILES, format="files")


@pytest.fixture
def queue(office: Workspace, delivery: Path) -> Queue:
    """The queue over that delivery."""
    return Queue(office)


@pytest.fixture
def waiting(queue: Queue) -> ScanPage:
    """The page that is not used."""
    return queue.look().pages[0]
