"""The one door to MLflow: experiments, runs, metrics against tokens, the model registry.

Run ids never enter a hashed output: they are left in var/links/STAGE.json, for whoever shows a run beside its stage.
"""

import logging
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.errors import OperatorError
from latamgpt.records import MANIFEST_NAME
from latamgpt.store import Workspace, digest_of, sha256_file, write_json

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

EXPERIMENT = "latam-gpt"
SEAL = "manifest_sha256"
POINTS_PER_BATCH = 1000  # MLflow's limit for one log_batch call
SECONDS_BETWEEN_FLUSHES = 5.0
SECONDS_BETWEEN_SYSTEM_METRICS = 10
SECONDS_FOR_SERVER = 3
DIGEST_TAG = "manifest_sha256"
DATASET_DIGEST_CHARS = 36  # the longest that MLflow's store takes

log = logging.getLogger(__name__)
Point = tuple[str, float, int, int]  # metric, value, step, milliseconds since 1970


@dataclass
class RunLog:
    """An open MLflow run. Metrics are sent by a thread of its own, since one call costs about 0.2 s.

    A server that stops answering never stops the work: points wait here, and what cannot be sent in the end is left in
    var/mlflow/unsent for the next run of this checkout to send.
    """

    client: "MlflowClient"
    run_id: str
    unsent_folder: Path
    continued: bool = False  # an earlier process already logged to it: do not store a step twice
    _points: list[Point] = field(default_factory=list[Point])
    _last_step: dict[str, int] = field(default_factory=dict[str, int])
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "mlflow"))
    _sending: "Future[None] | None" = None
    _sent_at: float = field(default_factory=time.monotonic)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Note values at a step (tokens seen, for training); returns at once."""
        now_ms = int(time.time() * 1000)
        for name, value in metrics.items():
            if step > self._known_step(name):
                self._points.append((name, float(value), step, now_ms))
        if time.monotonic() - self._sent_at > SECONDS_BETWEEN_FLUSHES and (self._sending is None or self._sending.done()):
            self._sent_at = time.monotonic()
            self._sending = self._thread.submit(self._send)

    def flush(self) -> None:
        """Send what is waiting, and wait until it was sent; what could not be sent is left in a file."""
        self._thread.submit(self._send).result()
        if self._points:
            self.unsent_folder.mkdir(parents=True, exist_ok=True)
            write_json(self.unsent_folder / f"{self.run_id}.json", {"run_id": self.run_id, "points": self._points})

    def _send(self) -> None:
        from mlflow.exceptions import MlflowException

        while self._points:
            batch = self._points[:POINTS_PER_BATCH]
            try:
                send_points(self.client, self.run_id, batch)
            except (MlflowException, OSError) as error:
                log.warning("MLflow took no metrics of run %s (%s); %d points wait.", self.run_id, error, len(self._points))
                return
            del self._points[: len(batch)]

    def _known_step(self, name: str) -> int:
        if not self.continued:
            return -1
        if name not in self._last_step:
            from mlflow.exceptions import MlflowException

            try:
                history = self.client.get_metric_history(self.run_id, name)
            except (MlflowException, OSError) as error:
                log.warning("MLflow did not say which steps of %s it has (%s); some may be stored twice.", name, error)
                history = []
            self._last_step[name] = max((metric.step for metric in history), default=-1)
        return self._last_step[name]


@dataclass(frozen=True)
class DatasetUsed:
    """What a run read, as MLflow's dataset tab shows it: a published folder and the digest of its manifest."""

    name: str
    folder: Path
    context: str  # training, evaluation ...


@dataclass(frozen=True)
class ModelVersionInfo:
    """A version in the model registry."""

    version: str
    tags: dict[str, str]
    run_id: str


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

    client = mlflow.MlflowClient(uri, uri)
    if client.get_experiment_by_name(EXPERIMENT) is None:
        artifacts = workspace.root / "var" / "mlflow" / "artifacts"
        client.create_experiment(EXPERIMENT, artifact_location=artifacts.as_uri() if uri.startswith("sqlite") else None)
    return client


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
    experiment_id = _experiment_id(client)
    all_tags = {**revision_tags(workspace), "dvc.stage": stage, **dagster_tags(), **tags}
    run = _find_run(client, continue_run) if continue_run else None
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


def send_points(client: "MlflowClient", run_id: str, points: Sequence[Point]) -> None:
    """Store points of a run in one call."""
    from mlflow.entities import Metric

    client.log_batch(run_id, metrics=[Metric(name, value, at_ms, step) for name, value, step, at_ms in points])


