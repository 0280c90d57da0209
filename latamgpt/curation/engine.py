"""How map tasks are spread: in this process, over processes of this machine, or over a cluster. The bytes are the same.

A task is a pure function of one small input, and results come back in the order of the tasks: that, and not the engine, is what
makes the output independent of the number of workers. A killed worker costs the tasks that it held, which others do again.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.popen_forkserver import Popen
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Protocol

from latamgpt.curation.clusters import DaskCluster, SlurmCluster
from latamgpt.curation.in_order import DEATHS_ALLOWED, Input, Output, in_order
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Engine, Site, read_site

WORKERS_VARIABLE = "LATAMGPT_WORKERS"
TASKS_WORTH_A_POOL = 48  # below it a pool of two wins two seconds at most, for a sixth more of processor time
IMPORTED_BEFORE = ["latamgpt.curation.cleaning", "latamgpt.curation.prepared"]
"""Once, by the process that all workers are forked from."""


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


class ProcessPool:
    """Worker processes of this machine, for the length of one `map`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterator[Output]:
        """See Executor."""
        done, deaths = 0, 0
        while done < len(inputs):
            try:
                for result in self._until_one_dies(function, inputs, done):
                    yield result
                    done, deaths = done + 1, 0
            except BrokenProcessPool as error:
                deaths += 1
                if deaths == DEATHS_ALLOWED:
                    raise OperatorError(
                        f"worker processes died {deaths} times over task {done + 1} of {len(inputs)}: killed by the system for "
                        "memory, as a rule. Nothing is published and nothing lost. Look at the machine's memory, set "
                        f"{WORKERS_VARIABLE} to a smaller number and run the command again."
                    ) from error

    def _until_one_dies(self, function: Callable[[Input], Output], inputs: Sequence[Input], first: int) -> Iterator[Output]:
        with _pool(self.workers) as pool:
            rest = (inputs[index] for index in range(first, len(inputs)))
            yield from in_order(lambda one: pool.submit(function, one).result, rest, self.workers)


def choose(num_tasks: int, site: Site, name: str = "") -> Executor:
    """The engine for a number of tasks: workers only where every one would get more than one task, and a pool only where its
    start is worth it.

    Args:
        num_tasks: how many inputs it will map over.
        site: where it runs, as read_workers_site reads it.
        name: of the work, for whoever looks at a cluster's jobs.
    """
    is_pool = site.engine is Engine.POOL
    if site.workers == 1 or num_tasks < max(site.workers + 1, TASKS_WORTH_A_POOL if is_pool else 0):
        if site.workers > 1 and not is_pool:
            _say(
                f"{name}: {num_tasks} tasks for {site.workers} workers of {site.engine}: too few to share, so they are done here"
            )
        return Serial()
    if site.engine is Engine.DASK:
        return DaskCluster(site.workers)
    if is_pool or site.slurm is None:
        return ProcessPool(site.workers)
    return SlurmCluster(site.workers, site.slurm, name)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def read_workers_site(root: Path) -> Site:
    """The site that this process runs at, with as many workers as LATAMGPT_WORKERS asks for where it is set."""
    site = read_site(root)
    if site.slurm:
        site = site.model_copy(update={"slurm": site.slurm.resolve(root)})
    value = os.environ.get(WORKERS_VARIABLE, "")
    if not value:
        return site
    if not value.isdecimal() or int(value) < 1:
        raise OperatorError(
            f"{WORKERS_VARIABLE} is {value!r}, and it says how many processes map over data: 1 or more. Set it so, or unset it "
            "to work with what the site's file says."
        )
    return site.model_copy(update={"workers": int(value)})


@contextmanager
def _pool(workers: int) -> Generator[ProcessPoolExecutor]:
    """Processes forked from one that has imported what they need, and no threads; ended with what they still do."""
    context = _Prepared()
    context.set_forkserver_preload(IMPORTED_BEFORE)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_main_hidden = threading.Lock()


class _Worker(ForkServerProcess):
    """Does not import the command that started it: a task's function stands in a module of its own."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Popen:  # noqa: N802 - multiprocessing's name
        with _main_hidden:
            command = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                return ForkServerProcess._Popen(process_obj)  # noqa: SLF001
            finally:
                sys.modules["__main__"] = command


class _Prepared(ForkServerContext):
    Process = _Worker


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for tasks for ever, and keep the process alive that it was forked from."""
    threading.Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
