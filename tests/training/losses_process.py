"""Six steps of training, printed to the last bit: `python -m tests.training.losses_process ORDERS`.

An order is a run under parameters of its own; it may save its parts after three steps, or begin with those that another saved.
"""

import sys
from pathlib import Path

import numpy as np
import orjson
from safetensors.torch import load_file, save_file

from latamgpt.params import CheckpointParams
from latamgpt.records import Frozen
from latamgpt.store import write_json
from latamgpt.training.batches import Batch, make_batch
from latamgpt.training.engine import Engine
from latamgpt.training.kernels import make_deterministic
from latamgpt.training.rank import Rank, join_ranks
from latamgpt.training.world_size import LAYOUT, repartition

STEPS, HALF = 6, 3
WIDTH, DOCUMENTS = 32, 2  # of a row
NEVER_USED = {"mlflow", "torch._inductor.compile_fx"}


class Order(Frozen):
    """One run."""

    name: str
    params: CheckpointParams
    save: str = ""  # folder for this run's parts after half of the steps
    begin: str = ""  # folder of the parts to begin the second half with


class Orders(Frozen):
    """What one job of so many processes does."""

    base: str
    output: str
    orders: tuple[Order, ...]


def batches_of(params: CheckpointParams, engine: Engine) -> list[list[Batch]]:
    """This rank's passes, step by step; rows behind the batch are empty."""
    shape = (STEPS, params.batch_sequences, DOCUMENTS, WIDTH // DOCUMENTS)
    tokens = np.random.default_rng(params.seed).integers(1, 300, shape, dtype=np.uint32)
    rows = [[list(row) for row in step] + [[]] * params.batch_sequences for step in tokens]
    return [[make_batch([rows[step][n] for n in mine], WIDTH) for mine in engine.passes] for step in range(STEPS)]


def take_up(engine: Engine, rank: Rank, folder: Path) -> None:
    paths = sorted(folder.iterdir())
    layouts = [load_file(path)[LAYOUT] for path in paths]
    engine.take_up(repartition(engine.state(), layouts, lambda saved: load_file(paths[saved])))


def losses_of(order: Order, base: Path, rank: Rank) -> list[str]:
    """Of each step the loss and the gradient norm, then the sum of all published weights, in hex."""
    params = order.params
    engine = Engine(base, params, rank)
    batches = batches_of(params, engine)
    if order.begin:
        take_up(engine, rank, Path(order.begin))
    lines: list[str] = []
    for step in range(HALF if order.begin else 0, STEPS):
        if order.save and step == HALF:
            save_file(engine.state(), Path(order.save) / f"{rank.number:05}.safetensors")
        loss, norm = engine.train_step(batches[step], params.batch_sequences * (WIDTH - DOCUMENTS), 1e-3)
        lines.append(f"{loss.hex()} {norm.hex()}")
    total = float(sum(weight.double().sum() for weight in engine.weights().values()))
    return [*lines, total.hex()]


def main() -> None:
    given = Orders.model_validate(orjson.loads(Path(sys.argv[1]).read_bytes()))
    rank = join_ranks()
    make_deterministic(1, given.orders[0].params.seed)
    losses = {order.name: losses_of(order, Path(given.base), rank) for order in given.orders}
    assert not NEVER_USED & sys.modules.keys(), "a start is slow again: what is never used was imported"
    if rank.is_first:
        write_json(Path(given.output), losses)


if __name__ == "__main__":
    main()
