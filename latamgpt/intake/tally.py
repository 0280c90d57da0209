"""What became of one delivery's documents, in numbers that stay small however many there are."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

from latamgpt.intake.found import Found
from latamgpt.intake.quarantine import SetAside
from latamgpt.intake.stated import NOT_DESCRIBED, Described
from latamgpt.records import UNKNOWN

NUM_EXAMPLES = 3  # of what is set aside for one reason: so many are kept at hand to show


@dataclass(frozen=True)
class Accepted:
    """A document that may be used, with the identity that its content gives it."""

    doc_id: str
    found: Found
    language: str
    described: Described = NOT_DESCRIBED


@dataclass
class Tally:
    """What became of one delivery's documents, in numbers that stay small however many there are."""

    num_documents: int = 0
    num_bytes: int = 0  # of the documents' texts in UTF-8
    num_orthographies: int = 0  # other spellings of them
    languages: Counter[str] = field(default_factory=Counter[str])
    num_with_period: int = 0
    num_with_kind: int = 0
    num_wrong_dates: int = 0  # stated, and not understood
    num_unknown_kinds: int = 0  # the same
    not_understood: list[str] = field(default_factory=list[str])  # the first few, with their paths
    confidences: "array[float]" = field(default_factory=lambda: array("d"))  # of documents that a machine read
    num_aside: Counter[str] = field(default_factory=Counter[str])  # by reason, as the next two
    bytes_aside: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, list[SetAside]] = field(default_factory=dict[str, list[SetAside]])

    def keep(self, one: Accepted) -> None:
        """Count a document."""
        self.num_documents += 1
        self.num_bytes += len(one.found.text.encode("utf-8"))
        self.num_orthographies += len(one.found.orthographies)
        self.languages[one.language] += 1
        self._describe(one)
        if one.found.confidence is not None:
            self.confidences.append(one.found.confidence)

    def _describe(self, one: Accepted) -> None:
        said = one.described
        self.num_with_period += said.period != UNKNOWN
        self.num_with_kind += said.kind != UNKNOWN
        self.num_wrong_dates += bool(said.date_fault)
        self.num_unknown_kinds += bool(said.kind_fault)
        faults = [f"{one.found.path}: {fault}" for fault in (said.date_fault, said.kind_fault) if fault]
        self.not_understood += faults[: NUM_EXAMPLES - len(self.not_understood)]

    def set_aside(self, item: SetAside) -> None:
        """Count an exclusion."""
        reason = str(item.reason)
        self.num_aside[reason] += 1
        self.bytes_aside[reason] += item.num_bytes
        first = self.examples.setdefault(reason, [])
        if len(first) < NUM_EXAMPLES:
            first.append(item)
