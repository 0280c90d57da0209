"""Measure curation on a generated corpus: beside other pipelines, kernel by kernel beside peers, plain references and limits, and
by how much of the planted it finds.

    python -m scripts.curation_bench --megabytes 25

Writes report.md, results.json and report.svg below var/bench/curation, and prints the report. The peers get an environment of
their own in var/bench/peers, made when it is missing (about 1 GB). A peer that cannot be installed or fails is named in the
report.
"""

import argparse
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.params import read_params
from scripts.curation_bench import peer_environment
from scripts.curation_bench.corpus import generate, write
from scripts.curation_bench.findings import measure_cleaning, measure_findings
from scripts.curation_bench.growth import run_growing
from scripts.curation_bench.kernels_beside import run_kernels, write_texts
from scripts.curation_bench.plot import draw
from scripts.curation_bench.report import Measured, markdown, write_json
from scripts.curation_bench.steps import measure_steps
from scripts.curation_bench.systems import STOCK, run_in_turns, systems
from scripts.curation_bench.tokenizer import choose

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "var" / "bench"
TRAINING_TEXTS = 4000  # for the tokenizer, where the run has none


def measure(options: argparse.Namespace, folder: Path) -> Measured:
    """Everything, on a corpus generated into an empty folder."""
    params = read_params(ROOT)
    generated = generate(ROOT / "samples", options.megabytes * 1_000_000)
    corpus = folder / "corpus"
    write(generated, corpus)
    documents = pa.concat_tables([pq.read_table(path) for path in sorted((corpus / "documents").glob("*.parquet"))])
    texts = [document.text for document in generated]
    tokenizer = choose(ROOT / "data" / "tokenizer", texts[:TRAINING_TEXTS], folder / "tokenizer")
    peers = peer_environment.make(BENCH / "peers")
    failures = {"all peers": peers.why_not} if peers.why_not else {}
    chosen = systems(peers.python, tokenizer, options.workers, options.rounds, options.stock_rounds)
    pipelines = run_in_turns(chosen, corpus / "documents", folder / "runs", failures)
    growing = [
        run
        for system in chosen
        if system.name != STOCK and system.name not in failures
        for run in run_growing(system, corpus / "documents", folder / system.slug, failures)
    ]
    write_texts(generated, options.kernel_megabytes * 1_000_000, folder / "texts.parquet")
    kernels = run_kernels(peers.python, folder / "texts.parquet", tokenizer, options.rounds, failures)
    step_table = measure_steps(texts, params.clean_documents)
    cleaned, cleaning = measure_cleaning(documents, params.clean_documents)
    return Measured(
        num_bytes=sum(len(text.encode()) for text in texts),
        num_documents=len(generated),
        workers=options.workers,
        tokenizer=tokenizer.origin,
        peers=peer_environment.packages(),
        failures=failures,
        pipelines=pipelines,
        growing=growing,
        kernels=kernels,
        cleaning=cleaning,
        tables=[step_table, measure_findings(corpus, cleaned, params.corpus)],
    )


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=25, help="of generated text (25)")
    parser.add_argument("--kernel-megabytes", type=int, default=5, help="of it for the kernels, some of which are slow (5)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each system, in turns (3)")
    parser.add_argument("--stock-rounds", type=int, default=1, help="runs of datatrove as it comes: 8 CPU seconds for a MB (1)")
    parser.add_argument("--workers", type=int, default=2, help="processes of each system (2)")
    options = parser.parse_args()
    folder = BENCH / "curation"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    measured = measure(options, folder)
    (folder / "report.md").write_text(markdown(measured))
    write_json(measured, folder / "results.json")
    draw(measured, folder / "report.svg")
    print(markdown(measured))


if __name__ == "__main__":
    main()
