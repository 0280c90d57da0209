"""What a reader is given and what it gives back: one delivery's files, and the documents found in them."""

from dataclasses import dataclass, field
from pathlib import Path

from latamgpt.intake.delivery import Delivery
from latamgpt.intake.encoding import decode
from latamgpt.intake.licences import Statement
from latamgpt.intake.payload import Budget
from latamgpt.intake.quarantine import SetAside


@dataclass(frozen=True)
class Found:
    """A document as its file holds it, before rights are looked at."""

    path: str  # '#17' names the 17th record of a file
    text: str
    title: str = ""
    language: str = ""  # as stated with the document; '' where the delivery's holds
    statements: tuple[Statement, ...] = ()  # of its licence


Reading = list[Found | SetAside]
"""What one file gave."""


@dataclass(frozen=True)
class Source:
    """One delivery being read."""

    folder: Path
    delivery: Delivery
    budget: Budget
    names: frozenset[str] = field(default_factory=frozenset[str])  # of all its files

    def read(self, name: str) -> bytes:
        """A file's bytes, decompressed and within the caps."""
        return self.budget.read(self.folder / name, name)

    def text(self, name: str) -> str:
        """A file's text in the declared encoding."""
        return decode(self.read(name), self.delivery.encoding, name)

    def has(self, name: str) -> bool:
        """Whether the delivery holds a file of this name."""
        return name in self.names
