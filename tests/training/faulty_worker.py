"""The training's worker with a fault planted in it: `python -m tests.training.faulty_worker JOB`.

Batches that hold the token POISON have gradients that are no numbers. With LATAMGPT_TEST_KILL=NAME:N:WHEN this process ends by
SIGKILL `before` or `after` the N-th call of a function of `resume`.
"""

import os
import signal
from typing import Any

from latamgpt.training import resume, worker
from latamgpt.training.batches import Batch
from latamgpt.training.engine import Engine

POISON = 380
KILL_VARIABLE = "LATAMGPT_TEST_KILL"


def plant_nan() -> None:
    nats_of = Engine._nats  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    def poisoned(self: Engine, batch: Batch, *given: Any) -> Any:
        nats = nats_of(self, batch, *given)
        if (batch.input_ids_BT == POISON).any() and nats.requires_grad:
            nats.register_hook(lambda gradient: gradient * float("nan"))
        return nats

    Engine._nats = poisoned  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def plant_kill(name: str, call: int, when: str) -> None:
    function, calls = getattr(resume, name), 0

    def deadly(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = function(*arguments)
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(resume, name, deadly)


if __name__ == "__main__":
    plant_nan()
    if kill := os.environ.get(KILL_VARIABLE):
        name, call, when = kill.split(":")
        plant_kill(name, int(call), when)
    worker.main()
