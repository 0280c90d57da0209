"""Have the scans of a folder read, once, before or after it is delivered: the results become files beside the scans."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from latamgpt.custody.additions import add_files, refuse_changed
from latamgpt.custody.ocr_engine import Engine, find_engine
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.intake.delivery import DELIVERY_NAME, read_delivery
from latamgpt.intake.documents import DELIVERIES
from latamgpt.intake.library_files import shown_in_books
from latamgpt.intake.ocr_record import OCR_SUFFIX, OcrRecord
from latamgpt.intake.payload import refuse_unsafe
from latamgpt.intake.pdf import is_text, open_pdf
from latamgpt.intake.pdf_parser import EVERY_PAGE
from latamgpt.intake.quarantine import Rejected
from latamgpt.intake.residency import must_read_here
from latamgpt.intake.scans import IMAGE_SUFFIXES
from latamgpt.params import read_params
from latamgpt.records import Frozen
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace, list_files

PACKS = {
    "es": "spa",
    "pt": "por",
    "en": "eng",
    "qu": "que+spa",
    "que": "que+spa",
    "quy": "que+spa",
    "quz": "que+spa",
    "qud": "que+spa",
}
OTHERWISE = "spa"
"""For a language without a pack: the letters of Spanish read Mapudungun with 0.2% wrong letters, Guarani's nasals with 3.5%."""


@dataclass(frozen=True)
class Wish:
    """What the operator asks for."""

    folder: Path
    languages: str = ""  # as Tesseract names them; '' for what the delivery's language suggests
    dots_per_inch: int = 300
    anew: bool = False  # also what has a result already
    dry_run: bool = False
    actor: str = ""


def read_scans(workspace: Workspace | None, wish: Wish, say: Callable[[str], None]) -> str:
    """Read every scan that has no result yet, and say in words what was read and what waits for people.

    Raises:
        NotPermittedError: the delivery's agreement keeps its texts elsewhere.
        OperatorError: there is nothing to read, no engine, a language pack is missing, or the delivery is not whole.
    """
    folder = wish.folder
    if not folder.is_dir():
        raise OperatorError(f"{folder} is no folder: name a delivery, or a folder that will be one.")
    try:
        refuse_unsafe(folder)
        _must_read_here(workspace, folder)
        refuse_changed(folder)
        names = list_files(folder)
        shown = shown_in_books(folder, names)
        scans = [name for name in names if name not in shown and _is_scan(folder, name)]
    except Rejected as rejected:
        raise OperatorError(f"{folder}: {rejected.detail}") from rejected
    waiting = [name for name in scans if wish.anew or not (folder / f"{name}{OCR_SUFFIX}").is_file()]
    if not waiting:
        return f"{folder}: {len(scans)} scans, each with its OCR result. Nothing was changed."
    languages = wish.languages or _languages(folder)
    if wish.dry_run:
        words = f"would read {len(waiting)} of {len(scans)} scans with Tesseract ({languages}): {', '.join(waiting)}"
        return f"{words}. Nothing was changed."
    engine = find_engine(languages)
    records, refused = _read(engine, waiting, wish, languages, say)
    if records:
        detail = f"{len(records)} scans read by {engine.version} ({languages})"
        texts = {name + OCR_SUFFIX: as_json(record) for name, record in records.items()}
        add_files(workspace, folder, texts, (Action.SCANS_READ, detail), wish.actor)
    least = read_params(workspace.root).documents.min_page_confidence if workspace else None
    return _summary(folder, records.values(), refused, least)


def _must_read_here(workspace: Workspace | None, folder: Path) -> None:
    """A folder that is not delivered yet is bound by no agreement that this machine knows; `latamgpt deliver` asks."""
    if workspace is None or folder.resolve().parent.parent != (workspace.root / DELIVERIES).resolve():
        return
    institution = read_institution(workspace.root, folder.resolve().parent.name)
    must_read_here(workspace.root, "ocr", institution, [folder], read_params(workspace.root).documents)


def as_json(record: Frozen) -> str:
    """A record as its file holds it: sorted, indented, with a line end."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(record.model_dump(mode="json"), option=options).decode()


def _read(
    engine: Engine, names: Iterable[str], wish: Wish, languages: str, say: Callable[[str], None]
) -> tuple[dict[str, OcrRecord], list[str]]:
    records: dict[str, OcrRecord] = {}
    refused: list[str] = []
    for name in names:
        try:
            records[name] = engine.read(wish.folder / name, name, languages, wish.dots_per_inch)
        except Rejected as rejected:
            refused.append(rejected.detail)
            say(f"{name}: {rejected.detail}")
            continue
        pages = records[name].pages
        say(f"{name}: " + ", ".join("blank" if page.is_blank else f"{page.confidence:.0f}" for page in pages))
    return records, refused


def _summary(folder: Path, records: Iterable[OcrRecord], refused: list[str], min_confidence: float | None) -> str:
    """What was read; outside of a run, where nothing says how well a page must be read, without how many pages wait."""
    pages = [page for record in records for page in record.pages]
    words = f"{folder}: read {len(pages)} pages"
    if min_confidence is not None:
        waiting = sum(not page.is_good(min_confidence) for page in pages)
        words += f", of which {waiting} wait for a person's correction"
    return f"{words}; {len(refused)} scans could not be read: {'; '.join(refused)}" if refused else words


def _is_scan(folder: Path, name: str) -> bool:
    """An image, or a PDF with a page that has something drawn on it and no text layer."""
    if name.lower().endswith(IMAGE_SUFFIXES):
        return True
    if not name.lower().endswith(".pdf") or (folder / name).with_suffix(".md").is_file():
        return False
    try:
        pdf = open_pdf(folder / name, name, EVERY_PAGE)
    except Rejected:
        return False  # intake names it, with the reason
    return any(not is_text(pdf.pages[number - 1]) for number in pdf.drawn)


def _languages(folder: Path) -> str:
    if not (folder / DELIVERY_NAME).is_file():
        return OTHERWISE
    return PACKS.get(read_delivery(folder).language.partition("-")[0], OTHERWISE)
