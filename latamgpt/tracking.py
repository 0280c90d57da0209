"""The one door to MLflow: experiments, runs, metrics against tokens, the model registry.

Run ids never enter a hashed output: they are left in var/links/STAGE.json, for whoever shows a run beside its stage.
"""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, write_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "latam-gpt"
POINTS_PER_BATCH = 1000  # MLflow's limit for one log_batch call
SECONDS_FOR_SERVER = 3


@dataclass
class RunLog:
    """An open MLflow run; metrics are buffered, since one synchronous call costs about 0.2 s."""

    client: "MlflowClient"
    run_id: str
    _points: list[tuple[str, float, int]] = field(default_factory=list[tuple[str, float, int]])

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Note values at a step (tokens seen, for training)."""
        self._points += [(name, float(value), step) for name, value in metrics.items()]
        if len(self._points) >= POINTS_PER_BATCH // 2:
            self.flush()

    def flush(self) -> None:
        """Send what is buffered."""
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        for start in range(0, len(self._points), POINTS_PER_BATCH):
            batch = self._points[start : start + POINTS_PER_BATCH]
            self.client.log_batch(self.run_id, metrics=[Metric(name, value, now_ms, step) for name, value, step in batch])
        self._points.clear()


def tracking_uri(workspace: Workspace) -> str:
    """MLFLOW_TRACKING_URI where the environment names a server; a SQLite file of this checkout otherwise."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{workspace.root / 'var' / 'mlflow' / 'mlflow.db'}"


def connect(workspace: Workspace) -> "MlflowClient":
    """A client of the tracking store.

    Raises:
        OperatorError: the server does not answer.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    uri = tracking_uri(workspace)
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    else:
        _must_answer(uri)
    import mlflow

    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient(uri)
    if client.get_experiment_by_name(EXPERIMENT) is None:
        artifacts = workspace.root / "var" / "mlflow" / "artifacts"
        client.create_experiment(EXPERIMENT, artifact_location=artifacts.as_uri() if uri.startswith("sqlite") else None)
    return client


@contextmanager
def start_run(
    workspace: Workspace, stage: str, name: str, params: Mapping[str, object], tags: Mapping[str, str]
) -> Generator[RunLog]:
    """One MLflow run for a stage's work: FINISHED when the block ends, FAILED when it raises."""
    client = connect(workspace)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        raise OperatorError(f"MLflow lost the experiment {EXPERIMENT!r} that was just made. Look at its store, then run again.")
    all_tags = {**revision_tags(workspace), "dvc.stage": stage, **dagster_tags(), **tags}
    run = client.create_run(experiment.experiment_id, run_name=name, tags=all_tags)
    from mlflow.entities import Param

    flat = flatten(params)
    client.log_batch(run.info.run_id, params=[Param(key, str(value)) for key, value in sorted(flat.items())])
    leave_link(workspace, stage, run.info.run_id, experiment.experiment_id)
    log = RunLog(client, run.info.run_id)
    try:
        yield log
    except BaseException:
        log.flush()
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    log.flush()
    client.set_terminated(run.info.run_id, "FINISHED")


def leave_link(workspace: Workspace, stage: str, run_id: str, experiment_id: str) -> None:
    """Note which MLflow run did a stage's work, outside of what is hashed."""
    folder = workspace.root / "var" / "links"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{stage}.json", {"mlflow_run_id": run_id, "mlflow_experiment_id": experiment_id})


def find_link(workspace: Workspace, stage: str) -> dict[str, str]:
    """What `leave_link` noted for a stage; empty where its output came from DVC's cache."""
    path = workspace.root / "var" / "links" / f"{stage}.json"
    return orjson.loads(path.read_bytes()) if path.is_file() else {}


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


def _git(workspace: Workspace, *arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=workspace.root, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ""


def _must_answer(uri: str) -> None:
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=SECONDS_FOR_SERVER):
            return
    except (urllib.error.URLError, OSError) as error:
        raise OperatorError(
            f"MLflow at {uri} does not answer ({error}). Runs are recorded there and would be lost. Start it (`make ui`), mend "
            "MLFLOW_TRACKING_URI, or unset it to record in this checkout."
        ) from error
