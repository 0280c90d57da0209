"""Whether files hold text of a corpus: any run of characters that a document holds too, however white space and JSON write it."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

RUN_CHARS = 60
WINDOW, STRIDE = 30, 31  # a run of 60 characters holds a whole window of 30, wherever it begins
TEXT_IN_BYTES = re.compile(rb"[^\x00-\x08\x0b\x0c\x0e-\x1f]{%d,}" % RUN_CHARS)  # weights hold next to none that long


def shared_runs(files: Iterable[Path], documents: Iterable[str]) -> list[tuple[str, str]]:
    """File and run, for every run of RUN_CHARS characters that a file shares with a document; the first of each window."""
    windows: dict[str, list[tuple[str, int]]] = {}
    for document in map(_even, documents):
        for at in range(0, len(document) - WINDOW + 1, STRIDE):
            windows.setdefault(document[at : at + WINDOW], []).append((document, at))
    return [(path.name, run) for path in files for text in texts_of(path) for run in _runs(text, windows)]


def texts_of(path: Path) -> Iterator[str]:
    """What can be read in a file: its characters as they stand and, of JSON, every string in it as it is meant."""
    raw = path.read_bytes()
    for found in TEXT_IN_BYTES.finditer(raw):
        yield _even(found.group().decode("utf-8", errors="replace"))
    if path.suffix in (".json", ".jsonld"):
        yield from map(_even, _strings(json.loads(raw)))


def _runs(text: str, windows: dict[str, list[tuple[str, int]]]) -> Iterator[str]:
    for at in range(len(text) - WINDOW + 1):
        for document, place in windows.get(text[at : at + WINDOW], ()):
            before = _alike(text[:at][-RUN_CHARS:][::-1], document[:place][-RUN_CHARS:][::-1])
            after = _alike(text[at : at + RUN_CHARS], document[place : place + RUN_CHARS])
            if before + after >= RUN_CHARS:
                yield text[at - before : at + after]


def _alike(one: str, other: str) -> int:
    """How many characters two strings share from their beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _strings(one)


def _even(text: str) -> str:
    return " ".join(text.split())
