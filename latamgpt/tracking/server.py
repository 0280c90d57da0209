"""Where MLflow keeps what it is told: a server, or a SQLite file of this checkout."""

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "latam-gpt"
SECONDS_FOR_SERVER = 3


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


def find_experiment(client: "MlflowClient") -> str:
    """The id of the experiment that holds all runs; `connect` makes it."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        raise OperatorError(f"MLflow lost the experiment {EXPERIMENT!r} that was just made. Look at its store, then run again.")
    return experiment.experiment_id


def _must_answer(uri: str) -> None:
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=SECONDS_FOR_SERVER):
            return
    except (urllib.error.URLError, OSError) as error:
        raise OperatorError(
            f"MLflow at {uri} does not answer ({error}). Runs are recorded there and would be lost. Start it (`make ui`), mend "
            "MLFLOW_TRACKING_URI, or unset it to record in this checkout."
        ) from error
