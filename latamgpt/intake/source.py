"""What a reader is given: one delivery's files, within its caps."""

from dataclasses import dataclass, field
from pathlib import Path

from latamgpt.intake.delivery import Delivery
from latamgpt.intake.encoding import decode
from latamgpt.intake.payload import Budget


@dataclass(frozen=True)
class Source:
    """One delivery being read."""

    folder: Path
    delivery: Delivery
    budget: Budget
    names: frozenset[str] = field(default_factory=frozenset[str])  # of all its files
    depth: int = 0  # of archives that these files were unpacked from

    def read(self, name: str) -> bytes:
        """A file's bytes, decompressed and within the caps."""
        return self.budget.read(self.folder / name, name)

    def place(self, name: str) -> Path:
        """Where a file lies, for a parser that reads it itself; it is counted within the caps, and is not compressed."""
        self.budget.count(self.folder / name, name)
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
