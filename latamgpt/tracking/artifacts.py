"""Files of a run, fetched from MLflow by whoever compares runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace
from latamgpt.tracking.runs import find_run
from latamgpt.tracking.server import connect


@dataclass(frozen=True)
class Fetched:
    """A file of a run, on this disk, and the run's tags."""

    path: Path
    tags: Mapping[str, str]


def fetch_artifact(workspace: Workspace, run_id: str, name: str, into: Path) -> Fetched:
    """Copy a file that a run kept into a folder.

    Raises:
        OperatorError: MLflow does not answer, does not know the run, or the run kept no such file.
    """
    client = connect(workspace)
    run = find_run(client, run_id)
    if run is None:
        raise OperatorError(
            f"MLflow knows no run {run_id}, so there is nothing to read from it. Its page in MLflow shows a run's id; runs of "
            "another store are found by its MLFLOW_TRACKING_URI."
        )
    if name not in {found.path for found in client.list_artifacts(run_id)}:
        raise OperatorError(
            f"run {run_id} ({run.info.run_name}) kept no {name}. Runs of the stage that makes one keep it: choose one of those, "
            "or `latamgpt runs send` if it still waits on the machine where it was made."
        )
    return Fetched(Path(client.download_artifacts(run_id, name, str(into))), run.data.tags)
