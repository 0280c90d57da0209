"""Our kernels and the peers', each side in a process of its own, in turns on the same texts; medians of the turns."""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.curation_bench.corpus import Document
from scripts.curation_bench.kernel_runs import KernelRun, read_runs
from scripts.curation_bench.systems import ONE_THREAD, ROOT
from scripts.curation_bench.tokenizer import BenchTokenizer

OWN_MODULE = "scripts.curation_bench.own_kernels"
PEER_MODULE = "scripts.curation_bench.peers.kernels"
PEER_KERNELS = "the peers' kernels"
MESSAGE_CHARS = 1000


def write_texts(documents: Sequence[Document], max_bytes: int, path: Path) -> None:
    """The first documents of the corpus, up to a number of bytes, with what is known of each."""
    chosen: list[Document] = []
    num_bytes = 0
    for document in documents:
        if num_bytes >= max_bytes:
            break
        chosen.append(document)
        num_bytes += len(document.text.encode())
    table = pa.table(
        {
            "text": [document.text for document in chosen],
            "language": [document.language for document in chosen],
            "kind": [document.kind for document in chosen],
            "planted": pa.array([list(document.planted) for document in chosen], pa.list_(pa.string())),
        }
    )
    pq.write_table(table, path)


def run_kernels(
    peers: Path | None, texts: Path, tokenizer: BenchTokenizer, rounds: int, failures: dict[str, str]
) -> list[KernelRun]:
    """Every kernel of both sides, the median of its speeds over the rounds; peers that fail are put among the failures."""
    sides = [(Path(sys.executable), OWN_MODULE, tokenizer.folder)]
    if peers is not None:
        sides.append((peers, PEER_MODULE, tokenizer.file))
    found: dict[tuple[str, str], list[KernelRun]] = {}
    for number in range(rounds):
        for python, module, path in sides:
            answer = texts.with_name(f"{module.rsplit('.', 1)[-1]}-{number}.json")
            command = [str(python), "-m", module, str(texts), str(answer), "--tokenizer", str(path)]
            if python == peers and PEER_KERNELS in failures:
                continue
            environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
            ended = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, check=python != peers)
            if ended.returncode:
                failures[PEER_KERNELS] = ended.stderr[-MESSAGE_CHARS:]
                continue
            for run in read_runs(answer):
                found.setdefault((run.kernel, run.system), []).append(run)
    return [replace(runs[0], mb_per_cpu_second=median_speed(runs)) for runs in found.values()]


def median_speed(runs: Sequence[KernelRun]) -> float:
    """Of the same kernel's runs."""
    return statistics.median(run.mb_per_cpu_second for run in runs)
