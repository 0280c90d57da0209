"""The training's worker with a fault planted in it: `python -m tests.training.faulty_worker JOB`.

Batches that hold the token POISON have gradients that are no numbers. With LATAMGPT_TEST_KILL=NAME:N:WHEN this process ends by
SIGKILL `before` or `after` the N-th call of a function of `resume`. With LATAMGPT_TEST_STOP=RANK:STEP:FILE that rank stops
itself by SIGSTOP when it begins the step, once: the file then holds when. With LATAMGPT_TEST_HOLD=STEP the state after that step
is written, and for ever not published.
"""

import os
import signal
import time
from pathlib import Path
from threading import Event
from typing import Any

from latamgpt.launch.heartbeat import Activity, Heart
from latamgpt.training import resume, worker
from latamgpt.training.batches import Batch
from latamgpt.training.engine import Engine

POISON = 380
KILL_VARIABLE = "LATAMGPT_TEST_KILL"
STOP_VARIABLE = "LATAMGPT_TEST_STOP"
HOLD_VARIABLE = "LATAMGPT_TEST_HOLD"


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


def plant_stop(rank: str, at: int, note: Path) -> None:
    beat = Heart.beat

    def last_beat(self: Heart, activity: Activity, step: int, *given: Any) -> None:
        beat(self, activity, step, *given)
        if (activity, step) == (Activity.STEP, at) and os.environ["RANK"] == rank and not note.exists():
            note.write_text(str(time.time()))
            os.kill(os.getpid(), signal.SIGSTOP)

    Heart.beat = last_beat


def plant_hold(step: int) -> None:
    publish = resume.publish_state

    def held(folder: Path, saved: resume.SavedState, *given: Any) -> None:
        if saved.cursor.step == step:
            Event().wait()
        publish(folder, saved, *given)

    resume.publish_state = held


if __name__ == "__main__":
    plant_nan()
    if hold := os.environ.get(HOLD_VARIABLE):
        plant_hold(int(hold))
    if stop := os.environ.get(STOP_VARIABLE):
        number, at, note = stop.split(":")
        plant_stop(number, int(at), Path(note))
    if kill := os.environ.get(KILL_VARIABLE):
        name, call, when = kill.split(":")
        plant_kill(name, int(call), when)
    worker.main()
