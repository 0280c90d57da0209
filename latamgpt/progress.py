"""Progress that a person can follow: lines on standard error, and a small file that a parent process can show."""

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

PROGRESS_FOLDER_VARIABLE = "LATAMGPT_PROGRESS"
SECONDS_BETWEEN_UPDATES = 0.5


@dataclass
class Progress:
    """How far a stage is: `done` of `total` in `unit`."""

    stage: str
    key: str
    unit: str
    total: int
    done: int = 0
    note: str = ""
    _shown_at: float = field(default=0.0, repr=False)

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count further work as done and show it, at most twice a second."""
        self.done += amount
        self.note = note or self.note
        now = time.monotonic()
        if now - self._shown_at >= SECONDS_BETWEEN_UPDATES or self.done >= self.total:
            self._shown_at = now
            self._show()

    def _show(self) -> None:
        folder = os.environ.get(PROGRESS_FOLDER_VARIABLE)
        if folder:
            target = Path(folder) / f"{self.stage}@{self.key}.json"
            draft = target.with_suffix(f".{os.getpid()}")
            draft.write_bytes(
                orjson.dumps(
                    {
                        "stage": self.stage,
                        "key": self.key,
                        "unit": self.unit,
                        "total": self.total,
                        "done": self.done,
                        "note": self.note,
                    }
                )
            )
            draft.replace(target)
        elif sys.stderr.isatty():
            print(f"\r{self.line()}\033[K", end="", file=sys.stderr, flush=True)  # noqa: T201
        else:
            print(self.line(), file=sys.stderr, flush=True)  # noqa: T201

    def line(self) -> str:
        """One line, such as 'checkpoint  14,336 of 61,440 tokens (23%)  loss 2.91'."""
        share = self.done / self.total if self.total else 1.0
        name = f"{self.stage} {self.key}".strip()
        return f"{name}  {self.done:,} of {self.total:,} {self.unit} ({share:.0%})  {self.note}".rstrip()


@contextmanager
def follow(stage: str, key: str, unit: str, total: int) -> Generator[Progress]:
    """Follow one piece of work from 0 to `total`."""
    progress = Progress(stage, key, unit, total)
    progress.advance(0)
    yield progress
    if not os.environ.get(PROGRESS_FOLDER_VARIABLE) and sys.stderr.isatty():
        print(file=sys.stderr)  # noqa: T201
