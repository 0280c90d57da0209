"""MLflow runs: begun or continued, with what they read and on which revision, and closed whatever happens."""

import logging
import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.links import leave_link
from latamgpt.tracking.points import RunLog, send_unsent
from latamgpt.tracking.server import connect, find_experiment

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

SECONDS_BETWEEN_SYSTEM_METRICS = 10
DIGEST_TAG = "manifest_sha256"
DATASET_DIGEST_CHARS = 36  # the longest that MLflow's store takes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatasetUsed:
    """What a run read, as MLflow's dataset tab shows it: a published folder and the digest of its manifest."""

    name: str
    folder: Path
    context: str  # training, evaluation ...


@contextmanager
def start_run(
    workspace: Workspace,
    stage: str,
    name: str,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    *,
    continue_run: str = "",
    datasets: Sequence[DatasetUsed] = (),
    system_metrics: bool = False,
) -> Generator[RunLog]:
    """One MLflow run for a stage's work: FINISHED when the block ends, FAILED when it raises.

    Steps: find the run to continue (a killed process leaves its run RUNNING for ever) or make one; log params and datasets;
    leave the link; sample the machine every ten seconds if asked to; send every point before the run is closed.
    """
    client = connect(workspace)
    experiment_id = find_experiment(client)
    all_tags = {**revision_tags(workspace), "dvc.stage": stage, **dagster_tags(), **tags}
    run = find_run(client, continue_run) if continue_run else None
    continued = run is not None
    if run is None:
        run = client.create_run(experiment_id, run_name=name, tags=all_tags)
        _log_params(client, run.info.run_id, params)
        _log_datasets(client, run.info.run_id, datasets)
    else:
        client.set_terminated(run.info.run_id, "RUNNING")
    run_id = run.info.run_id
    leave_link(workspace, stage, run_id, experiment_id)
    run_log = RunLog(client, run_id, workspace.root / "var" / "mlflow" / "unsent", continued=continued)
    send_unsent(client, run_log.unsent_folder)
    with _system_metrics(client, run_id, wanted=system_metrics, continued=continued):
        try:
            yield run_log
        except BaseException:
            _close(run_log, "FAILED")
            raise
        _close(run_log, "FINISHED")


def find_run(client: "MlflowClient", run_id: str) -> "Run | None":
    """A run that an earlier process began; None where the store does not know it (another store, or deleted)."""
    if not run_id:
        return None
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def revision_tags(workspace: Workspace) -> dict[str, str]:
    """The git revision, and whether the checkout differs from it."""
    revision = _git(workspace, "rev-parse", "HEAD")
    changed = _git(workspace, "status", "--porcelain", "--untracked-files=no")
    return {"git.revision": revision or "none", "git.changed": "yes" if changed else "no"}


def dagster_tags() -> dict[str, str]:
    """The Dagster run that this process works for, where there is one."""
    run_id = os.environ.get("LATAMGPT_DAGSTER_RUN", "")
    url = os.environ.get("LATAMGPT_DAGSTER_URL", "")
    return {"dagster.run_id": run_id, "dagster.run_url": f"{url}/runs/{run_id}"} if run_id else {}


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested parameters as dotted names."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


@contextmanager
def _system_metrics(client: "MlflowClient", run_id: str, *, wanted: bool, continued: bool) -> Generator[None]:
    if not wanted:
        yield
        return
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    logging.getLogger("mlflow.system_metrics.system_metrics_monitor").setLevel(logging.WARNING)
    monitor = SystemMetricsMonitor(
        run_id, SECONDS_BETWEEN_SYSTEM_METRICS, resume_logging=continued, tracking_uri=client.tracking_uri
    )
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


def _close(run_log: RunLog, status: str) -> None:
    from mlflow.exceptions import MlflowException

    run_log.flush()
    try:
        run_log.client.set_terminated(run_log.run_id, status)
    except (MlflowException, OSError) as error:
        log.warning("MLflow could not mark run %s as %s (%s).", run_log.run_id, status, error)


def _log_params(client: "MlflowClient", run_id: str, params: Mapping[str, object]) -> None:
    from mlflow.entities import Param

    client.log_batch(run_id, params=[Param(key, str(value)) for key, value in sorted(flatten(params).items())])


def _log_datasets(client: "MlflowClient", run_id: str, datasets: Sequence[DatasetUsed]) -> None:
    if not datasets:
        return
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs: list[DatasetInput] = []
    for used in datasets:
        digest = digest_of(used.folder)
        source = orjson.dumps({"uri": str(used.folder)}).decode()
        dataset = Dataset(used.name, digest[:DATASET_DIGEST_CHARS], source_type="local", source=source)
        tags = [InputTag("mlflow.data.context", used.context), InputTag(DIGEST_TAG, digest)]
        inputs.append(DatasetInput(dataset, tags))
    client.log_inputs(run_id, inputs)


def _git(workspace: Workspace, *arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=workspace.root, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ""
