"""Which MLflow run made what a stage has published, for whoever shows a run beside its stage.

Run ids never enter a hashed output: they are left in var/links/STAGE.json.
"""

from pathlib import Path

import orjson

from latamgpt.records import MANIFEST_NAME
from latamgpt.store import Workspace, digest_of, held, replace_json, sha256_file

SEAL = "manifest_sha256"
RUN = "mlflow_run_id"


def leave_link(workspace: Workspace, stage: str, key: str) -> None:
    """Note which run does a stage's work, outside of what is hashed; `seal_link` ties it to what came out."""
    with held(workspace.root, "links"):
        path = _path(workspace, stage)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_json(path, {"key": key})


def complete_link(workspace: Workspace, stage: str, key: str, run_id: str, experiment_id: str) -> None:
    """Add where MLflow has the run, once it has; nothing where another run did the stage's work since."""
    with held(workspace.root, "links"):
        link = _read(workspace, stage)
        if link.get("key") == key:
            replace_json(_path(workspace, stage), {**link, RUN: run_id, "mlflow_experiment_id": experiment_id})


def seal_link(workspace: Workspace, stage: str) -> None:
    """Tie the run that `leave_link` noted to the bytes that the stage has now published."""
    if not _path(workspace, stage).is_file():
        return
    with held(workspace.root, "links"):
        link = _read(workspace, stage)
        if SEAL not in link:
            replace_json(_path(workspace, stage), {**link, SEAL: digest_of(workspace.place(stage))})


def find_link(workspace: Workspace, stage: str) -> dict[str, str]:
    """The run that made what a stage has published.

    Empty where the bytes came from DVC's cache or from another run, and as long as MLflow has not heard of the run.
    """
    link = _read(workspace, stage)
    published = workspace.place(stage) / MANIFEST_NAME
    if RUN not in link or not published.is_file():
        return {}
    return link if link.get(SEAL) == sha256_file(published) else {}


def _path(workspace: Workspace, stage: str) -> Path:
    return workspace.root / "var" / "links" / f"{stage}.json"


def _read(workspace: Workspace, stage: str) -> dict[str, str]:
    path = _path(workspace, stage)
    return orjson.loads(path.read_bytes()) if path.is_file() else {}
