"""Measure candidate and base on the same items: what the region's languages gained, and what was forgotten."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from latamgpt.evaluation.harness import pin_process
from latamgpt.evaluation.items import Measure, Task, digest_of_fields
from latamgpt.evaluation.made import made_with
from latamgpt.evaluation.memorisation import count_memorised, memorisation_tasks
from latamgpt.evaluation.page.publish import write_pages
from latamgpt.evaluation.passages import passage_tasks
from latamgpt.evaluation.peers.columns import join_peers
from latamgpt.evaluation.questions import question_tasks
from latamgpt.evaluation.report import report_of
from latamgpt.evaluation.resume import drop_other_scores, measure_or_resume
from latamgpt.evaluation.rights import Registry, must_permit_evaluation
from latamgpt.evaluation.score import SCORECARD_NAME, ItemScore, Score, Scorecard, Scored
from latamgpt.evaluation.statistics.cells import compare_all
from latamgpt.evaluation.tracked import track
from latamgpt.evaluation.translation import translation_tasks
from latamgpt.launch.site import read_site
from latamgpt.params import Params, ScorecardParams
from latamgpt.progress import follow
from latamgpt.records import Report
from latamgpt.registry.rights import Place
from latamgpt.store import Workspace, write_json, write_report

STAGE = "scorecard"
BASE, CANDIDATE = "base", "candidate"
STAGES = {BASE: "base_model", CANDIDATE: "checkpoint"}
ABILITY_TEXT = Path("samples") / "ability_text"


def run(workspace: Workspace, params: Params) -> Report:
    """Score both models on every task, compare them item by item, publish the scorecard.

    Published: scorecard.json (a `Scorecard`: what each model got on each item, and every comparison), its page in three
    languages, and report.json.
    Cost: both models read about `held_out_tokens` per language, plus the choices of each question; nothing of what is kept from
    a run before. A killed run goes on at the task that it was at.

    Raises:
        NotPermittedError: an agreement of a held-out text does not permit evaluation, or not at this site.
    """
    pin_process(params.scorecard.precision)
    models = {name: workspace.read(stage) for name, stage in STAGES.items()}
    shards = workspace.read("token_shards")
    site = read_site(workspace.root)
    registry = Registry(workspace.root, params.partners, params.rights.as_of, Place(site.country, site.name, site.is_guess))
    must_permit_evaluation(registry, shards / "held_out")
    asked = params.scorecard
    tasks = [
        *passage_tasks(shards / "held_out", workspace.root / ABILITY_TEXT, models[BASE] / "tokenizer.json", asked),
        *question_tasks(asked),
        *translation_tasks(asked),
        *memorisation_tasks(models[CANDIDATE], shards, asked, registry.permits),
    ]
    with workspace.publish(STAGE) as folder:
        compared = compare(tasks, _score_both(workspace, models, tasks, asked), asked)
        items, peers = join_peers(workspace.root, compared.items, CANDIDATE, asked)
        scorecard = compared.model_copy(update={"made": made_with(asked, models), "items": items, "peers": peers})
        write_json(folder / SCORECARD_NAME, scorecard.model_dump(mode="json", exclude_none=True))
        write_pages(folder, scorecard)
        report = write_report(folder, report_of(scorecard))
    drop_other_scores(workspace.root, models, tasks)
    track(workspace, asked, scorecard, models)
    return report


def compare(tasks: Sequence[Task], scores: Mapping[str, Mapping[str, Sequence[Score]]], params: ScorecardParams) -> Scorecard:
    """All comparisons of what the models got on each task."""
    memorised = [task for task in tasks if task.measure is Measure.VERBATIM]
    items = join([task for task in tasks if task.measure is not Measure.VERBATIM], scores)
    return Scorecard(
        base=BASE,
        candidate=CANDIDATE,
        confidence=params.confidence,
        items=items,
        cells=compare_all(items, BASE, CANDIDATE, params),
        memorisation=count_memorised(memorised, scores[BASE], scores[CANDIDATE]),
    )


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
                        "asked": digest_of_fields(item.fields),
                        "cluster": item.cluster,
                        "weight": next(iter(got.values())).weight,
                        "scores": {m: ItemScore(value=score.value, chosen=score.chosen) for m, score in got.items()},
                        **{name: item.fields[name] for name in ("answer", "abstain", "stereotype") if name in item.fields},
                        **item.about,
                    }
                )
            )
    return tuple(rows)


def _score_both(
    workspace: Workspace, models: Mapping[str, Path], tasks: Sequence[Task], params: ScorecardParams
) -> dict[str, dict[str, list[Score]]]:
    with follow(STAGE, "", "tasks", len(models) * len(tasks)) as progress:
        return measure_or_resume(workspace.root, models, tasks, params, lambda task: progress.advance(note=task))
