"""Readers of scans: page images, and pages of a PDF that hold no text. Their text is the OCR result that lies beside them.

Images of one folder whose names differ only in the number at their end are the pages of one document. A page that was read badly
is not used: it is named, the scan is kept, and a correction that lies beside it is read in its place.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath

from latamgpt.intake.found import Found, Reading
from latamgpt.intake.ocr_record import OcrPage, read_corrections, read_record, sha256_of_text
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.scanned_text import repair_pages
from latamgpt.intake.source import Source

IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
NUMBERED = re.compile(r"^(?P<base>.*?)[-_. ]*(?P<number>\d{1,6})$")
MISSING_OCR = (
    "{scan} has no text and no OCR result beside it: run `latamgpt ocr` on the delivery, which needs Tesseract (`make setup-ocr`)"
)


@dataclass(frozen=True)
class PageRead:
    """The text of one page, or why it has none."""

    path: str
    text: str = ""  # '' for a blank page too
    aside: SetAside | None = None
    confidence: float = 0.0  # of 100, over the words that a machine read from a picture
    num_words: int = 0  # so read


def read_image(source: Source, name: str) -> Reading:
    """The document whose first page is this image; the images of its other pages give nothing of their own."""
    pages = pages_of(source, name)
    if pages[0] != name:
        return []
    read = [page for before, image in pairwise([name, *pages]) for page in [*_gap(before, image), *scanned_pages(source, image)]]
    title = _base(name) or PurePosixPath(name).parent.name
    return as_document(name, title, read, tuple(pages[1:]))


def pages_of(source: Source, name: str) -> list[str]:
    """The images that are pages of the same document, in the order of their numbers."""
    return _numbered(source.names).get(_document(name), [name]) if NUMBERED.match(PurePosixPath(name).stem) else [name]


def first_page(name: str, scans: Iterable[str]) -> str | None:
    """Of the first pages of some documents, the one of the document that the numbered image `name` is a page of."""
    if not NUMBERED.match(PurePosixPath(name).stem):
        return None
    numbered = (scan for scan in scans if NUMBERED.match(PurePosixPath(scan).stem))
    return next((scan for scan in numbered if _document(scan) == _document(name)), None)


@lru_cache(maxsize=1)
def _numbered(names: frozenset[str]) -> Mapping[tuple[str, str, str], list[str]]:
    """All files with a number at the end of their name, those of one document together; made once for a delivery."""
    together: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name in sorted(names, key=lambda name: (_number(name), name)):
        if NUMBERED.match(PurePosixPath(name).stem):
            together[_document(name)].append(name)
    return dict(together)


def _document(name: str) -> tuple[str, str, str]:
    path = PurePosixPath(name)
    return str(path.parent), path.suffix.lower(), _base(name)


def scanned_pages(source: Source, scan: str, only: Sequence[int] | None = None) -> list[PageRead]:
    """The pages of one file of scans, each with its text or with what it is set aside for.

    Args:
        source: the delivery.
        scan: the file's name.
        only: the numbers of the pages that are wanted, such as those of a PDF without text; all when None.
    """
    size = (source.folder / scan).stat().st_size
    try:
        record = read_record(source, scan)
        corrected = _corrected(source, scan, record.pages if record else ())
    except Rejected as rejected:
        return [PageRead(scan, aside=SetAside(scan, rejected.reason, rejected.detail, size))]
    if record is None:
        return [PageRead(scan, aside=SetAside(scan, Reason.OCR_MISSING, MISSING_OCR.format(scan=scan), size))]
    known = {page.number: page for page in record.pages}
    wanted = sorted(known) if only is None else only
    least = source.min_page_confidence
    return [_page(scan, number, known.get(number), corrected.get(number), least) for number in wanted]


def as_document(name: str, title: str, pages: Sequence[PageRead], parts: tuple[str, ...] = ()) -> Reading:
    """The pages as one document, and what was set aside of it; `parts` are the other files that its pages are."""
    aside: Reading = [page.aside for page in pages if page.aside is not None]
    text = repair_pages([page.text for page in pages])
    if not text.strip() and aside:
        return aside
    num_words = sum(page.num_words for page in pages)
    confidence = sum(page.confidence * page.num_words for page in pages) / num_words / 100 if num_words else None
    return [Found(name, text, title, parts=parts, confidence=None if confidence is None else round(confidence, 4)), *aside]


def _page(scan: str, number: int, page: OcrPage | None, corrected: str | None, min_confidence: float) -> PageRead:
    path = f"{scan}#{number}"
    if corrected is not None:
        return PageRead(path, corrected)
    if page is None:
        detail = f"the OCR result of {scan} lacks page {number}: run `latamgpt ocr` on the delivery anew"
        return PageRead(path, aside=SetAside(path, Reason.OCR_MISSING, detail, 0))
    if page.is_good(min_confidence):
        return PageRead(path, page.text, None, page.confidence, page.num_words)
    detail = (
        f"page {number} of {scan} was read with a confidence of {page.confidence:g} of 100 in {page.num_words} words, and "
        f"{100 * min_confidence:g} are asked for: the scan is kept and waits for a person's correction"
    )
    return PageRead(path, aside=SetAside(path, Reason.OCR_LOW_CONFIDENCE, detail, len(page.text.encode())))


def _corrected(source: Source, scan: str, pages: Sequence[OcrPage]) -> Mapping[int, str]:
    """Page -> a person's text.

    Raises:
        Rejected: ocr_invalid, where a page's last correction is of another text than the OCR result holds.
    """
    found = read_corrections(source, scan)
    if found is None:
        return {}
    texts = {page.number: sha256_of_text(page.text) for page in pages}
    last = {correction.page: correction for correction in found.corrections}
    for correction in last.values():
        if texts.get(correction.page) != correction.ocr_text_sha256:
            detail = f"page {correction.page} of {scan} was corrected from another OCR result than lies beside it: which holds?"
            raise Rejected(Reason.OCR_INVALID, detail)
    return {number: correction.text for number, correction in last.items()}


def _gap(before: str, image: str) -> list[PageRead]:
    """An empty page where a number is missing, so that no sentence is joined over it."""
    return [PageRead(image)] if _number(image) - _number(before) > 1 else []


def _base(name: str) -> str:
    stem = PurePosixPath(name).stem
    match = NUMBERED.match(stem)
    return match["base"] if match else stem


def _number(name: str) -> int:
    match = NUMBERED.match(PurePosixPath(name).stem)
    return int(match["number"]) if match else 0
