"""What a signal means for work that goes on elsewhere: it is cancelled, or it is left alone and found again."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

CANCEL_VARIABLE = "LATAMGPT_CANCEL_FILE"
"""Names a file for a stage that an orchestrator runs: is it there when SIGTERM comes, somebody cancelled the run; is it not,
the orchestrator ends, and what was submitted goes on. Without the variable a person runs the stage: Ctrl-C cancels, SIGTERM
leaves."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
SECONDS_ASLEEP = 0.2


class InterruptedBySignalError(BaseException):
    """A signal came. Not an Exception: nothing between here and the launcher may take it for a failure."""

    def __init__(self, number: int, *, is_cancelled: bool):
        super().__init__(number)
        self.number, self.is_cancelled = number, is_cancelled


@dataclass
class Interruption:
    """Notes a signal when it comes, and lets it count only where somebody waits: never between two writes."""

    number: int = 0

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Remember the first signal."""
        self.number = self.number or number

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            InterruptedBySignalError: a signal came, now or before.
        """
        end = time.monotonic() + seconds
        while True:
            if self.number:
                raise InterruptedBySignalError(self.number, is_cancelled=_is_cancelled(self.number))
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, SECONDS_ASLEEP))


@contextmanager
def interruptible() -> Generator[Interruption]:
    """Have signals noted; under an orchestrator its death too, which comes as SIGTERM."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    if CANCEL_VARIABLE in os.environ:
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    before = {number: signal.signal(number, interruption.note) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            with suppress(TypeError):  # one that no Python program set
                signal.signal(number, handler)


def _is_cancelled(number: int) -> bool:
    place = os.environ.get(CANCEL_VARIABLE)
    return Path(place).exists() if place else number == signal.SIGINT
