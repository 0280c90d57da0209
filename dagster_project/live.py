"""A run as a person follows it: what is at work, how far it is, and one sentence for each stage that is done."""

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

SECONDS_BETWEEN_LOOKS = 0.4
SECONDS_BETWEEN_LINES = 15.0  # where there is no terminal, a long stage says how far it is this often


@dataclass(frozen=True)
class HowFar:
    """What a stage said of itself, by way of latamgpt.progress."""

    done: int = 0
    total: int = 0
    unit: str = ""
    note: str = ""

    def words(self) -> str:
        """Such as '14,336 of 61,440 tokens  loss 2.91'."""
        return f"{self.done:,} of {self.total:,} {self.unit}  {self.note}".rstrip() if self.total else ""


def how_far(folder: Path, address: str) -> HowFar:
    """How far a stage is, if it has said so."""
    name, _, key = address.partition("@")
    try:
        found = json.loads((folder / f"{name}@{key}.json").read_bytes())
    except FileNotFoundError:
        return HowFar()
    return HowFar(found["done"], found["total"], found["unit"], found["note"])


class Screen(Protocol):
    """Where a run is shown."""

    def look(self, running: dict[str, float], done: int, total: int) -> None:
        """Show what is at work now; called a few times a second."""
        ...

    def say(self, line: str) -> None:
        """Show a line that stays."""
        ...

    def close(self) -> None:
        """Leave only what stays."""
        ...


class Terminal:
    """Bars that move, for a person at a terminal."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[words]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._all = self._progress.add_task("stages", words="", total=1)
        self._progress.start()

    def look(self, running: dict[str, float], done: int, total: int) -> None:
        """A bar for each stage at work and one for all."""
        self._progress.update(self._all, completed=done, total=total, words=f"{done} of {total} stages")
        for address in [address for address in self._bars if address not in running]:
            self._progress.remove_task(self._bars.pop(address))
        for address in running:
            if address not in self._bars:
                self._bars[address] = self._progress.add_task(address, words="", total=None)
            far = how_far(self._folder, address)
            self._progress.update(self._bars[address], completed=far.done, total=far.total or None, words=far.words())

    def say(self, line: str) -> None:
        """A line above the bars."""
        self._progress.console.print(line, markup=False)

    def close(self) -> None:
        """Take the bars away."""
        self._progress.stop()


class Lines:
    """Plain lines, for a log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said_at: dict[str, float] = {}

    def look(self, running: dict[str, float], done: int, total: int) -> None:
        """A line for each stage that has been silent for long."""
        for address, since in running.items():
            if time.monotonic() - self._said_at.get(address, since) >= SECONDS_BETWEEN_LINES:
                self._said_at[address] = time.monotonic()
                words = how_far(self._folder, address).words() or "at work"
                self.say(f"      {address}: {words} ({time.monotonic() - since:.0f} s)")

    def say(self, line: str) -> None:
        """A line on standard error."""
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    def close(self) -> None:
        """Nothing to take away."""


@dataclass
class Live:
    """A run on a screen, updated by a thread of its own."""

    screen: Screen
    total: int
    done: int = 0
    running: dict[str, float] = field(default_factory=dict[str, float])  # address -> when it began
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Live":
        self._thread = threading.Thread(target=self._watch, daemon=True, name="live")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.screen.close()

    def started(self, address: str) -> None:
        """A stage begins."""
        self.running[address] = time.monotonic()

    def finished(self, address: str, words: str) -> None:
        """A stage ended; `words` is its report's summary, or why it failed."""
        seconds = time.monotonic() - self.running.pop(address, time.monotonic())
        self.done += 1
        width = len(str(self.total))
        self.screen.say(f"{self.done:>{width}}/{self.total}  {address}: {words}  ({seconds:.1f} s)")

    def _watch(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            self.screen.look(dict(self.running), self.done, self.total)


def open_screen(folder: Path) -> Screen:
    """Bars on a terminal, lines elsewhere."""
    return Terminal(folder, Console(stderr=True, highlight=False)) if sys.stderr.isatty() else Lines(folder)
