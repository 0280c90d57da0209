"""Train on from a state in a fresh engine, and without: `... partitions_process BASE PARAMS OUTPUT STAGES`."""

import sys
from pathlib import Path

import numpy as np
import torch

from latamgpt.params import CheckpointParams, Precision
from latamgpt.store import write_json
from latamgpt.training.batches import make_batch
from latamgpt.training.engine import Engine
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.rank import join_ranks

STEPS = 6
SAVED_AFTER = 3


def train(engine: Engine, given: CheckpointParams, steps: range) -> list[str]:
    """Losses, gradient norms, and draws of the random numbers, to the last bit."""
    tokens = np.random.default_rng(given.seed).integers(1, 300, (STEPS, given.batch_sequences, 2, 16), dtype=np.uint32)
    found: list[str] = []
    for step in steps:
        passes = [make_batch([list(tokens[step, n]) for n in mine], 32) for mine in engine.passes]
        loss, norm = engine.train_step(passes, given.batch_sequences * 2 * 15, 1e-3)
        found.append(f"{loss.hex()} {norm.hex()} {torch.rand(1).item().hex()}")
    return found


def total(engine: Engine) -> str:
    return float(sum(weight.double().sum() for weight in engine.weights().values())).hex()


def main() -> None:
    """For each ZeRO stage and precision: what came without a restart, what came with one, both with the sum of the weights."""
    base, params, output, stages = sys.argv[1:]
    asked = CheckpointParams.model_validate_json(params)
    rank = join_ranks()
    found: dict[str, list[list[str]]] = {}
    for stage in map(int, stages.split(",")):
        for precision in Precision:
            given = asked.model_copy(update={"zero_stage": stage, "precision": precision})
            make_deterministic(1, given.seed)
            engine = Engine(Path(base), given, rank)
            train(engine, given, range(SAVED_AFTER))
            saved = {name: tensor.clone() for name, tensor in engine.state().items()}
            straight = [*train(engine, given, range(SAVED_AFTER, STEPS)), total(engine)]
            torch.manual_seed(0)
            fresh = Engine(Path(base), given, rank)
            fresh.take_up(saved)
            resumed = [*train(fresh, given, range(SAVED_AFTER, STEPS)), total(fresh)]
            found[f"{stage} {precision}"] = [straight, resumed]
    if rank.is_first:
        write_json(Path(output), found)


if __name__ == "__main__":
    main()
