"""Measure the loader beside others that read sequences of 4,096 tokens in a random order: python -m scripts.bench_loader.

Generated documents are packed and published as shards. The same sequences, packed beforehand, are written for mosaicml-streaming
(MDS) and as one flat array for torch's DataLoader: both give token ids alone. A rate is tokens per CPU second of all
threads, so that neighbours on a shared machine count for little. MDS needs mosaicml-streaming in an environment of its
own, since its packages would change what this project runs on: `--peer-python PATH`. Without it it is named as not measured.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from latamgpt.budget.need import FLOPS_PER_PARAMETER_AND_TOKEN
from latamgpt.launch.costs import accelerators
from latamgpt.params import read_params
from latamgpt.records import MIXTURE_SCHEMA, TOKEN_SHARD_SCHEMA
from latamgpt.shards import token_type, write_shard
from latamgpt.store import rows_to_table
from latamgpt.table_format import write_table
from latamgpt.training.batches import Batch
from latamgpt.training.loader import Loader
from latamgpt.training.packing import PackedOrder
from scripts.loader_peers.rounds import rates_of

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).parent / "loader_peers"
WIDTH, WINDOW, ROWS_PER_BATCH = 4096, 1024, 32
VOCAB_SIZE, TOKENS_PER_SHARD = 49_152, 8_000_000
LOG_MEAN, LOG_DEVIATION = 6.24, 0.83  # of a document's tokens: 720 on average, 0.6% longer than a sequence
MODELS = {"SmolLM2-135M": 135e6, "Llama-3.1-8B": 8e9, "Llama-3.1-70B": 70e9}

Rates = dict[str, list[float]]
"""Tokens per CPU second of every reader, round by round."""


def prepare(folder: Path, num_shards: int, tokens_per_shard: int = TOKENS_PER_SHARD) -> tuple[PackedOrder, Loader]:
    """Generated documents, published as shards and packed."""
    write_inputs(folder, num_shards, tokens_per_shard)
    sizes = {"seq_len_tokens": WIDTH, "packing_window_sequences": WINDOW}
    order = PackedOrder(folder, read_params(ROOT).checkpoint.model_copy(update=sizes))
    return order, Loader(order, folder, WIDTH)


def write_inputs(folder: Path, num_shards: int, tokens_per_shard: int) -> None:
    """Shards of generated documents, and a mixture of all of them that jumps between the shards."""
    random = np.random.default_rng(1)
    drawn: list[dict[str, object]] = []
    for number in range(num_shards):
        name = f"train/{number:05}.parquet"
        lengths = np.maximum(random.lognormal(LOG_MEAN, LOG_DEVIATION, tokens_per_shard // 100).astype(np.int64), 2)
        lengths = lengths[: np.searchsorted(np.cumsum(lengths), tokens_per_shard)]
        rows = [_piece(f"{number}-{n}", random.integers(0, VOCAB_SIZE, length)) for n, length in enumerate(lengths.tolist())]
        write_shard(folder / name, rows, TOKEN_SHARD_SCHEMA, token_type(VOCAB_SIZE))
        for n, row in enumerate(rows):
            where = {"doc_id": row["doc_id"], "shard": name, "row": n, "num_tokens": len(row["tokens"])}
            drawn.append({**where, "language": "es", "epoch": 0, "is_replay": False})
    ordered = ({**drawn[n], "position": position} for position, n in enumerate(random.permutation(len(drawn)).tolist()))
    write_table(folder / "mixture.parquet", rows_to_table(ordered, MIXTURE_SCHEMA))


def _piece(doc_id: str, tokens: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> dict[str, Any]:
    described = dict.fromkeys(("partner", "agreement", "licence", "country", "language", "variety"), "x")
    return {**described, "doc_id": doc_id, "piece": 0, "tokens": tokens, "num_bytes": 3 * len(tokens)}


def measure_own(loader: Loader) -> Rates:
    """Batches by this project, with less or more of what a model asks for."""
    wanted: dict[str, Callable[[Batch], object]] = {
        "ids and boundaries (cu_seqlens)": lambda batch: batch,
        "ids, boundaries and loss mask": lambda batch: batch.is_target_BT,
        "all: ids, boundaries, loss mask, positions, segments": lambda b: (b.is_target_BT, b.position_ids_BT, b.segments_BT),
    }
    firsts = range(0, loader.num_sequences - ROWS_PER_BATCH + 1, ROWS_PER_BATCH)
    num_tokens = len(firsts) * ROWS_PER_BATCH * WIDTH

    def read(ask: Callable[[Batch], object]) -> int:
        for first in firsts:
            ask(loader.batch(first, first + ROWS_PER_BATCH))
        return num_tokens

    return {f"this loader, {name}": rates_of(lambda ask=ask: read(ask)) for name, ask in wanted.items()}


def measure_peer(python: str, module: str, flat: Path, scratch: Path) -> Rates:
    """What a peer prints; {} and the reason on the screen where it does not run."""
    command = [python, str(PEERS / f"{module}.py"), str(flat), str(WIDTH), str(ROWS_PER_BATCH), str(scratch)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"not measured: {module} under {python}: {reason}", file=sys.stderr)
        return {}
    return orjson.loads(run.stdout.splitlines()[-1])


def eaten_by(utilisation: float) -> dict[str, float]:
    """Tokens a second that one H100 trains on at this share of its peak, model by model."""
    peak = accelerators()["h100"].peak_flops_per_second.value * utilisation
    return {name: peak / FLOPS_PER_PARAMETER_AND_TOKEN / size for name, size in MODELS.items()}


def main() -> None:
    """Measure, then print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has mosaicml-streaming")
    parser.add_argument("--shards", type=int, default=10, help="of 8 million tokens each")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="latamgpt-bench-loader-") as name:
        folder = Path(name)
        order, loader = prepare(folder, options.shards)
        flat = folder / "packed.uint16"
        loader.batch(0, loader.num_sequences).input_ids_BT.tofile(flat)
        fill = order.num_tokens(order.num_sequences) / order.num_sequences / WIDTH
        cut = len(order.cut_documents(order.num_sequences)) / len(order.doc_ids)
        print(f"{order.num_sequences:,} sequences of {WIDTH:,}: {fill:.2%} of positions used, {cut:.2%} of documents cut\n")
        rates = measure_own(loader)
        for python, module in ((sys.executable, "memmap_in_dataloader"), (options.peer_python, "mosaicml_streaming")):
            rates |= measure_peer(python, module, flat, folder / module)
    print_rates(rates, accelerators()["cpu"].utilisation.value)


def print_rates(rates: Rates, utilisation: float) -> None:
    """A table of medians, and how many times what an H100 eats the whole batch is."""
    medians = {name: float(np.median(values)) for name, values in rates.items()}
    mds = next((rate for name, rate in medians.items() if "MDS" in name), None)
    print("| reader | million tokens per CPU second | of MDS |\n|---|---|---|")
    for name, rate in sorted(medians.items(), key=lambda item: -item[1]):
        print(f"| {name} | {rate / 1e6:,.0f} | {f'{rate / mds:.1f}' if mds else 'not measured'} |")
    whole = next(rate for name, rate in medians.items() if "all:" in name)
    print(
        f"\n| model on one H100 at {utilisation:.0%} of its peak | tokens a second | the loader, one core, all |\n|---|---|---|"
    )
    for name, eaten in eaten_by(utilisation).items():
        print(f"| {name} | {eaten:,.0f} | {whole / eaten:,.0f} times |")


if __name__ == "__main__":
    main()
