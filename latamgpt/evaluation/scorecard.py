"""Measure candidate and base on the same items: what the region's languages gained, and what was forgotten."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from latamgpt.evaluation.harness import Score, measure, pin_process
from latamgpt.evaluation.items import Measure, Task, passage_tasks, question_tasks
from latamgpt.evaluation.rights import must_permit_evaluation
from latamgpt.evaluation.statistics import Comparison, compare
from latamgpt.launch.site import read_site
from latamgpt.params import Params, ScorecardParams
from latamgpt.progress import follow
from latamgpt.records import Report, Table
from latamgpt.registry.rights import Place
from latamgpt.store import Workspace, digest_of, write_json, write_report
from latamgpt.tracking.links import find_link
from latamgpt.tracking.runs import DatasetUsed, start_run

STAGE = "scorecard"
BASE, CANDIDATE = "base", "candidate"
STAGES = {BASE: "base_model", CANDIDATE: "checkpoint"}
COLUMNS = ("measure", "language", "base", "candidate", "difference", "low", "high", "items")
ABILITY_TEXT = Path("samples") / "ability_text"


def run(workspace: Workspace, params: Params) -> Report:
    """Score both models on every task, compare them item by item, publish the scorecard.

    Published: scorecard.json (what each model got on each item) and report.json (means, differences, intervals).
    Cost: both models read about `held_out_tokens` per language, plus four endings for each question.

    Raises:
        NotPermittedError: an agreement of a held-out text does not permit evaluation, or not at this site.
    """
    pin_process(params.scorecard.precision)
    models = {name: workspace.read(stage) for name, stage in STAGES.items()}
    held_out = workspace.read("token_shards") / "held_out"
    site = read_site(workspace.root)
    place = Place(site.country, site.name, site.is_guess)
    must_permit_evaluation(workspace.root, params.partners, held_out, params.rights.as_of, place)
    tokenizer_file = models[BASE] / "tokenizer.json"
    asked = params.scorecard
    tasks = [*passage_tasks(held_out, workspace.root / ABILITY_TEXT, tokenizer_file, asked), *question_tasks(asked)]
    with workspace.publish(STAGE) as folder:
        scores = _score_both(models, tasks, asked)
        comparisons = {task.name: _compare(task, scores, asked) for task in tasks}
        write_json(folder / "scorecard.json", _items(tasks, scores))
        report = write_report(folder, _report(tasks, comparisons))
    for name in (BASE, CANDIDATE):
        _track(workspace, name, asked, comparisons, models)
    return report


def _score_both(models: Mapping[str, Path], tasks: Sequence[Task], params: ScorecardParams) -> dict[str, dict[str, list[Score]]]:
    with follow(STAGE, "", "tasks", len(models) * len(tasks)) as progress:
        return {
            name: measure(folder, tasks, params, lambda task, name=name: progress.advance(note=f"{name} {task}"))
            for name, folder in models.items()
        }


def _compare(task: Task, scores: Mapping[str, Mapping[str, list[Score]]], params: ScorecardParams) -> Comparison:
    return compare(
        task.name,
        scores[BASE][task.name],
        scores[CANDIDATE][task.name],
        num_samples=params.bootstrap_samples,
        confidence=params.confidence,
        seed=params.seed,
    )


def _items(tasks: Sequence[Task], scores: Mapping[str, Mapping[str, list[Score]]]) -> dict[str, object]:
    """Per item, the value (bits, or 1 for a right answer) of both models and the weight (bytes, or 1)."""
    rows: list[dict[str, object]] = []
    for task in tasks:
        for base, candidate in zip(scores[BASE][task.name], scores[CANDIDATE][task.name], strict=True):
            rows.append(
                {"task": task.name, "item": base.item, BASE: base.value, CANDIDATE: candidate.value, "weight": base.weight}
            )
    return {"items": rows}


def _report(tasks: Sequence[Task], comparisons: Mapping[str, Comparison]) -> Report:
    metrics: dict[str, float] = {}
    for name, found in comparisons.items():
        values = {BASE: found.base, CANDIDATE: found.candidate, "difference": found.difference}
        metrics |= {f"{name}/{part}": value for part, value in {**values, "low": found.low, "high": found.high}.items()}
    rows = [
        (t.name, t.language, c.base, c.candidate, c.difference, c.low, c.high, c.num_items)
        for t in tasks
        for c in [comparisons[t.name]]
    ]
    passages = [comparisons[t.name] for t in tasks if t.measure is Measure.BITS_PER_BYTE]
    gained = sum(c.difference < 0 for c in passages)
    return Report(
        stage=STAGE,
        summary=f"the candidate needs fewer bits per byte than the base in {gained} of {len(passages)} sets of passages, "
        f"over {len(tasks)} tasks with {sum(c.num_items for c in comparisons.values()):,} items",
        counts={"tasks": len(tasks), "items": sum(c.num_items for c in comparisons.values())},
        metrics=metrics,
        tables=(Table(name=STAGE, columns=COLUMNS, rows=tuple(rows)),),
    )


def _track(
    workspace: Workspace,
    name: str,
    params: ScorecardParams,
    comparisons: Mapping[str, Comparison],
    models: Mapping[str, Path],
) -> None:
    """One run per model with the same metric names, so that the two stand side by side in MLflow."""
    tags = {"model.role": name, "model.stage": STAGES[name], "model.manifest_sha256": digest_of(models[name])}
    if training_run := find_link(workspace, "checkpoint").get("mlflow_run_id", ""):
        tags["checkpoint.run_id"] = training_run
    held_out = DatasetUsed("token_shards", workspace.place("token_shards"), "evaluation")
    with start_run(
        workspace, STAGE, f"{STAGE} {name}", {STAGE: params.model_dump(mode="json")}, tags, datasets=[held_out]
    ) as log:
        log.log({task: found.base if name == BASE else found.candidate for task, found in comparisons.items()}, step=0)
