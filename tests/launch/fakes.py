"""Slurm's commands as small scripts that answer what the real ones once answered, and note how they were called."""

from dataclasses import dataclass
from pathlib import Path

NOTES = '#!/bin/bash\necho "$(basename "$0") $*" >>{calls}\n'


@dataclass
class Fakes:
    """A folder that comes first on PATH."""

    folder: Path

    @property
    def calls(self) -> Path:
        """One line for each call."""
        return self.folder / "calls"

    @property
    def path(self) -> str:
        """For a process' environment."""
        return f"{self.folder}:/usr/bin:/bin"

    def program(self, name: str, text: str) -> None:
        """A command that is this script."""
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def answers(self, name: str, words: str, *, code: int = 0, complaint: str = "") -> None:
        """A command that prints this, always."""
        (self.folder / f"{name}.said").write_text(words)
        (self.folder / f"{name}.complained").write_text(complaint)
        said = f"cat {self.folder}/{name}.said\ncat {self.folder}/{name}.complained >&2\nexit {code}\n"
        self.program(name, NOTES.format(calls=self.calls) + said)

    def count(self, call: str) -> int:
        """How many calls began so."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return sum(line.startswith(call) for line in lines)
