"""Measure the trainer on a GPU beside a bare PyTorch loop: `make bench-gpu`, or python -m scripts.bench_gpu --hidden 2048 ...

A Llama with fresh weights of the size asked for, random documents, bf16. First the trainer's engine at this ZeRO stage, then a
loop of bf16 weights, fp32 masters in fused AdamW, and clipping. Prints tokens per second, MFU, the greatest memory, and for how
long a save holds the training up. It runs on a CPU too, with tiny sizes, which says nothing of a GPU.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from latamgpt.params import Attention, CheckpointParams, Precision, read_params
from latamgpt.training import attention
from latamgpt.training.batches import Batch, make_batch
from latamgpt.training.engine import IGNORED_LABEL, Engine
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.pace import pace_of
from latamgpt.training.rank import join_ranks
from latamgpt.training.resume import Cursor, History, SavedState
from latamgpt.training.state_writer import StateWriter

ROOT = Path(__file__).resolve().parent.parent
SIZE_OF_HEAD = 64
DOCUMENTS = 4  # of a sequence
WARM_UP = 3


def make_base(folder: Path, asked: argparse.Namespace) -> Path:
    """A model of the size asked for."""
    heads = max(asked.hidden // SIZE_OF_HEAD, 2)
    config = LlamaConfig(
        vocab_size=asked.vocabulary,
        hidden_size=asked.hidden,
        intermediate_size=asked.hidden * 8 // 3 // 16 * 16,
        num_hidden_layers=asked.layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=asked.tokens,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    return folder


def make_batches(asked: argparse.Namespace, engine: Engine) -> list[Batch]:
    """The passes of one step, of documents of equal length."""
    draw = np.random.default_rng(1)
    shape = (len(engine.passes), engine.passes[0].stop - engine.passes[0].start, DOCUMENTS, asked.tokens // DOCUMENTS)
    tokens = draw.integers(1, asked.vocabulary, shape, dtype=np.uint32)
    return [make_batch([list(row) for row in rows], asked.tokens) for rows in tokens]


def make_bare_step(base: Path, params: CheckpointParams, batches: list[Batch], device: str) -> Callable[[], object]:
    """One step of a loop that anyone would write, on the same batches with the same attention."""
    kernel = attention.prepare(params.attention, Precision.BF16, device)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation=kernel).to(device).train()
    model.config.use_cache = False
    masters = [weight.detach().float() for weight in model.parameters()]
    optimizer = torch.optim.AdamW(masters, lr=1e-4, fused=True)
    num_targets = sum(batch.num_targets for batch in batches)

    def step() -> object:
        total = torch.zeros((), device=device)
        for batch in batches:
            rows = (1, -1) if params.attention is Attention.VARLEN else batch.input_ids_BT.shape
            input_ids = torch.from_numpy(batch.input_ids_BT).to(device).long().view(rows)
            labels = input_ids.masked_fill(~torch.from_numpy(batch.is_target_BT).to(device).view(rows), IGNORED_LABEL)
            logits = model(**attention.inputs_of(batch, input_ids, params.attention)).logits
            nats = torch.nn.functional.cross_entropy(
                logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), reduction="sum"
            )
            (nats / num_targets).backward()
            total += nats.detach()
        for master, weight in zip(masters, model.parameters(), strict=True):
            master.grad, weight.grad = weight.grad.float() if weight.grad is not None else None, None
        torch.nn.utils.clip_grad_norm_(masters, params.max_grad_norm)
        optimizer.step()
        with torch.no_grad():
            for master, weight in zip(masters, model.parameters(), strict=True):
                weight.copy_(master)
        return total.item()

    return step


def timed(work: Callable[[], object], times: int) -> float:
    """The median of how many seconds a call takes, until the device is done."""
    taken: list[float] = []
    for _ in range(WARM_UP + times):
        started = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[WARM_UP:])


def measure(asked: argparse.Namespace, folder: Path) -> list[str]:
    """Lines for people."""
    rank, params = join_ranks(), _params(asked)
    make_deterministic(2, params.seed)
    base, device = make_base(folder / "base", asked), "cuda" if torch.cuda.is_available() else "cpu"
    num_tokens = asked.batch * asked.tokens
    ours, batches, lines = measure_engine(Engine(base, params, rank), asked, folder / "states")
    bare = timed(make_bare_step(base, params, batches, device), asked.steps)
    told = (
        f"{device}, ZeRO {params.zero_stage}, {params.attention}: {num_tokens / ours:,.0f} tokens/s, {bare / ours:.1%} of a bare "
    )
    return [f"{told}loop's {num_tokens / bare:,.0f}", *lines]


def measure_engine(engine: Engine, asked: argparse.Namespace, folder: Path) -> tuple[float, list[Batch], list[str]]:
    """Seconds of a step, what it trains on, and what else was seen; the engine's memory is free again afterwards."""
    batches = make_batches(asked, engine)
    num_targets = sum(batch.num_targets for batch in batches)
    seconds = timed(lambda: engine.train_step(batches, num_targets, 1e-4), asked.steps)
    rates = pace_of(engine.model, engine.rank.count, 2).rates(asked.batch * asked.tokens, seconds)
    held, whole = _save(engine, folder)
    lines = [_utilisation(rates), f"a save holds the training up for {held:.2f} s, and is whole after {whole:.2f} s"]
    if torch.cuda.is_available():
        lines.append(f"greatest memory of the GPU: {torch.cuda.max_memory_allocated() / 1e9:.1f} GB")
    return seconds, batches, lines


def _utilisation(rates: dict[str, float]) -> str:
    return f"MFU {rates['perf/mfu']:.1%}" if "perf/mfu" in rates else "no MFU: accelerators.yaml does not know this device"


def _save(engine: Engine, folder: Path) -> tuple[float, float]:
    folder.mkdir()
    writer = StateWriter(folder, 0, engine.exchange)
    saved = SavedState(cursor=Cursor(step=1, sequences=1, num_ranks=1), history=History())
    started = time.perf_counter()
    writer.save(saved, engine.state())
    held = time.perf_counter() - started
    writer.join()
    writer.close()
    return held, time.perf_counter() - started


def _params(asked: argparse.Namespace) -> CheckpointParams:
    given = read_params(ROOT, "tiny").checkpoint.model_dump()
    sizes = {"seq_len_tokens": asked.tokens, "batch_sequences": asked.batch, "micro_batch_sequences": asked.micro_batch}
    ways = {"precision": "bf16", "zero_stage": asked.zero_stage, "attention": asked.attention}
    return CheckpointParams.model_validate({**given, **sizes, **ways})


def main() -> None:
    """Measure, then print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("hidden", 2048), ("layers", 16), ("vocabulary", 32_000), ("tokens", 4096), ("batch", 8)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--micro-batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--zero-stage", type=int, default=1, choices=range(4))
    parser.add_argument("--attention", default="varlen", choices=[each.value for each in Attention])
    with tempfile.TemporaryDirectory(prefix="latamgpt-bench-gpu-") as name:
        print("\n".join(measure(parser.parse_args(), Path(name))))


if __name__ == "__main__":
    main()
