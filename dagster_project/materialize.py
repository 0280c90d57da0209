"""Some stages as one Dagster run of this process, with an outcome that a person can read."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster._core.events import DagsterEvent, RunFailureReason
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import MAX_RETRIES_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from dagster_project import full_disk
from dagster_project.definitions import Location
from dagster_project.dvc_codes import STOPPED
from dagster_project.dvc_door import EXIT_CODE
from dagster_project.live import Live
from latamgpt.store import Workspace

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the screen is ours; the instance keeps every event


@dataclass
class Outcome:
    """How a Dagster run ended."""

    run_id: str
    succeeded: bool = False
    interrupted: bool = False
    failures: dict[str, str] = field(default_factory=dict[str, str])  # stage address -> what it said


def execute(
    location: Location, instance: dg.DagsterInstance, job_name: str, addresses: set[str], live: Live | None = None
) -> Outcome:
    """Materialize the outputs of some stages as one Dagster run."""
    by_asset = {node.asset: node.address for node in location.factory.graph.stages}
    keys = {key for key, address in by_asset.items() if address in addresses}
    job = location.definitions.resolve_job_def(job_name).get_subset(asset_selection=keys)
    made = instance.create_run_for_job(
        job,
        run_config=QUIET,
        asset_selection=keys,
        tags={MAX_RETRIES_TAG: "0"},  # who started it here starts it again
        remote_job_origin=_origin(location.factory.workspace, job_name),
    )
    outcome = Outcome(made.run_id)
    steps = {"__".join(key.path).replace("-", "_"): address for key, address in by_asset.items()}
    for event in _events(InMemoryJob(job), made, instance, outcome):
        _note(event, location, steps, outcome, live)
    if outcome.interrupted:
        instance.report_run_canceled(made, message="Stopped where it was started. What it had finished stands.")
    return outcome


def _events(job: InMemoryJob, made: dg.DagsterRun, instance: dg.DagsterInstance, outcome: Outcome) -> Iterator[DagsterEvent]:
    try:
        yield from execute_run_iterator(job, made, instance)
    except dg.DagsterExecutionInterruptedError:
        outcome.interrupted = True


def _note(event: DagsterEvent, location: Location, steps: dict[str, str], outcome: Outcome, live: Live | None) -> None:
    kind = event.event_type
    address = steps.get(event.step_key or "")
    if kind is dg.DagsterEventType.RUN_SUCCESS:
        outcome.succeeded = True
    elif kind is dg.DagsterEventType.RUN_CANCELED or _was_cut_short(event):
        outcome.interrupted = True
    elif kind is dg.DagsterEventType.STEP_FAILURE:
        outcome.failures[address or str(event.step_key)] = _why(event, location, address)
        if live and address:
            live.finished(address, "stopped" if _was_stopped(event) else "FAILED")
    elif live and address and kind is dg.DagsterEventType.STEP_START:
        live.started(address)
    elif live and address and kind is dg.DagsterEventType.ASSET_MATERIALIZATION and address in live.running:
        summary = event.step_materialization_data.materialization.metadata.get("summary")
        if summary:  # an input's new version has none
            live.finished(address, str(summary.value))


def _was_cut_short(event: DagsterEvent) -> bool:
    """Whether a run ended by a signal: Dagster calls that a failure unless its own UI had asked for it."""
    ended = event.event_type is dg.DagsterEventType.RUN_FAILURE
    return ended and event.job_failure_data.failure_reason is RunFailureReason.UNEXPECTED_TERMINATION


def _was_stopped(event: DagsterEvent) -> bool:
    said = event.step_failure_data.user_failure_data
    return said is not None and said.metadata.get(EXIT_CODE) == dg.MetadataValue.int(STOPPED)


def _why(event: DagsterEvent, location: Location, address: str | None) -> str:
    data = event.step_failure_data
    if address and data.error and data.error.cls_name == DagsterAssetCheckFailedError.__name__:
        return _verdict(location, address)
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    if full_disk.was_full(data.error, location.factory.workspace.root):
        return full_disk.in_words(location.factory.workspace.root)
    return data.error_display_string if data.error else event.message or "no reason given"


def _verdict(location: Location, address: str) -> str:
    """Why a gate holds back what follows it: its summary, and the expectations that failed."""
    node = location.factory.graph.find(address)
    report = location.factory.workspace.report(node.name, node.key)
    failed = "; ".join(f"{e.kind} ({e.severity}): {e.observed}" for e in report.expectations if not e.passed)
    return f"the gate did not pass: {report.summary}. Failed: {failed}. Nothing after it was run."


def _origin(workspace: Workspace, job_name: str) -> RemoteJobOrigin:
    """Where the UI finds the job of a run that it did not start itself, so that it can start it again."""
    target = LoadableTargetOrigin(
        executable_path=sys.executable, module_name="dagster_project.definitions", working_directory=str(workspace.root)
    )
    code_location = ManagedGrpcPythonEnvCodeLocationOrigin(target, "latamgpt")
    return RemoteJobOrigin(RemoteRepositoryOrigin(code_location, "__repository__"), job_name)
