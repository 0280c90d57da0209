"""A correction becomes part of its delivery: entered into the audit log, listed in the manifest, whole or not at all.

The scan, the machine's text and every earlier correction stay. Correctors are credited in the delivery, as they wish to be named;
the audit log, of which nothing can be taken out again, names the operator and the file's sha256 only.
"""

import unicodedata
from dataclasses import dataclass

from latamgpt.corrections.queue import Queue
from latamgpt.corrections.scan_page import ScanPage
from latamgpt.custody.additions import addition, refuse_changed_files
from latamgpt.custody.days import must_have_come, today
from latamgpt.custody.deeds import do
from latamgpt.custody.edits import Deed, read_text
from latamgpt.custody.ocr import as_json
from latamgpt.custody.places import delivery_place
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action
from latamgpt.intake.ocr_record import CORRECTIONS_SUFFIX, OCR_SUFFIX, Correction, Corrections, parse, sha256_of_text

ANONYMOUS = "anonymous"
MAX_TEXT_CHARS = 200_000  # of one page; a page of a newspaper has about 40,000
MAX_NAME_CHARS = 200


class GoneError(OperatorError):
    """The page may not be corrected any more, or never could."""


class EditedMeanwhileError(OperatorError):
    """Somebody else saved the page since it was opened."""

    def __init__(self, page: ScanPage) -> None:
        super().__init__(f"page {page.read.number} of {page.scan} was corrected meanwhile: look at both texts.")
        self.page = page


class SavedBeforeError(OperatorError):
    """Exactly this was saved already: a button pressed twice."""


@dataclass(frozen=True)
class Said:
    """What a corrector hands in."""

    page_id: str
    seen: str  # `version` of the page that they saw
    text: str
    corrector: str


def as_typed(text: str) -> str:
    """A text as it is kept: line ends of one kind, accents composed (NFC, never NFKC), nothing else altered.

    Raises:
        OperatorError: it holds a control character, or is longer than any page.
    """
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    odd = next((char for char in kept if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t"), "")
    if odd:
        raise OperatorError(f"the text holds the character U+{ord(odd):04X}, which no text holds. Take it out and save again.")
    if len(kept) > MAX_TEXT_CHARS:
        raise OperatorError(f"the text has {len(kept):,} characters; no page has more than {MAX_TEXT_CHARS:,}. Save one page.")
    return kept


def save(queue: Queue, said: Said, actor: str = "") -> str:
    """Save a correction, and say what was entered.

    Raises:
        GoneError: the page is not shown: an agreement, a withdrawal or a new delivery came in between.
        EditedMeanwhileError: somebody else saved it since.
        OperatorError: a file of the delivery is not as its manifest says, or the disk did not take it.
    """
    try:
        return do(queue.workspace, actor, lambda: _deed(queue, said), dry_run=False)
    except SavedBeforeError as saved:
        return str(saved)
    except OSError as error:
        raise OperatorError(
            f"the disk did not take the correction ({error.strerror}). It is not saved. Free some space."
        ) from error


def _deed(queue: Queue, said: Said) -> Deed:
    """The correction as a deed; the log is locked, so that nobody else saves while this looks."""
    page = queue.look().find(said.page_id)
    if page is None:
        raise GoneError("this page is not in the correction queue any more. Nothing was saved.")
    last = page.corrections[-1] if page.corrections else None
    if last and (last.text, last.corrector) == (said.text, said.corrector) and said.seen != page.version:
        raise SavedBeforeError(f"page {page.read.number} of {page.scan} was saved before; nothing was changed.")
    if said.seen != page.version:
        raise EditedMeanwhileError(page)
    return _addition(queue, page, said)


def _addition(queue: Queue, page: ScanPage, said: Said) -> Deed:
    place = delivery_place(page.partner, page.delivery)
    folder = queue.workspace.root / place
    name = page.scan + CORRECTIONS_SUFFIX
    before = read_text(folder, name)
    refuse_changed_files(folder, [page.scan, page.scan + OCR_SUFFIX, name])
    made = Correction(
        page=page.read.number,
        ocr_text_sha256=sha256_of_text(page.read.text),
        text=said.text,
        corrector=said.corrector,
        date=today(),
    )
    earlier = parse(Corrections, before.encode(), name).corrections if before else ()
    for one in earlier:
        advice = f"Whose clock was wrong cannot be told, so nothing is added to {name}. Mend the day with whoever sent it."
        must_have_come(queue.workspace.root, one.date, f"page {one.page} of {page.scan} was corrected on", advice)
    corrections = Corrections(scan_sha256=page.scan_sha256, corrections=(*earlier, made))
    deed = (Action.PAGE_CORRECTED, f"page {page.read.number} of {page.scan} corrected")
    return addition(queue.workspace, place, {name: as_json(corrections)}, deed)