def send_unsent(client: "MlflowClient", folder: Path) -> None:
    """Send what earlier runs could not send, then forget it; what this store does not take stays where it is."""
    from mlflow.exceptions import MlflowException

    for path in sorted(folder.glob("*.json")):
        left = orjson.loads(path.read_bytes())
        points: list[Point] = [(name, value, step, at_ms) for name, value, step, at_ms in left["points"]]
        try:
            for start in range(0, len(points), POINTS_PER_BATCH):
                send_points(client, left["run_id"], points[start : start + POINTS_PER_BATCH])
        except (MlflowException, OSError) as error:
            log.warning("%s could not be sent (%s); it stays for the store that knows its run.", path, error)
            continue
        path.unlink()


def register_model_version(workspace: Workspace, name: str, source_folder: Path, tags: Mapping[str, str]) -> str:
    """A version of a registered model for a published folder, without copying its weights into MLflow.

    The same folder (by its manifest's sha256) gets one version, however often it is registered; its tags are brought up to date.
    """
    client = connect(workspace)
    import mlflow

    digest = digest_of(source_folder)
    root, where = workspace.root.resolve(), source_folder.resolve()
    shown = where.relative_to(root).as_posix() if where.is_relative_to(root) else str(where)
    all_tags = {**revision_tags(workspace), **tags, DIGEST_TAG: digest, "folder": shown}
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    for known in client.search_model_versions(f"name = '{name}'"):
        if known.tags.get(DIGEST_TAG) == digest:
            for key, value in sorted(all_tags.items()):
                client.set_model_version_tag(name, str(known.version), key, value)
            return str(known.version)
    run = _find_run(client, find_link(workspace, "checkpoint").get("mlflow_run_id", ""))
    run_id = run.info.run_id if run else None
    with _as_default_store(tracking_uri(workspace)):
        model = mlflow.create_external_model(
            name=name, source_run_id=run_id, tags=all_tags, model_type="causal-lm", experiment_id=_experiment_id(client)
        )
        made = client.create_model_version(
            name, source=f"models:/{model.model_id}", run_id=run_id, tags={**all_tags, "mlflow_model_id": model.model_id}
        )
    return str(made.version)


def set_alias(workspace: Workspace, name: str, alias: str, version: str) -> None:
    """Point an alias such as 'candidate' or 'approved' at a version."""
    connect(workspace).set_registered_model_alias(name, alias, version)


def version_by_alias(workspace: Workspace, name: str, alias: str) -> ModelVersionInfo | None:
    """The version that an alias points at; None where there is no such model or alias."""
    client = connect(workspace)
    if not client.search_registered_models(f"name = '{name}'"):
        return None
    version = client.get_registered_model(name).aliases.get(alias)
    if version is None:
        return None
    found = client.get_model_version(name, str(version))
    return ModelVersionInfo(str(found.version), dict(found.tags), found.run_id or "")


def leave_link(workspace: Workspace, stage: str, run_id: str, experiment_id: str) -> None:
    """Note which MLflow run does a stage's work, outside of what is hashed; `seal_link` ties it to what came out."""
    folder = workspace.root / "var" / "links"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{stage}.json", {"mlflow_run_id": run_id, "mlflow_experiment_id": experiment_id})


def seal_link(workspace: Workspace, stage: str) -> None:
    """Tie the run that `leave_link` noted to the bytes that the stage has now published."""
    path = workspace.root / "var" / "links" / f"{stage}.json"
    link: dict[str, str] = orjson.loads(path.read_bytes()) if path.is_file() else {SEAL: ""}
    if SEAL not in link:
        write_json(path, {**link, SEAL: digest_of(workspace.place(stage))})


def find_link(workspace: Workspace, stage: str) -> dict[str, str]:
    """The run that made what a stage has published; empty where the bytes came from DVC's cache or from another run."""
    path = workspace.root / "var" / "links" / f"{stage}.json"
    published = workspace.place(stage) / MANIFEST_NAME
    if not path.is_file() or not published.is_file():
        return {}
    link: dict[str, str] = orjson.loads(path.read_bytes())
    return link if link.get(SEAL) == sha256_file(published) else {}


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
def _as_default_store(uri: str) -> Generator[None]:
    """MLflow's functions for external models know no client; its global setting would outlive us, in an environment variable."""
    import mlflow

    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before or "")
        if before is None:
            os.environ.pop("MLFLOW_TRACKING_URI", None)


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


def _find_run(client: "MlflowClient", run_id: str) -> "Run | None":
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


def _experiment_id(client: "MlflowClient") -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        raise OperatorError(f"MLflow lost the experiment {EXPERIMENT!r} that was just made. Look at its store, then run again.")
    return experiment.experiment_id


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


def _must_answer(uri: str) -> None:
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=SECONDS_FOR_SERVER):
            return
    except (urllib.error.URLError, OSError) as error:
        raise OperatorError(
            f"MLflow at {uri} does not answer ({error}). Runs are recorded there and would be lost. Start it (`make ui`), mend "
            "MLFLOW_TRACKING_URI, or unset it to record in this checkout."
        ) from error
