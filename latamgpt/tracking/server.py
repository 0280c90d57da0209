"""Where MLflow keeps what it is told: a server, or a SQLite file of this checkout."""

import http.client
import os
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "latam-gpt"
SECONDS_FOR_SERVER = 3
FILE = "sqlite:///"
USER = re.compile(r"//[^/@]*@")


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
    must_answer(workspace)
    uri = tracking_uri(workspace)
    if uri.startswith(FILE):
        Path(uri.removeprefix(FILE)).parent.mkdir(parents=True, exist_ok=True)
    import mlflow

    client = mlflow.MlflowClient(uri, uri)
    if client.get_experiment_by_name(EXPERIMENT) is None:
        artifacts = workspace.root / "var" / "mlflow" / "artifacts"
        client.create_experiment(EXPERIMENT, artifact_location=artifacts.as_uri() if uri.startswith(FILE) else None)
    return client


def find_experiment(client: "MlflowClient") -> str:
    """The id of the experiment that holds all runs; `connect` makes it."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        raise OperatorError(f"MLflow lost the experiment {EXPERIMENT!r} that was just made. Look at its store, then run again.")
    return experiment.experiment_id


def must_answer(workspace: Workspace) -> None:
    """Stop where runs go to a server and it cannot be spoken to; a file of this checkout needs none.

    Raises:
        OperatorError: the server does not answer, or what the environment names is no server's address.
    """
    uri = tracking_uri(workspace)
    if uri.startswith(FILE):
        return
    shown = USER.sub("//", uri)  # a key is asked of nobody here, and shown to nobody
    try:
        with urllib.request.urlopen(f"{shown.rstrip('/')}/health", timeout=SECONDS_FOR_SERVER):
            return
    except (ValueError, OSError, http.client.HTTPException) as error:
        raise OperatorError(
            f"MLflow at {shown} does not answer ({error}). Runs are recorded, compared and approved there. Start it (`make ui`), "
            "mend MLFLOW_TRACKING_URI, or unset it to record in this checkout."
        ) from error
