"""Six steps of training, printed to the last bit: `python -m tests.training.losses_process BASE PARAMS OUTPUT STAGES`."""

import sys
from pathlib import Path

import numpy as np

from latamgpt.params import CheckpointParams
from latamgpt.store import write_json
from latamgpt.training.batches import make_batch
from latamgpt.training.engine import Engine, join_ranks
from latamgpt.training.kernels import make_deterministic

STEPS = 6


def main() -> None:
    base, params, output, stages = sys.argv[1:]
    given = CheckpointParams.model_validate_json(params)
    rank = join_ranks()
    make_deterministic(1, given.seed)
    losses: dict[str, list[str]] = {}
    for stage in stages.split(","):
        engine = Engine(Path(base), given.model_copy(update={"zero_stage": int(stage)}), rank)
        tokens = np.random.default_rng(given.seed).integers(1, 300, (STEPS, given.batch_sequences, 2, 16), dtype=np.uint32)
        batches = [[make_batch([list(tokens[step, n]) for n in mine], 32) for mine in engine.passes] for step in range(STEPS)]
        num_targets = given.batch_sequences * 2 * 15
        measured = [engine.train_step(passes, num_targets, 1e-3) for passes in batches]
        total = float(sum(weight.double().sum() for weight in engine.weights().values()))
        losses[stage] = [*(f"{loss.hex()} {norm.hex()}" for loss, norm in measured), total.hex()]
    if rank.is_first:
        write_json(Path(output), losses)


if __name__ == "__main__":
    main()
