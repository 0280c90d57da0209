"""Results in the order of the inputs, with no more work ahead than keeps every worker busy."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")

AHEAD = 2  # tasks that wait for each worker: none is idle, and the memory that they take is bounded
DEATHS_ALLOWED = 3  # of workers over one task: more, and it is the task that kills them


def in_order(submit: Callable[[Input], Callable[[], Output]], inputs: Iterable[Input], workers: int) -> Iterator[Output]:
    """Submit inputs to workers and yield what comes of them.

    Args:
        submit: hands one input to the workers and gives back what waits for its result.
        inputs: one for each task; each is asked for when its turn comes.
        workers: how many there are.
    """
    waiting: deque[Callable[[], Output]] = deque()
    for one in inputs:
        waiting.append(submit(one))
        if len(waiting) > AHEAD * workers:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()
