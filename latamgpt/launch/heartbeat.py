"""Signs of life: what each process does and since when, for a watchdog outside of it."""

import os
import time
from enum import StrEnum
from pathlib import Path

import orjson
from pydantic import ValidationError

from latamgpt.records import Frozen

HEARTBEATS_VARIABLE = "LATAMGPT_HEARTBEATS"
BYTES_PER_BEAT = 256


class Activity(StrEnum):
    """What a process has begun to do."""

    START = "start"
    STEP = "step"
    EVALUATION = "evaluation"
    SAVE = "save"
    END = "end"


class Beat(Frozen):
    """The last sign of life of a process."""

    rank: int
    pid: int
    number: int  # counts up: another number is another sign, whatever the clocks say
    activity: Activity
    step: int  # being done, or to be done next
    step_seconds: float  # of the last step, from beginning to end
    own_seconds: float  # of the last step, without waiting for others


class Heart:
    """Writes the signs of life of one process, where HEARTBEATS_VARIABLE names a folder for them; else nowhere."""

    def __init__(self, rank: int):
        folder = os.environ.get(HEARTBEATS_VARIABLE)
        self._file = os.open(Path(folder) / f"{rank:05}", os.O_WRONLY | os.O_CREAT, 0o644) if folder else None
        self._rank, self._number, self._began, self._last = rank, 0, 0.0, (0.0, 0.0)
        self._activity = Activity.START
        self.beat(Activity.START, 0)

    def beat(self, activity: Activity, step: int, own_seconds: float = 0.0) -> None:
        """Say what begins now; `own_seconds` are those of the step that ended, if one did."""
        now = time.monotonic()
        if self._activity is Activity.STEP:
            self._last = (now - self._began, own_seconds)
        self._activity, self._began, self._number = activity, now, self._number + 1
        if self._file is None:
            return
        beat = Beat(
            rank=self._rank,
            pid=os.getpid(),
            number=self._number,
            activity=activity,
            step=step,
            step_seconds=self._last[0],
            own_seconds=self._last[1],
        )
        os.pwrite(self._file, orjson.dumps(beat.model_dump()).ljust(BYTES_PER_BEAT), 0)


def read_beats(folder: Path) -> list[Beat]:
    """The last sign of every process, by rank; one that is being written at this moment is left out."""
    beats: list[Beat] = []
    for path in sorted(folder.iterdir()):
        try:
            beats.append(Beat.model_validate_json(path.read_bytes()))
        except ValidationError:
            continue
    return beats
