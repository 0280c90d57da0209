"""One page of a scan as a corrector meets it: what the machine read, what people made of it, and where it stands."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from latamgpt.intake.ocr_record import Correction, OcrPage, sha256_of_text

CLEAN_CONFIDENCE = 95.0
"""Of 100, what a clean page has at the least: below it, a page that was read and is used is worth a person's look."""

ID_CHARS = 20


class State(StrEnum):
    """Where a page stands, the most urgent first."""

    CHANGED = "changed"  # read by machine anew since a person corrected it: the whole scan waits until one looks again
    WAITING = "waiting"  # not used until a person corrects it
    UNSURE = "unsure"  # used, though the machine was less sure than of a clean page
    CORRECTED = "corrected"
    GOOD = "good"  # nothing to do, and not shown


@dataclass(frozen=True)
class ScanPage:
    """A page of a delivery's scan."""

    partner: str
    delivery: str
    language: str  # of the delivery
    scan: str  # the file's name in the delivery
    scan_sha256: str
    read: OcrPage
    corrections: tuple[Correction, ...]  # of this page, the earliest first; the last one holds
    min_confidence: float  # 0 to 1, of the run: below it the page is not used as the machine read it

    @property
    def id(self) -> str:
        """What names the page in an address: no part of a path."""
        name = f"{self.partner}/{self.delivery}/{self.scan}#{self.read.number}"
        return hashlib.sha256(name.encode()).hexdigest()[:ID_CHARS]

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.corrections:
            same = self.corrections[-1].ocr_text_sha256 == sha256_of_text(self.read.text)
            return State.CORRECTED if same else State.CHANGED
        if not self.read.is_good(self.min_confidence):
            return State.WAITING
        clean = self.read.is_blank or self.read.confidence >= CLEAN_CONFIDENCE
        return State.GOOD if clean else State.UNSURE

    @property
    def text(self) -> str:
        """The text that holds now."""
        return self.corrections[-1].text if self.corrections else self.read.text

    @property
    def version(self) -> str:
        """What names exactly this text and these corrections, so that a later writer knows what came in between."""
        parts = [sha256_of_text(self.read.text), *(one.model_dump_json() for one in self.corrections)]
        return sha256_of_text("\n".join(parts))
