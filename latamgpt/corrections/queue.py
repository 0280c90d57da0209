"""The correction queue: the pages of scans that people should look at, in every delivery that intake may use.

What intake sets aside is not shown: rights, labels, withdrawals, fixity and licences are asked by intake's own `take_in`, so that
no second rule can differ from it. It is asked once for each state of a delivery; a correction alone does not change the answer.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from latamgpt.corrections.scan_page import ScanPage, State
from latamgpt.custody.deeds import finish_cut_off
from latamgpt.custody.places import delivery_names, delivery_place
from latamgpt.custody.registry_edits import known_partners, registry_path
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.governance.withdrawals import read_withdrawn, withdrawals_path
from latamgpt.intake.delivery import DELIVERY_NAME, FIXITY_NAME, DeliveryFormat, read_fixity
from latamgpt.intake.library_files import shown_in_books
from latamgpt.intake.ocr_record import CORRECTIONS_SUFFIX, OCR_SUFFIX, Correction, Corrections, OcrPage, OcrRecord, parse
from latamgpt.intake.pdf import is_text, open_pdf
from latamgpt.intake.pdf_parser import EVERY_PAGE
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.residency import must_read_here
from latamgpt.intake.rows_on_disk import rows_on_disk
from latamgpt.intake.scans import IMAGE_SUFFIXES, pages_of
from latamgpt.intake.source import Source
from latamgpt.intake.taking_in import take_in
from latamgpt.params import read_params
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace

OUTSIDE_RESIDENCY = "outside_residency"  # as the agreements' rule calls it
OPEN = {Reason.OCR_LOW_CONFIDENCE, Reason.OCR_MISSING, Reason.OCR_INVALID, Reason.EMPTY_DOCUMENT, Reason.REPEATED_IN_DELIVERY}
"""What may be wrong with a document whose pages are shown all the same; any other reason keeps it from people's eyes."""


@dataclass(frozen=True)
class NotShown:
    """A delivery with scans that intake sets aside whole."""

    partner: str
    delivery: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Look:
    """The queue at one moment: pages in the order in which they are wanted."""

    pages: tuple[ScanPage, ...]
    not_shown: tuple[NotShown, ...]

    def count(self, state: State) -> int:
        """How many pages stand so."""
        return sum(page.state is state for page in self.pages)

    def find(self, page_id: str) -> ScanPage | None:
        """The page that an id names, where it may be shown."""
        return next((page for page in self.pages if page.id == page_id), None)


@dataclass(frozen=True)
class _Scan:
    name: str
    sha256: str
    pages: tuple[OcrPage, ...]


@dataclass(frozen=True)
class _Opened:
    language: str
    min_confidence: float
    scans: tuple[_Scan, ...]


