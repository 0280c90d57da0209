"""What a reader is given: one delivery's files, within its caps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from latamgpt.intake.delivery import Delivery
from latamgpt.intake.encoding import decode
from latamgpt.intake.payload import Budget
from latamgpt.params import DocumentsParams

MAX_TEXT_BYTES = 16 << 20
"""Of a file that is one text, as of a document's text: working on it takes up to twelve times as much memory (docs/memory.md)."""


@dataclass(frozen=True)
class Source:
    """One delivery being read."""

    folder: Path
    delivery: Delivery
    budget: Budget
    min_page_confidence: float  # 0 to 1: below it a machine's reading of a scanned page is not used
    names: frozenset[str] = field(default_factory=frozenset[str])  # of all its files
    last_day: date = date.max  # what is dated later is of a time to come
    depth: int = 0  # of archives that these files were unpacked from

    @classmethod
    def of(cls, folder: Path, delivery: Delivery, params: DocumentsParams, names: Iterable[str]) -> "Source":
        """A delivery with a fresh budget, by a run's parameters."""
        return cls(folder, delivery, Budget.of(params), params.min_page_confidence, frozenset(names))

    def read(self, name: str, most: int = MAX_TEXT_BYTES) -> bytes:
        """The bytes of a file that is read whole, within the caps; of at most so many."""
        return self.budget.read(self.folder / name, name, most)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file that may be long, one piece after the other, decompressed and within the caps."""
        return self.budget.pieces(self.folder / name, name)

    def place(self, name: str, most: int | None = None) -> Path:
        """Where a file lies, for a parser that reads it itself; it is counted within the caps, and is not compressed."""
        self.budget.count(self.folder / name, name, most)
        return self.folder / name

    def text(self, name: str) -> str:
        """A file's text in the declared encoding."""
        return decode(self.read(name), self.delivery.encoding, name)

    def has(self, name: str) -> bool:
        """Whether the delivery holds a file of this name."""
        return name in self.names

    def beside(self, base: str, suffix: str) -> str:
        """The file of this name and suffix, written small or in capitals; '' where there is none."""
        return next((name for name in (base + suffix, base + suffix.upper()) if name in self.names), "")
