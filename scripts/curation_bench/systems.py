"""Whole pipelines on the same documents, in turns, so that what else the machine does falls on all of them."""

import json
import os
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.curation_bench.kernel_runs import OURS
from scripts.curation_bench.process_tree import Cost, cost_of
from scripts.curation_bench.tokenizer import BenchTokenizer

ROOT = Path(__file__).resolve().parents[2]
TUNED, STOCK = "datatrove, tuned", "datatrove"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Workers are processes on both sides: no library may add threads of its own."""


@dataclass(frozen=True)
class System:
    """A pipeline as a command that wants two more arguments: where the documents lie, and where to write."""

    name: str
    module: str
    python: Path
    options: tuple[str, ...]
    rounds: int

    @property
    def slug(self) -> str:
        """The name as part of a path."""
        return self.name.replace(", ", "-").replace(" ", "-")

    def command(self, documents: Path, output: Path) -> list[str]:
        """The whole command."""
        return [str(self.python), "-m", self.module, str(documents), str(output), *self.options]


@dataclass(frozen=True)
class PipelineRun:
    """One run of a system: what it took, and how many documents were left after each step."""

    system: str
    round: int
    num_bytes: int
    cost: Cost
    counts: Mapping[str, int]


def systems(peers: Path | None, tokenizer: BenchTokenizer, workers: int, rounds: int, stock_rounds: int) -> list[System]:
    """Our pipeline; and datatrove as it comes and tuned, where its environment is there."""
    own = ("--tokenizer", str(tokenizer.folder), "--workers", str(workers))
    found = [System(OURS, "scripts.curation_bench.pipeline", Path(sys.executable), own, rounds)]
    if peers is not None:
        theirs = ("--tokenizer", str(tokenizer.file), "--eos", tokenizer.eos, "--workers", str(workers), "--words")
        module = "scripts.curation_bench.peers.datatrove_pipeline"
        found.append(System(TUNED, module, peers, (*theirs, "regex"), rounds))
        found.append(System(STOCK, module, peers, (*theirs, "spacy"), stock_rounds))
    return found


def run_in_turns(chosen: Sequence[System], documents: Path, folder: Path, failures: dict[str, str]) -> list[PipelineRun]:
    """Round by round, one system after the other; a peer that fails is put among the failures and not run again."""
    runs: list[PipelineRun] = []
    for number in range(max(system.rounds for system in chosen)):
        for system in chosen:
            if number < system.rounds:
                runs += run_unless_failed(system, documents, folder, number, failures)
    return [run for run in runs if run.system not in failures]


def run_unless_failed(system: System, documents: Path, folder: Path, number: int, failures: dict[str, str]) -> list[PipelineRun]:
    """One run, or none where the system failed before or fails now; ours must not."""
    if system.name in failures:
        return []
    try:
        return [run_once(system, documents, folder, number)]
    except RuntimeError as failure:
        if system.name == OURS:
            raise
        failures[system.name] = str(failure)
        return []


def run_once(system: System, documents: Path, folder: Path, number: int = 0) -> PipelineRun:
    """One run, measured; its output is deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output"
    shutil.rmtree(output, ignore_errors=True)
    log = folder / f"{system.slug}-{number}.log"
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
    cost = cost_of(system.command(documents, output), ROOT, environment, log)
    counts = json.loads((output / "counts.json").read_text())
    shutil.rmtree(output)
    run = PipelineRun(system.name, number, text_bytes(documents), cost, counts)
    print(f"{system.name}, round {number + 1}: {run.num_bytes / 1e6:.1f} MB, {cost.cpu_seconds:.1f} CPU-s", file=sys.stderr)
    return run


def text_bytes(documents: Path) -> int:
    """Bytes of all texts in UTF-8."""
    return sum(
        len(text.encode())
        for path in documents.glob("*.parquet")
        for text in pq.read_table(path, columns=["text"])["text"].to_pylist()
    )


def cut(documents: Path, share: float, target: Path) -> Path:
    """The first so many documents of every file, at least one: their order says nothing."""
    target.mkdir(parents=True)
    for path in sorted(documents.glob("*.parquet")):
        table: pa.Table = pq.read_table(path)
        pq.write_table(table.slice(0, max(1, round(table.num_rows * share))), target / path.name)
    return target


def median_cpu_seconds(runs: Sequence[PipelineRun], system: str) -> float:
    """Of all runs of a system."""
    return statistics.median(run.cost.cpu_seconds for run in runs if run.system == system)


def ratio_to_ours(runs: Sequence[PipelineRun], system: str) -> float:
    """CPU seconds of a system for each of ours, round by round; the median."""
    ours = {run.round: run.cost.cpu_seconds for run in runs if run.system == OURS}
    return statistics.median(run.cost.cpu_seconds / ours[run.round] for run in runs if run.system == system and run.round in ours)
