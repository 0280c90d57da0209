"""Measure the trainer beside a bare PyTorch loop: python -m scripts.bench_trainer.

Both train the same tiny model on the same batches, in turns, in one process. The trainer is the one of the checkpoint stage with
everything on: DeepSpeed, loader, MLflow, states to go on from. The bare loop has its batches at hand, AdamW, clipping, and
nothing else. A time is CPU time of all threads, so that neighbours on a shared machine count for little; wall-clock time is
named beside it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from latamgpt.params import Params, read_params
from latamgpt.store import digest_of
from latamgpt.training.batches import Batch, attention_mask
from latamgpt.training.drain import Drain
from latamgpt.training.job import TrainingJob
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.loop import Training
from latamgpt.training.rank import join_ranks
from latamgpt.training.tiny_model import end_of_text, make_model, train_tokenizer
from latamgpt.training.weights import save_model
from latamgpt.training.worker import log_to_mlflow
from tests.training.conftest import TEXTS, make_ready

ROOT = Path(__file__).resolve().parent.parent
TURNS = 6
LOADER_PASSES = 20


class Seconds(NamedTuple):
    """What a turn took."""

    cpu: float
    wall: float


class Found(NamedTuple):
    """Medians over all turns: the bare loop's time for a turn as a share of the trainer's, and what the trainer and loader do."""

    of_bare_cpu: float
    of_bare_wall: float
    trainer_tokens: float  # per CPU second
    loader_tokens: float  # per CPU second


def make_base(folder: Path, params: Params) -> Path:
    """A fresh model of the tests' run, with a tokenizer."""
    tiny = params.base_model.tiny
    assert tiny is not None
    tokenizer = train_tokenizer(list(TEXTS.values()), 384)
    torch.manual_seed(tiny.seed)
    model = make_model(tiny, end_of_text(tokenizer))
    folder.mkdir()
    save_model(folder, model, model.state_dict(), "float32")
    tokenizer.save_pretrained(folder)
    return folder


def make_bare_step(base: Path, params: Params) -> Callable[[Batch], None]:
    """One step of a loop that anyone would write."""
    given = params.checkpoint
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="sdpa").train()
    model.config.use_cache = False
    betas = (given.beta_1, given.beta_2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=betas, weight_decay=given.weight_decay, fused=True)

    def step(batch: Batch) -> None:
        input_ids_BT = torch.from_numpy(batch.input_ids_BT).long()
        labels_BT = input_ids_BT.masked_fill(~torch.from_numpy(batch.is_target_BT), -100)
        positions_BT = torch.from_numpy(batch.position_ids_BT).long()
        mask_B1TT = torch.from_numpy(attention_mask(batch.segments_BT))
        logits_BTV = model(input_ids=input_ids_BT, position_ids=positions_BT, attention_mask=mask_B1TT).logits
        loss = torch.nn.functional.cross_entropy(logits_BTV[:, :-1].flatten(0, 1), labels_BT[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), given.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    return step


def make_training(root: Path, base: Path, params: Params) -> Training:
    """The training of the checkpoint stage, in this process."""
    workspace = make_ready(root, base)
    folders = {name: workspace.place(name) for name in ("mixture", "token_shards")}
    job = TrainingJob(
        root=str(root),
        base=str(base),
        output=str(root / "output"),
        resume=str(root / "resume" / "one"),
        params=params,
        threads=1,
        digests={name: digest_of(folder) for name, folder in folders.items()},
    )
    Path(job.resume).mkdir(parents=True)
    return Training(job, join_ranks(), Drain())


def timed(work: Callable[[], object]) -> Seconds:
    """How long a call takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Seconds(time.process_time() - cpu, time.perf_counter() - wall)


def measure() -> Found:
    """Turn by turn, after one to warm up; a turn is the steps from one state to the next, and that state."""
    params = read_params(ROOT, "tiny")
    make_deterministic(1, params.checkpoint.seed)
    with tempfile.TemporaryDirectory(prefix="latamgpt-bench-trainer-") as name:
        base = make_base(Path(name) / "base", params)
        training, bare_step = make_training(Path(name) / "ready", base, params), make_bare_step(base, params)
        size, loader = params.checkpoint.batch_sequences, training.loader
        of_order = training.order.num_sequences // size
        steps = [step % of_order for step in range(params.checkpoint.save_every_steps)]
        batches = [loader.batch(step * size, (step + 1) * size) for step in steps]
        num_tokens = sum(int(batch.num_tokens_B.sum()) for batch in batches)

        def train() -> None:
            for step in steps:
                training._step(step, run_log)
            training._save(len(steps))
            training.states.join()

        def read() -> None:
            for _ in range(LOADER_PASSES):
                for step in steps:
                    batch = loader.batch(step * size, (step + 1) * size)
                    _ = (batch.is_target_BT, batch.position_ids_BT, batch.segments_BT)

        turns: list[tuple[Seconds, Seconds]] = []
        with log_to_mlflow(training) as run_log:
            for _ in range(TURNS + 1):
                turns.append((timed(lambda: [bare_step(batch) for batch in batches]), timed(train)))
        reads = [timed(read).cpu for _ in range(TURNS)]
        training.states.close()
    cpu, wall = (np.median([bare[i] / ours[i] for bare, ours in turns[1:]]) for i in (0, 1))
    trainer = num_tokens / statistics.median(ours.cpu for _, ours in turns[1:])
    return Found(float(cpu), float(wall), trainer, LOADER_PASSES * num_tokens / statistics.median(reads))


def describe(found: Found) -> str:
    """The figures in a line."""
    times = found.loader_tokens / found.trainer_tokens
    return (
        f"{found.of_bare_cpu:.1%} of a bare loop's tokens per CPU second ({found.of_bare_wall:.1%} of wall-clock); "
        f"the loader alone reads {times:,.0f} times what the trainer eats"
    )


def main() -> None:
    """Measure, then print the figures."""
    found = measure()
    print(f"the trainer, {found.trainer_tokens:,.0f} tokens per CPU second: {describe(found)}")


if __name__ == "__main__":
    main()
