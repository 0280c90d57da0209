"""One kernel on some texts, timed; what both environments need to do that the same way. Imports nothing of either side."""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq

OURS = "this project"
LIMIT = "limit"  # of the machine, as if it were a kernel
WARM_UP_TEXTS = 20  # compiles, loads models, fills caches
MIN_SECONDS = 0.5  # of CPU time
GARBAGE = "garbage"
MOJIBAKE = "mojibake"
DOUBLY_ENCODED = ("Ã", "â€")  # what UTF-8 read as Windows-1252 leaves
ONE_NAME = {"qu": "que", "gn": "gug"}  # fastText's codes as this project's

Result = TypeVar("Result")


@dataclass(frozen=True)
class Texts:
    """What kernels run on, with what is known of each text."""

    texts: list[str]
    languages: list[str]
    kinds: list[str]
    planted: list[list[str]]  # personal data, as it stands in a normalised text

    @property
    def num_bytes(self) -> int:
        """In UTF-8."""
        return sum(len(text.encode()) for text in self.texts)


@dataclass(frozen=True)
class KernelRun:
    """One system's speed at one kernel, and what can be said of its results."""

    kernel: str
    system: str
    mb_per_cpu_second: float
    does: str  # where the work differs between systems
    results: str = ""


def read_texts(path: Path) -> Texts:
    """Texts as `write_texts` of the bench writes them."""
    table = pq.read_table(path)
    return Texts(*(table[name].to_pylist() for name in ("text", "language", "kind", "planted")))


def timed(work: Callable[[Sequence[str]], Result], texts: Sequence[str], *, once: bool = False) -> tuple[float, Result]:
    """Megabytes of UTF-8 per CPU second of all threads, after a few texts to warm up; and what came out.

    Args:
        work: the kernel.
        texts: what it works on, again and again until MIN_SECONDS are over: a glance at the clock is no measure.
        once: not again, since the kernel remembers what it saw.
    """
    work(texts[:WARM_UP_TEXTS])
    start = time.process_time()
    results, num_times = work(texts), 1
    while (taken := time.process_time() - start) < MIN_SECONDS and not once:
        results, num_times = work(texts), num_times + 1
    return num_times * sum(len(text.encode()) for text in texts) / 1e6 / max(taken, 1e-9), results


def language_results(texts: Texts, found: Sequence[str]) -> str:
    """How many texts got their language, of those that are text."""
    judged = [n for n, kind in enumerate(texts.kinds) if kind != GARBAGE]
    right = sum(ONE_NAME.get(found[n], found[n]) == texts.languages[n] for n in judged)
    return f"{right / max(len(judged), 1):.1%} of {len(judged):,} right"


def repair_results(texts: Texts, mended: Sequence[str]) -> str:
    """How many of the wrongly decoded texts still show it."""
    broken = [
        n for n, kind in enumerate(texts.kinds) if kind == MOJIBAKE and any(sign in texts.texts[n] for sign in DOUBLY_ENCODED)
    ]
    left = sum(any(sign in mended[n] for sign in DOUBLY_ENCODED) for n in broken)
    return f"{len(broken) - left:,} of {len(broken):,} wrongly decoded texts mended"


def masking_results(texts: Texts, masked: Sequence[str]) -> str:
    """How many of the planted identifiers and addresses are gone."""
    strings = [(n, string) for n, planted in enumerate(texts.planted) for string in planted]
    gone = sum(string not in masked[n] for n, string in strings)
    return f"{gone:,} of {len(strings):,} planted strings gone"


def write_runs(path: Path, runs: Sequence[KernelRun]) -> None:
    """The runs as JSON."""
    path.write_text(json.dumps([asdict(run) for run in runs]))


def read_runs(path: Path) -> list[KernelRun]:
    """What `write_runs` wrote."""
    return [KernelRun(**run) for run in json.loads(path.read_text())]


def run_as_program(description: str | None, work: Callable[[Texts, Path, Path], Sequence[KernelRun]]) -> None:
    """What both environments' programs do: read texts, time kernels on them and write the answer.

    Args:
        description: the program's docstring.
        work: from the texts, the tokenizer and the answer's place to what was timed.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("answer", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True, help="as the side that is timed reads one")
    options = parser.parse_args()
    write_runs(options.answer, work(read_texts(options.texts), options.tokenizer, options.answer))
