"""A scorecard's runs in MLflow: one per model, with metrics of the same names, the page, and a table of the items."""

import json
from collections.abc import Mapping
from pathlib import Path

import orjson

from latamgpt.evaluation.memorisation import memorisation_metrics
from latamgpt.evaluation.page.publish import PAGES
from latamgpt.evaluation.score import SCORECARD_NAME, Scorecard
from latamgpt.params import ScorecardParams
from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.links import find_link
from latamgpt.tracking.runs import DatasetUsed, start_run

STAGE = "scorecard"
ROLE_TAG = "model.role"  # the model's name in the scorecard
ITEMS_NAME = "items.json"
TABLE_TAG = ("mlflow.loggedArtifacts", json.dumps([{"path": ITEMS_NAME, "type": "table"}]))
"""By which MLflow's evaluation view finds the table, as its own `log_table` leaves it."""

COLUMNS = ("item", "battery", "country", "language", "measure", "chosen", "answer", "value")


def track(workspace: Workspace, params: ScorecardParams, scorecard: Scorecard, models: Mapping[str, Path]) -> None:
    """Record the base and the candidate, so that the two stand side by side in MLflow.

    Args:
        workspace: where the scorecard was just published.
        params: of the stage.
        scorecard: what was published.
        models: the folder of each model, by its name in the scorecard.
    """
    for name in (scorecard.base, scorecard.candidate):
        tags = {ROLE_TAG: name, "model.stage": models[name].name, "model.manifest_sha256": digest_of(models[name])}
        tags |= dict([TABLE_TAG])
        if training_run := find_link(workspace, "checkpoint").get("mlflow_run_id", ""):
            tags["checkpoint.run_id"] = training_run
        held_out = DatasetUsed("token_shards", workspace.place("token_shards"), "evaluation")
        with start_run(
            workspace, STAGE, f"{STAGE} {name}", {STAGE: params.model_dump(mode="json")}, tags, datasets=[held_out]
        ) as log:
            log.log(metrics(scorecard, name), step=0)
            log.attach(ITEMS_NAME, items_table(scorecard, name))
            for file in (SCORECARD_NAME, *PAGES.values()):
                log.attach(file, (workspace.place(STAGE) / file).read_bytes())


def metrics(scorecard: Scorecard, model: str) -> dict[str, float]:
    """MEASURE/GROUP and what the base or the candidate got there: the same names in every scorecard's runs."""
    part = "base" if model == scorecard.base else "candidate"
    compared = {f"{cell.measure}/{cell.group}": getattr(cell, part) for cell in scorecard.cells}
    memorised = memorisation_metrics(scorecard.memorisation)
    return compared | {name.removesuffix(f"/{part}"): value for name, value in memorised.items() if name.endswith(f"/{part}")}


def items_table(scorecard: Scorecard, model: str) -> bytes:
    """Every item that a model was asked, in the form of MLflow's tables: ids and numbers, and no text of anybody."""
    rows = [
        (item.item, item.battery, item.country, item.language, item.measure, got.chosen, item.answer, got.value)
        for item in scorecard.items
        if (got := item.scores.get(model)) is not None
    ]
    return orjson.dumps({"columns": COLUMNS, "data": rows})
