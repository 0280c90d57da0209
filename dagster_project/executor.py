"""Steps side by side in threads of one process.

A step only waits for a stage, which runs in a process of its own; Dagster's multiprocess executor would add another process
and about 3 s of CPU to each. Built on the pieces that Dagster's in-process executor is made of, so after an upgrade of Dagster
look at tests/dagster_project/test_executor.py first.
"""

import os
import queue
import threading
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.context.system import PlanExecutionContext, PlanOrchestrationContext, StepExecutionContext
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.active import ActiveExecution
from dagster._core.execution.plan.execute_plan import dagster_event_sequence_for_step
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor
from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._utils.interrupts import raise_interrupts_as

from dagster_project.run_processes import process_tags

STEPS_AT_ONCE = 2  # each is a stage with processes of its own; more would only fight for memory and DVC's lock
SECONDS_BETWEEN_LOOKS = 0.5

Done = tuple[str, "DagsterEvent | BaseException | None"]  # step key; an event, what broke the thread, or None at the end


class StopAll(Protocol):
    """Ends the stages that a run waits for; those of a run that somebody cancelled also on a cluster."""

    def __call__(self, *, is_cancelled: bool) -> None:
        """End them."""
        ...


class ThreadExecutor(Executor):
    """Runs up to `steps_at_once` steps, each in a thread."""

    def __init__(self, steps_at_once: int, stop_all: StopAll) -> None:
        self._steps_at_once = steps_at_once
        self._stop_all = stop_all

    @property
    def retries(self) -> RetryMode:
        """A step that was busy is tried again in this run."""
        return RetryMode.ENABLED

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Run a plan, yielding its events as they happen."""
        plan_context.instance.add_run_tags(plan_context.run_id, process_tags(plan_context.run_id))
        yield DagsterEvent.engine_event(
            plan_context,
            f"Executing up to {self._steps_at_once} steps at once in threads of process {os.getpid()}",
            event_specific_data=EngineEventData.in_process(os.getpid(), execution_plan.step_keys_to_execute),
        )
        yield from ExecuteRunWithPlanIterable(
            execution_plan=plan_context.execution_plan,
            iterator=partial(_run_plan, steps_at_once=self._steps_at_once, stop_all=self._stop_all),
            execution_context_manager=PlanExecutionContextManager(
                job=plan_context.job,
                retry_mode=plan_context.retry_mode,
                execution_plan=plan_context.execution_plan,
                run_config=plan_context.run_config,
                dagster_run=plan_context.dagster_run,
                instance=plan_context.instance,
                raise_on_error=plan_context.raise_on_error,
                output_capture=plan_context.output_capture,
            ),
        )


def thread_executor(stop_all: StopAll, steps_at_once: int = STEPS_AT_ONCE) -> dg.ExecutorDefinition:
    """The executor for jobs whose steps wait for stages; `stop_all` ends those stages when a run is interrupted."""

    @dg.executor(name="threads")
    def threads(_context: dg.InitExecutorContext) -> Executor:
        return ThreadExecutor(steps_at_once, stop_all)

    return threads


def _run_plan(
    job_context: PlanExecutionContext, execution_plan: ExecutionPlan, steps_at_once: int, stop_all: StopAll
) -> Iterator[DagsterEvent]:
    done: queue.SimpleQueue[Done] = queue.SimpleQueue()
    with execution_plan.start(retry_mode=job_context.retry_mode, max_concurrent=steps_at_once) as active:
        running = 0
        while not active.is_complete:
            for step in active.get_steps_to_execute():
                log_key = step_log_key(job_context.run_id, step.key)
                yield DagsterEvent.capture_logs(job_context, [step.key], log_key, CapturedLogContext(log_key))
                step_context = job_context.for_step(step, active.get_known_state())
                threading.Thread(target=_run_step, args=(step_context, done), name=step.key).start()
                running += 1
            yield from active.plan_events_iterator(job_context)
            try:
                with raise_interrupts_as(DagsterExecutionInterruptedError):
                    item = done.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                continue
            except DagsterExecutionInterruptedError:
                stop_all(is_cancelled=is_cancelled(job_context.instance, job_context.run_id))
                yield from _drain(done, running)
                active.mark_interrupted()
                raise
            running -= yield from _account(active, job_context, item)


def is_cancelled(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether somebody cancelled the run; else its process was asked to end, as when the daemon's machine is shut down."""
    run = instance.get_run_by_id(run_id)
    return run is not None and run.status is dg.DagsterRunStatus.CANCELING


def step_log_key(run_id: str, step_key: str) -> list[str]:
    """Under which name Dagster's UI looks for what a step printed."""
    return [run_id, "compute_logs", step_key]


def step_log(instance: dg.DagsterInstance, run_id: str, step_key: str) -> Path | None:
    """The file that the UI shows as a step's standard error while it runs; None for an instance that keeps no logs."""
    manager = instance.compute_log_manager
    if not isinstance(manager, LocalComputeLogManager):
        return None
    return Path(manager.get_captured_local_path(step_log_key(run_id, step_key), "err"))


def _run_step(step_context: StepExecutionContext, done: "queue.SimpleQueue[Done]") -> None:
    key = step_context.step.key
    try:
        for event in dagster_event_sequence_for_step(step_context):
            done.put((key, event))
    except BaseException as error:  # noqa: BLE001  (travels up in the main thread)
        done.put((key, error))
    finally:
        log = step_log(step_context.instance, step_context.run_id, key)
        if log is not None and log.exists():
            log.with_suffix(".complete").touch()
        done.put((key, None))


def _account(active: ActiveExecution, job_context: PlanExecutionContext, item: Done) -> Generator[DagsterEvent, None, int]:
    """Take note of what a thread sent; returns how many steps ended by it."""
    key, event = item
    if event is None:
        active.verify_complete(job_context, key)
        return 1
    if isinstance(event, BaseException):
        raise event
    yield event
    active.handle_event(event)
    return 0


def _drain(done: "queue.SimpleQueue[Done]", running: int) -> Iterator[DagsterEvent]:
    """The last events of steps that were stopped, so that the run's record shows how each ended."""
    while running:
        _, event = done.get()
        if isinstance(event, DagsterEvent):
            yield event
        running -= event is None
