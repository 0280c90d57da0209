"""Refused steps at every ZeRO stage and precision, under torchrun: `python -m tests.training.guarded_process BASE PARAMS OUTPUT`.

For each: how many bits of weights and optimizer a refused step changed, what it measured, and whether training afterwards is that
of an engine which never saw the refused batches.
"""
# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001

import gc
import math
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from latamgpt.params import CheckpointParams, Precision
from latamgpt.store import write_json
from latamgpt.training.batches import Batch, make_batch
from latamgpt.training.engine import Engine
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.rank import join_ranks

RATE = 1e-3
VARIANTS = ((Precision.BF16, 0), (Precision.BF16, 1), (Precision.FP32, 0), (Precision.FP32, 2), (Precision.BF16, 3))
"""Each optimizer of DeepSpeed that a training can get; all eight gave the same findings when this was written."""


def main() -> None:
    base, params, output = sys.argv[1:]
    given = CheckpointParams.model_validate_json(params)
    rank = join_ranks()
    make_deterministic(1, given.seed)
    found: dict[str, dict[str, object]] = {}
    for precision, stage in VARIANTS:
        variant = given.model_copy(update={"zero_stage": stage, "precision": precision})
        straight = train_straight(Engine(Path(base), variant, rank), given)
        gc.collect()  # an engine of ZeRO 3 that is still there partitions the next one's weights
        found[f"{precision} {stage}"] = measure(Engine(Path(base), variant, rank), given, straight)
        gc.collect()
    if rank.is_first:
        write_json(Path(output), found)


def batches_of(engine: Engine, given: CheckpointParams) -> tuple[list[list[Batch]], int]:
    tokens = np.random.default_rng(given.seed).integers(1, 300, (3, given.batch_sequences, 30), dtype=np.uint32)
    batches = [[make_batch([[tokens[step, n]] for n in mine], 32) for mine in engine.passes] for step in range(3)]
    return batches, given.batch_sequences * 29


def train_straight(engine: Engine, given: CheckpointParams) -> list[object]:
    """The first and the last batch: what was measured at the last, and the bits afterwards."""
    batches, num_targets = batches_of(engine, given)
    measured = [engine.train_step(batch, num_targets, RATE) for batch in (batches[0], batches[2])]
    return [measured[1], fingerprint(engine)]


def measure(engine: Engine, given: CheckpointParams, straight: list[object]) -> dict[str, object]:
    """The same with a refused batch and one whose gradients are not numbers in between."""
    batches, num_targets = batches_of(engine, given)
    engine.train_step(batches[0], num_targets, RATE)
    before = fingerprint(engine)
    refused = engine.train_step(batches[1], num_targets, RATE, lambda _loss, _norm: False)
    after_refusal = fingerprint(engine)
    nats_of = engine._nats

    def broken(batch: Batch, *given: object) -> torch.Tensor:
        nats = nats_of(batch, *given)  # pyright: ignore[reportArgumentType]
        nats.register_hook(lambda gradient: gradient * math.nan)
        return nats

    engine._nats = broken  # pyright: ignore[reportAttributeAccessIssue]
    not_finite = engine.train_step(batches[1], num_targets, RATE, lambda loss, norm: math.isfinite(loss) and math.isfinite(norm))
    after_nan = fingerprint(engine)
    engine._nats = nats_of  # pyright: ignore[reportAttributeAccessIssue]
    last = engine.train_step(batches[2], num_targets, RATE)
    bits = fingerprint(engine)
    is_sound = engine.is_sound()
    next(iter(engine._guarded.basic_optimizer.state.values()))["exp_avg"].view(-1)[-1] = math.nan
    return {
        "refused": refused,
        "norm_is_finite": math.isfinite(not_finite[1]),
        "loss_is_finite": math.isfinite(not_finite[0]),
        "unchanged": before == after_refusal == after_nan,
        "as_if_never_seen": [last, bits] == straight,
        "changes_when_taken": bits != before,
        "is_sound": [is_sound, engine.is_sound()],
    }


def fingerprint(engine: Engine) -> str:
    """Weights, masters, moments and counts of steps of this rank."""
    state = engine._guarded.basic_optimizer.state
    kept = [value for values in state.values() for value in values.values() if torch.is_tensor(value)]
    weights = [getattr(parameter, "ds_tensor", parameter) for parameter in engine.model.parameters()]
    return sha256(b"".join(tensor.detach().double().numpy().tobytes() for tensor in (*weights, *state, *kept))).hexdigest()


if __name__ == "__main__":
    main()
