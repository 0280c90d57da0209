"""How every reader is timed; stands on nothing but the standard library, since peers run in environments of their own."""

import time
from collections.abc import Callable

TIMED_ROUNDS = 3


def rates_of(read: Callable[[], int]) -> list[float]:
    """Tokens per CPU second of this process, all its threads, pass by pass after one to warm up; `read` says how many it read."""
    read()
    rates: list[float] = []
    for _ in range(TIMED_ROUNDS):
        started = time.process_time()
        rates.append(read() / (time.process_time() - started))
    return rates
