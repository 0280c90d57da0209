"""Measure what README claims: whole commands on a fresh clone, each fast path against its plain reference in one run, and small
runs of what masking and the search for planted documents find.

Prints a Markdown table. Nothing here is asserted: a time is a property of a machine, a ratio says more.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from latamgpt.curation.minhash import signature
from latamgpt.params import read_params
from scripts import bench_loader, bench_personal_data, bench_poisoning, bench_trainer
from tests.curation.test_duplicates import plain_signature

ROOT = Path(__file__).resolve().parent.parent
QUICK_RUNS = 5
NUM_MASKED_DOCS = 20  # per kind of identifier
NUM_SEARCHED_DOCS, NUM_PLANTED_DOCS = 3000, 20  # planted: of each style
PERMUTATIONS, SHINGLE_WORDS, SEED = 112, 5, 7  # as in params.yaml


def seconds(command: list[str], cwd: Path, environment: dict[str, str]) -> float:
    """How long a command takes, wall clock; a failing command ends the measurement with its output."""
    start = time.perf_counter()
    run = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if run.returncode:
        sys.exit(f"bench: {' '.join(command)} failed with exit code {run.returncode}:\n{run.stdout[-2000:]}{run.stderr[-4000:]}")
    return taken


def median_seconds(command: list[str], cwd: Path, environment: dict[str, str]) -> float:
    """The median of several runs of a quick command."""
    return statistics.median(seconds(command, cwd, environment) for _ in range(QUICK_RUNS))


def clone(target: Path) -> dict[str, str]:
    """A fresh clone of the committed state, and an environment in which this checkout's packages run the clone's code."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    (target / ".venv").symlink_to(ROOT / ".venv")
    return {**os.environ, "PYTHONPATH": str(target), "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}


def measure_light_commands(rows: list[tuple[str, float, str]]) -> None:
    """Commands that must not pay for torch, beside the import that they avoid."""
    python, environment = str(ROOT / ".venv/bin/python"), dict(os.environ)
    torch = median_seconds([python, "-c", "import torch"], ROOT, environment)
    for name, arguments in (
        ("latamgpt --help", ["--help"]),
        ("latamgpt stage checkpoint --dry-run", ["stage", "checkpoint", "--dry-run"]),
        ("a light stage (documents of one partner)", ["stage", "documents", "academia-quechua"]),
    ):
        taken = median_seconds([python, "-m", "latamgpt.cli", *arguments], ROOT, environment)
        rows.append((name, taken, f"{taken / torch:.2f} of `import torch`"))


def measure_profile(rows: list[tuple[str, float, str]], profile: str, label: str) -> None:
    """Raw deliveries to release on a fresh clone, then the same command again."""
    with tempfile.TemporaryDirectory(prefix="latamgpt-bench-") as folder:
        target = Path(folder) / "clone"
        environment = clone(target)
        python = str(ROOT / ".venv/bin/python")
        if profile:
            seconds([python, "-m", "latamgpt.cli", "profile", profile], target, environment)
        command = [python, "-m", "dagster_project.run"]
        first = seconds(command, target, environment)
        second = seconds(command, target, environment)
        rows.append((f"raw to release, {label}", first, ""))
        rows.append((f"second run, {label}", second, f"{second / first:.3f} of the first"))
        shutil.rmtree(target)


def measure_installation(rows: list[tuple[str, float, str]]) -> None:
    """`make setup` on a fresh clone, with whatever the package caches of this machine hold."""
    with tempfile.TemporaryDirectory(prefix="latamgpt-bench-") as folder:
        target = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
        rows.append(("install (make setup)", seconds(["make", "setup"], target, dict(os.environ)), ""))


def measure_fast_paths(rows: list[tuple[str, float, str]]) -> None:
    """Fast paths against the plain references that the tests hold them equal to, on the same texts in one run."""
    paths = sorted((ROOT / "samples" / "base_text").glob("es-*.txt"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    num_bytes = sum(len(text.encode()) for text in texts)
    fast = timed(lambda: [signature(text, PERMUTATIONS, SHINGLE_WORDS, SEED) for text in texts])
    plain = timed(lambda: [plain_signature(text, PERMUTATIONS, SHINGLE_WORDS, SEED) for text in texts])
    rows.append((f"MinHash of {num_bytes:,} bytes", fast, f"plain Python takes {plain / fast:.0f} times as long"))


def measure_loader(rows: list[tuple[str, float, str]]) -> None:
    """Batches from memory-mapped shards, small; beside other loaders: python -m scripts.bench_loader."""
    with tempfile.TemporaryDirectory(prefix="latamgpt-bench-") as folder:
        order, loader = bench_loader.prepare(Path(folder), num_shards=1)
        start = time.perf_counter()
        rates = bench_loader.measure_own(loader)
        taken = time.perf_counter() - start
    found = "; ".join(f"{name}: {statistics.median(values) / 1e6:.0f}" for name, values in rates.items())
    rows.append(
        (f"batches of {order.num_tokens(order.num_sequences):,} tokens", taken, f"million tokens per CPU second, {found}")
    )


def measure_trainer(rows: list[tuple[str, float, str]]) -> None:
    """The trainer with everything on against a bare PyTorch loop: python -m scripts.bench_trainer."""
    start = time.perf_counter()
    found = bench_trainer.describe(bench_trainer.measure())
    rows.append(("the trainer on a tiny model", time.perf_counter() - start, found))


def measure_personal_data(rows: list[tuple[str, float, str]]) -> None:
    """Masking of planted identifiers, small; by country: python -m scripts.bench_personal_data."""
    start = time.perf_counter()
    tallies = bench_personal_data.measure(seed=1, num_documents=NUM_MASKED_DOCS).tallies.values()
    taken = time.perf_counter() - start
    total = bench_personal_data.Tally()
    for tally in tallies:
        total.add(tally)
    found = f"recall {total.recall:.2%}, precision {total.precision:.2%}"
    rows.append((f"masking of {total.num_planted:,} planted identifiers of {len(tallies)} kinds", taken, found))


def measure_poisoning(rows: list[tuple[str, float, str]]) -> None:
    """The search for planted documents, small; at its full size: python -m scripts.bench_poisoning."""
    styles = list(bench_poisoning.STYLES)
    params = read_params(ROOT).corpus.poisoning
    planted, flagged, taken = bench_poisoning.measure(NUM_SEARCHED_DOCS, NUM_PLANTED_DOCS, styles, params)
    found = Counter(planted.style_of.get(doc_id, "honest") for doc_id in flagged)
    recall = "; ".join(f"{style}: {found[style] / NUM_PLANTED_DOCS:.0%}" for style in styles)
    rows.append((f"poison among {NUM_SEARCHED_DOCS:,} documents", taken, f"recall: {recall}. False alarms: {found['honest']}"))


def timed(work: Callable[[], object]) -> float:
    """How long a call takes, after one call to warm up."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--without-real-model", action="store_true", help="leave out the run with the real base model (the longest)"
    )
    parser.add_argument("--without-install", action="store_true", help="leave out the installation")
    options = parser.parse_args()
    rows: list[tuple[str, float, str]] = []
    measure_light_commands(rows)
    measure_fast_paths(rows)
    measure_loader(rows)
    measure_trainer(rows)
    measure_personal_data(rows)
    measure_poisoning(rows)
    if not options.without_install:
        measure_installation(rows)
    measure_profile(rows, "tiny", "the tests' base")
    if not options.without_real_model:
        measure_profile(rows, "", "SmolLM2-135M")
    print("| what | seconds | beside |\n|---|---|---|\n" + "\n".join(f"| {n} | {s:.2f} | {b} |" for n, s, b in rows))


if __name__ == "__main__":
    main()
