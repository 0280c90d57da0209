"""Where an asset leads on: Data Docs for a gate, MLflow for a run, the correction page for scans, the receipt for a deposit,
the scorecard's page for what a model gained and lost.
"""

import os

import dagster as dg

from assets.graph import Graph, StageNode
from latamgpt.intake.documents import RECOGNITION
from latamgpt.intake.quarantine import Reason
from latamgpt.records import Report
from latamgpt.store import Workspace
from latamgpt.tracking.links import find_link

MLFLOW_VARIABLE, MLFLOW_DEFAULT = "LATAMGPT_MLFLOW_URL", "http://127.0.0.1:5000"
DOCS_VARIABLE, DOCS_DEFAULT = "LATAMGPT_DOCS_URL", "http://127.0.0.1:5001"
CORRECTIONS_VARIABLE, CORRECTIONS_DEFAULT = "LATAMGPT_CORRECTIONS_URL", "http://127.0.0.1:5002"


def data_docs_link(node: StageNode) -> dg.MetadataValue:
    """The page of Data Docs for a gate; `make ui` serves it."""
    place = f"{node.name}/{node.key}" if node.key else node.name
    return dg.MetadataValue.url(f"{os.environ.get(DOCS_VARIABLE, DOCS_DEFAULT)}/{place}/index.html")


def page_links(workspace: Workspace, stage: str) -> dict[str, dg.MetadataValue]:
    """The pages that a stage published for people, one per language; `make ui` serves them."""
    base = os.environ.get(DOCS_VARIABLE, DOCS_DEFAULT)
    pages = sorted(workspace.place(stage).glob(f"{stage}.*.html"))
    return {f"page/{path.name.split('.')[1]}": dg.MetadataValue.url(f"{base}/{stage}/{path.name}") for path in pages}


def receipt_links(graph: Graph, node: StageNode) -> dict[str, dg.MetadataValue]:
    """A partner's receipt and the command that makes it; for what all partners' texts went into, those of each.

    They belong to the asset, not to a materialization: a receipt is made after the release, when the documents are long there.
    `make ui` serves the pages.
    """
    if node.key:
        return {
            "receipt": dg.MetadataValue.url(receipt_url(node.key)),
            "receipt/command": dg.MetadataValue.text(receipt_command(node.key)),
        }
    partners = sorted({one.key for one in graph.stages if one.key})
    rows = "\n".join(f"| [{one}]({receipt_url(one)}) | `{receipt_command(one)}` |" for one in partners)
    return {"receipts": dg.MetadataValue.md(f"| receipt | made by |\n|---|---|\n{rows}")}


def receipt_url(partner: str) -> str:
    """The page of a partner's receipt; where there is none yet, the page says how it is made."""
    return f"{os.environ.get(DOCS_VARIABLE, DOCS_DEFAULT)}/receipts/{partner}/receipt.html"


def receipt_command(partner: str) -> str:
    """What makes a partner's receipt."""
    return f"latamgpt receipt {partner}"


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


def corrections_link(partner: str, report: Report) -> dict[str, dg.MetadataValue]:
    """The page on which people correct a partner's scans, where a machine read any; `latamgpt corrections serve` serves it."""
    read = any(table.name == RECOGNITION for table in report.tables)
    waiting = any(Reason.OCR_LOW_CONFIDENCE in row for table in report.tables for row in table.rows)
    if not read and not waiting:
        return {}
    base = os.environ.get(CORRECTIONS_VARIABLE, CORRECTIONS_DEFAULT)
    return {"corrections": dg.MetadataValue.url(f"{base}/?partner={partner}")}
