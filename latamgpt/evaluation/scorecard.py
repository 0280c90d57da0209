"""Measure candidate and base on the same items: what the region's languages gained, and what was forgotten."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from latamgpt.evaluation.harness import measure, pin_process
from latamgpt.evaluation.items import Task
from latamgpt.evaluation.passages import passage_tasks
from latamgpt.evaluation.questions import question_tasks
from latamgpt.evaluation.rights import must_permit_evaluation
from latamgpt.evaluation.score import ItemScore, Score, Scorecard, Scored
from latamgpt.evaluation.statistics.cells import compare_all
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
COLUMNS = ("measure", "group", "base", "candidate", "difference", "low", "high", "detectable", "p Holm", "items")
ABILITY_TEXT = Path("samples") / "ability_text"


def run(workspace: Workspace, params: Params) -> Report:
    """Score both models on every task, compare them item by item, publish the scorecard.

    Published: scorecard.json (a `Scorecard`: what each model got on each item, and every comparison) and report.json.
    Cost: both models read about `held_out_tokens` per language, plus the choices of each question.

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
        items = join(tasks, _score_both(models, tasks, asked))
        cells = compare_all(items, BASE, CANDIDATE, asked)
        scorecard = Scorecard(base=BASE, candidate=CANDIDATE, items=items, cells=cells)
        write_json(folder / "scorecard.json", scorecard.model_dump(mode="json", exclude_none=True))
        report = write_report(folder, _report(scorecard))
    for name in (BASE, CANDIDATE):
        _track(workspace, name, asked, scorecard, models)
    return report


def join(tasks: Sequence[Task], scores: Mapping[str, Mapping[str, Sequence[Score]]]) -> tuple[Scored, ...]:
    """Every item with what every model got on it; `scores` by model and task, each in the order of the task's items."""
    rows: list[Scored] = []
    for task in tasks:
        for position, item in enumerate(task.items):
            got = {model: by_task[task.name][position] for model, by_task in scores.items() if task.name in by_task}
            if not got or {score.item for score in got.values()} != {item.id}:
                raise ValueError(f"{task.name}: item {item.id} was not asked of all models in one order")
            rows.append(
                Scored.model_validate(
                    {
                        "task": task.name,
                        "battery": task.battery,
                        "measure": task.measure,
                        "item": item.id,
                        "cluster": item.cluster,
                        "weight": next(iter(got.values())).weight,
                        "scores": {m: ItemScore(value=score.value, chosen=score.chosen) for m, score in got.items()},
                        **{name: item.fields[name] for name in ("answer", "abstain", "stereotype") if name in item.fields},
                        **item.about,
                    }
                )
            )
    return tuple(rows)


def _score_both(models: Mapping[str, Path], tasks: Sequence[Task], params: ScorecardParams) -> dict[str, dict[str, list[Score]]]:
    with follow(STAGE, "", "tasks", len(models) * len(tasks)) as progress:
        return {
            name: measure(folder, tasks, params, lambda task, name=name: progress.advance(note=f"{name} {task}"))
            for name, folder in models.items()
        }


def _report(scorecard: Scorecard) -> Report:
    metrics: dict[str, float] = {}
    for cell in scorecard.cells:
        parts = (BASE, CANDIDATE, "difference", "low", "high", "p_holm", "minimum_detectable")
        metrics |= {f"{cell.measure}/{cell.group}/{part}": getattr(cell, part) for part in parts}
    rows = [
        (c.measure, c.group, c.base, c.candidate, c.difference, c.low, c.high, c.minimum_detectable, c.p_holm, c.num_items)
        for c in scorecard.cells
    ]
    passages = [cell for cell in scorecard.cells if cell.measure == "bits_per_byte"]
    gained = sum(cell.difference < 0 for cell in passages)
    return Report(
        stage=STAGE,
        summary=f"the candidate needs fewer bits per byte than the base in {gained} of {len(passages)} sets of passages; "
        f"{len(scorecard.items):,} items",
        counts={"items": len(scorecard.items)},
        metrics=metrics,
        tables=(Table(name=STAGE, columns=COLUMNS, rows=tuple(rows)),),
    )


def _track(workspace: Workspace, name: str, params: ScorecardParams, scorecard: Scorecard, models: Mapping[str, Path]) -> None:
    """One run per model with the same metric names, so that the two stand side by side in MLflow."""
    tags = {"model.role": name, "model.stage": STAGES[name], "model.manifest_sha256": digest_of(models[name])}
    if training_run := find_link(workspace, "checkpoint").get("mlflow_run_id", ""):
        tags["checkpoint.run_id"] = training_run
    held_out = DatasetUsed("token_shards", workspace.place("token_shards"), "evaluation")
    with start_run(
        workspace, STAGE, f"{STAGE} {name}", {STAGE: params.model_dump(mode="json")}, tags, datasets=[held_out]
    ) as log:
        values = {f"{cell.measure}/{cell.group}": cell.base if name == BASE else cell.candidate for cell in scorecard.cells}
        log.log(values, step=0)
