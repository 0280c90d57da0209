"""Run a profile's tasks on a model of ours, through lm-evaluation-harness as it is."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import httpx

from latamgpt.errors import OperatorError, harmless
from latamgpt.evaluation.harness import open_model, pin_process
from latamgpt.evaluation.items import Measure
from latamgpt.evaluation.profiles.profile import Profile
from latamgpt.evaluation.score import DECIMALS, ItemScore, Scored
from latamgpt.params import ScorecardParams

if TYPE_CHECKING:
    from lm_eval.api.task import Task as HarnessTask

OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")
HUB_VARIABLE, HUB = "HF_ENDPOINT", "https://huggingface.co"
HUB_SECONDS = 10
DIGEST_CHARS = 16


class _Results(TypedDict):
    samples: dict[str, list[dict[str, object]]]


@dataclass(frozen=True)
class Ran:
    """What a profile yielded: values by item, and the tasks that have none, such as those with a metric of a whole corpus."""

    items: tuple[Scored, ...]
    metrics: Mapping[str, str]  # which metric was taken, by task
    left_out: tuple[str, ...]


def run_profile(
    model_folder: Path, name: str, profile: Profile, params: ScorecardParams, limit: int | None, after_task: Callable[[str], None]
) -> Ran:
    """Ask a model the tasks of a profile, as the harness asks them.

    Args:
        model_folder: the model.
        name: what it is called in the result.
        profile: the tasks.
        params: how it is loaded.
        limit: at most so many items of each task, the first ones; None for all.
        after_task: told each task's name.

    Raises:
        OperatorError: the hub cannot be reached, or a task cannot be loaded from it.
    """
    callers = {variable: os.environ.get(variable) for variable in OFFLINE_VARIABLES}
    _must_reach_hub(profile)
    pin_process(params.precision)
    for variable, value in callers.items():  # the harness loads these tasks itself
        os.environ.pop(variable) if value is None else os.environ.update({variable: value})
    from lm_eval.evaluator import evaluate
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    manager = TaskManager(include_path=profile.include, include_defaults=False) if profile.include else None
    if manager is None or not {name for names in profile.groups.values() for name in names} <= set(manager.all_tasks):
        manager = TaskManager(include_path=profile.include or None)  # reads all of the harness: a minute
    loaded = {group: _load(manager, names) for group, names in profile.groups.items()}
    model = open_model(model_folder, params)
    items: list[Scored] = []
    metrics: dict[str, str] = {}
    left_out: list[str] = []
    for group, tasks in loaded.items():
        for task_name, task in tasks.items():
            with redirect_stderr(StringIO()):
                results = cast("_Results", evaluate(model, {"tasks": {task_name: task}}, limit=limit, bootstrap_iters=0))
            metric, rows = rows_of(f"{group}/{task_name}", results["samples"].get(task_name, []), name, profile.language)
            items += rows
            metrics |= {task_name: metric} if metric else {}
            left_out += [] if metric else [task_name]
            after_task(task_name)
    return Ran(tuple(items), metrics, tuple(left_out))


def rows_of(task: str, samples: Sequence[Mapping[str, object]], name: str, language: str) -> tuple[str, list[Scored]]:
    """The harness' samples of a task as scored items, by the first of its metrics that is a number for each of them.

    Of several filters of the answers the harness' first one counts. '' and nothing where no metric is of single items.
    """
    first = [sample for sample in samples if sample.get("filter") == samples[0].get("filter")]
    known = cast("Sequence[str]", first[0].get("metrics", [])) if first else []
    metric = next((one for one in known if all(isinstance(sample.get(one), int | float) for sample in first)), "")
    if not metric:
        return "", []
    rows = [
        Scored(
            task=task,
            battery=task.partition("/")[0],
            measure=Measure.TASK_METRIC,
            item=str(sample["doc_id"]),
            asked=str(sample["doc_hash"])[:DIGEST_CHARS],
            cluster="",
            language=language,
            weight=1.0,
            scores={name: ItemScore(value=round(float(cast("float", sample[metric])), DECIMALS))},
        )
        for sample in first
    ]
    return metric, sorted(rows, key=lambda row: int(row.item))


def _load(manager: object, names: Sequence[str]) -> "dict[str, HarnessTask]":
    load = cast("Callable[[list[str]], dict[str, dict[str, HarnessTask]]]", getattr(manager, "load"))  # noqa: B009
    found: dict[str, HarnessTask] = {}
    for name in names:
        try:
            with redirect_stderr(StringIO()):
                found |= load([name])["tasks"]
        except KeyError as error:
            raise OperatorError(
                f"the installed lm-eval has no task {name!r}, so the profile cannot be run. Take the name out, or mend it."
            ) from error
        except (OSError, ValueError) as error:  # what the hub's libraries raise for what they cannot load
            raise OperatorError(
                f"{name}: its data could not be loaded ({harmless(str(error), 200)}). Nothing was measured. Run this where the "
                "hub is reached, or fetch the data there and set HF_HUB_OFFLINE=1 beside a copy of its cache."
            ) from error
    return found


def _must_reach_hub(profile: Profile) -> None:
    """Say it at once, and not after minutes of attempts, where there is no hub."""
    if profile.include or os.environ.get("HF_HUB_OFFLINE") == "1":
        return
    hub = os.environ.get(HUB_VARIABLE, HUB)
    try:
        httpx.head(hub, timeout=HUB_SECONDS)
    except httpx.TransportError as error:
        raise OperatorError(
            f"{hub} cannot be reached from here ({harmless(str(error), 120) or type(error).__name__}), and profile "
            f"{profile.name!r} loads its tasks from there. Nothing was measured. Run it at a site with a hub; or, where its data "
            "lies in the cache, set HF_HUB_OFFLINE=1. The scorecard's own questions need no hub."
        ) from error
