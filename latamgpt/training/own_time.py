"""How long a rank computes on its own in a step, without waiting: what tells a slow rank from those that wait for it."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.cuda import Event


class OwnTime:
    """Sums up the time of blocks in which no other rank is waited for: the forward passes (under ZeRO 3 they wait for weights).

    On a GPU the time is that of the GPU, and is asked for when the step has ended, so that nothing is held up.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._events: list[tuple[Event, Event]] = []

    @contextmanager
    def counted(self) -> Generator[None]:
        """Count the block."""
        import torch

        if torch.cuda.is_available():
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            yield
            end.record()
            self._events.append((begin, end))
        else:
            started = time.monotonic()
            yield
            self._seconds += time.monotonic() - started

    def take(self) -> float:
        """Seconds since it was asked the last time."""
        seconds, self._seconds = self._seconds, 0.0
        for begin, end in self._events:
            end.synchronize()
            seconds += begin.elapsed_time(end) / 1000
        self._events.clear()
        return seconds
