"""Where the other user interfaces show the same thing: Data Docs for a gate, MLflow for a stage with a run."""

import os

import dagster as dg

from assets.graph import StageNode
from latamgpt.store import Workspace
from latamgpt.tracking.links import find_link

MLFLOW_VARIABLE, MLFLOW_DEFAULT = "LATAMGPT_MLFLOW_URL", "http://127.0.0.1:5000"
DOCS_VARIABLE, DOCS_DEFAULT = "LATAMGPT_DOCS_URL", "http://127.0.0.1:5001"


def data_docs_link(node: StageNode) -> dg.MetadataValue:
    """The page of Data Docs for a gate; `make ui` serves it."""
    place = f"{node.name}/{node.key}" if node.key else node.name
    return dg.MetadataValue.url(f"{os.environ.get(DOCS_VARIABLE, DOCS_DEFAULT)}/{place}/index.html")


def mlflow_link(workspace: Workspace, stage: str) -> dict[str, dg.MetadataValue]:
    """The MLflow run that did a stage's work, where there is one."""
    link = find_link(workspace, stage)
    if not link:
        return {}
    run, experiment = link["mlflow_run_id"], link["mlflow_experiment_id"]
    base = os.environ.get(MLFLOW_VARIABLE, MLFLOW_DEFAULT)
    return {
        "mlflow/run": dg.MetadataValue.url(f"{base}/#/experiments/{experiment}/runs/{run}"),
        "mlflow/run_id": dg.MetadataValue.text(run),
    }
