"""Which MLflow run made what a stage has published, for whoever shows a run beside its stage.

Run ids never enter a hashed output: they are left in var/links/STAGE.json.
"""

import orjson

from latamgpt.records import MANIFEST_NAME
from latamgpt.store import Workspace, digest_of, replace_json, sha256_file

SEAL = "manifest_sha256"


def leave_link(workspace: Workspace, stage: str, run_id: str, experiment_id: str) -> None:
    """Note which MLflow run does a stage's work, outside of what is hashed; `seal_link` ties it to what came out."""
    folder = workspace.root / "var" / "links"
    folder.mkdir(parents=True, exist_ok=True)
    replace_json(folder / f"{stage}.json", {"mlflow_run_id": run_id, "mlflow_experiment_id": experiment_id})


def seal_link(workspace: Workspace, stage: str) -> None:
    """Tie the run that `leave_link` noted to the bytes that the stage has now published."""
    path = workspace.root / "var" / "links" / f"{stage}.json"
    link: dict[str, str] = orjson.loads(path.read_bytes()) if path.is_file() else {SEAL: ""}
    if SEAL not in link:
        replace_json(path, {**link, SEAL: digest_of(workspace.place(stage))})


def find_link(workspace: Workspace, stage: str) -> dict[str, str]:
    """The run that made what a stage has published; empty where the bytes came from DVC's cache or from another run."""
    path = workspace.root / "var" / "links" / f"{stage}.json"
    published = workspace.place(stage) / MANIFEST_NAME
    if not path.is_file() or not published.is_file():
        return {}
    link: dict[str, str] = orjson.loads(path.read_bytes())
    return link if link.get(SEAL) == sha256_file(published) else {}
