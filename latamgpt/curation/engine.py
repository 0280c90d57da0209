"""How map tasks are spread: in this process, or over the workers of a Dask cluster. The bytes are the same either way.

A task is a pure function of one small input, and results come back in the order of the tasks: that, and not the engine, is what
makes the output independent of the number of workers. A cluster on this machine costs about three seconds to start, so it is
started only where every worker would get more than one task.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site

Input = TypeVar("Input")
Output = TypeVar("Output")

WORKERS_VARIABLE = "LATAMGPT_WORKERS"
HERE_ONLY = "127.0.0.1:0"
"""Dask serves its dashboards on all of the machine's addresses unless it is told one; and on port 8787, unless 0 says any."""


class Executor(Protocol):
    """Applies a function to every input, in order."""

    def map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterator[Output]:
        """The results in the order of the inputs, each as soon as it and all before it are there."""
        ...


class Serial:
    """One task after the other, in this process."""

    def map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterator[Output]:
        """See Executor."""
        return map(function, inputs)


class DaskCluster:
    """Worker processes of a Dask LocalCluster, one thread each, for the length of one `map`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterator[Output]:
        """See Executor."""
        import distributed

        with (
            distributed.LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=HERE_ONLY,
                worker_dashboard_address=HERE_ONLY,
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            futures = client.map(function, inputs, pure=False)
            for future in futures:
                yield future.result()


def choose(num_tasks: int, workers: int) -> Executor:
    """The engine for a number of tasks: Dask only where every worker would get more than one."""
    return DaskCluster(workers) if workers > 1 and num_tasks > workers else Serial()


def workers_of(root: Path) -> int:
    """How many workers LATAMGPT_WORKERS asks for; those of the site where it is not set."""
    value = os.environ.get(WORKERS_VARIABLE, "")
    if not value:
        return read_site(root).workers
    if not value.isdecimal() or int(value) < 1:
        raise OperatorError(
            f"{WORKERS_VARIABLE} is {value!r}, and it says how many processes map over data: 1 or more. Set it so, or unset it "
            "to work with what the site's file says."
        )
    return int(value)