class Queue:
    """The queue of a workspace; it remembers what intake said of a delivery until the delivery or its rights change.

    One thread at a time.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._opened: dict[str, tuple[str, _Opened]] = {}

    def look(self, partner: str = "") -> Look:
        """The queue as it is now, of one partner or of all.

        Raises:
            OperatorError: the partner is unknown, or the registry or the run's parameters do not read.
        """
        if partner:
            read_institution(self.workspace.root, partner)
        finish_cut_off(self.workspace)
        pages: list[ScanPage] = []
        not_shown: list[NotShown] = []
        for name in [partner] if partner else known_partners(self.workspace.root):
            for delivery in delivery_names(self.workspace, name):
                opened = self._open(name, delivery)
                if isinstance(opened, NotShown):
                    not_shown.append(opened)
                elif opened is not None:
                    folder = self.workspace.root / delivery_place(name, delivery)
                    pages += _standing(name, delivery, folder, opened)
        order = list(State)
        shown = [page for page in pages if page.state is not State.GOOD]
        return Look(tuple(sorted(shown, key=lambda page: (order.index(page.state), _reading_order(page)))), tuple(not_shown))

    def _open(self, partner: str, delivery: str) -> _Opened | NotShown | None:
        """The scans of a delivery that may be shown, or why none may; None where it holds no scan that was read."""
        place = delivery_place(partner, delivery)
        folder = self.workspace.root / place
        manifest = folder / FIXITY_NAME
        if not manifest.is_file() or OCR_SUFFIX.encode() not in manifest.read_bytes():
            return None
        stamp = self._stamp(partner, folder)
        known = self._opened.get(place)
        if known is not None and known[0] == stamp:
            return known[1]
        opened = self._judge(partner, delivery, folder)
        if isinstance(opened, _Opened):
            self._opened[place] = (stamp, opened)
        return opened

    def _judge(self, partner: str, delivery: str, folder: Path) -> _Opened | NotShown:
        root = self.workspace.root
        params = read_params(root)
        least = params.documents.min_page_confidence
        institution = read_institution(root, partner)
        try:
            must_read_here(root, "corrections", institution, [folder], params.documents)
        except NotPermittedError as refusal:
            return NotShown(partner, delivery, OUTSIDE_RESIDENCY, str(refusal))
        with rows_on_disk() as rows:
            taken = take_in(folder, institution, params.documents, params.rights.as_of, rows, read_withdrawn(root, partner))
            unusable = {path for path, reason in rows.files_set_aside() if reason not in OPEN}
        if taken.delivery is None or taken.refused:
            return NotShown(partner, delivery, taken.quarantined_for, taken.refused.detail if taken.refused else "")
        if taken.delivery.format not in (DeliveryFormat.FILES, DeliveryFormat.BAGIT):
            return _Opened(taken.delivery.language, least, ())
        listed = read_fixity(folder / FIXITY_NAME)
        source = Source.of(folder, taken.delivery, params.documents, listed)
        return _Opened(taken.delivery.language, least, tuple(_scans(source, listed, _barred(source, unusable))))

    def _stamp(self, partner: str, folder: Path) -> str:
        """What the answer of intake rests on, but for corrections."""
        root = self.workspace.root
        paths = [root / "params.yaml", root / registry_path(partner), root / withdrawals_path(partner), folder / DELIVERY_NAME]
        digest = hashlib.sha256()
        for path in paths:
            digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
        lines = (folder / FIXITY_NAME).read_bytes().splitlines()
        digest.update(b"\n".join(line for line in lines if not line.endswith(CORRECTIONS_SUFFIX.encode())))
        return digest.hexdigest()


def _barred(source: Source, paths: set[str]) -> set[str]:
    """The files of documents that intake sets aside for what no correction mends, from the paths that it names."""
    together = [pages_of(source, path) for path in paths if path.lower().endswith(IMAGE_SUFFIXES)]
    return paths.union(*together)


def _scans(source: Source, listed: Mapping[str, str], barred: Iterable[str]) -> Iterator[_Scan]:
    kept = {*barred, *shown_in_books(source.folder, listed)}
    for name in sorted(listed):
        scan = name.removesuffix(OCR_SUFFIX)
        if scan == name or scan not in listed or scan in kept:
            continue
        try:
            record = parse(OcrRecord, source.read(name), name)
            pages = _without_layer(source, scan, record.pages)
        except (OperatorError, Rejected):
            continue  # intake names it: ocr_invalid, pdf_unreadable
        if record.scan_sha256 == listed[scan]:
            yield _Scan(scan, record.scan_sha256, pages)


def _without_layer(source: Source, scan: str, pages: tuple[OcrPage, ...]) -> tuple[OcrPage, ...]:
    """The pages whose text intake takes from the machine's reading: of a PDF, those without a text layer."""
    if not scan.lower().endswith(".pdf"):
        return pages if scan.lower().endswith(IMAGE_SUFFIXES) else ()
    if source.has(PurePosixPath(scan).with_suffix(".md").as_posix()):
        return ()  # the print of a text that was delivered
    pdf = open_pdf(source.folder / scan, scan, EVERY_PAGE)
    return tuple(page for page in pages if page.number in pdf.drawn and not is_text(pdf.pages[page.number - 1]))


def _standing(partner: str, delivery: str, folder: Path, opened: _Opened) -> Iterator[ScanPage]:
    """The pages with the corrections that lie beside them now."""
    for scan in opened.scans:
        try:
            found = _corrections(folder, scan)
        except OperatorError:
            continue  # intake names it: ocr_invalid
        for page in scan.pages:
            of_page = tuple(one for one in found if one.page == page.number)
            yield ScanPage(partner, delivery, opened.language, scan.name, scan.sha256, page, of_page, opened.min_confidence)


def _corrections(folder: Path, scan: _Scan) -> tuple[Correction, ...]:
    path = folder / (scan.name + CORRECTIONS_SUFFIX)
    if not path.is_file():
        return ()
    found = parse(Corrections, path.read_bytes(), path.name)
    if found.scan_sha256 != scan.sha256:
        raise OperatorError(f"{path} is of another scan than lies beside it. Make it anew.")
    return found.corrections


def _reading_order(page: ScanPage) -> tuple[str, str, list[tuple[int, str]], int]:
    """Partner, delivery, then names with their numbers as numbers, then pages."""
    parts = [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", page.scan)]
    return page.partner, page.delivery, parts, page.read.number
