"""A killed evaluation goes on at the task that it was at: what a model scored on a task is kept until the scorecard is out.

Kept below var/cache (latamgpt.cache: whole or not at all, verified when read) with a key of all that it came from: the model's
files, the items and how they are asked, the parameters, the code and the packages, and what computed it. What is kept is numbers
in the order of the items, no text and no document's name: nothing of it has to be looked for when a partner withdraws.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.cache import cache_place, keep, made_from, read_cached
from latamgpt.evaluation.harness import device, open_model, score_task
from latamgpt.evaluation.items import Task
from latamgpt.evaluation.score import Score
from latamgpt.params import ScorecardParams
from latamgpt.store import digest_of, write_json

if TYPE_CHECKING:
    from latamgpt.evaluation.packed import PackedLM

SHELF = "scorecard"
FILE = "scores.json"


def measure_or_resume(
    root: Path, models: Mapping[str, Path], tasks: Sequence[Task], params: ScorecardParams, after_task: Callable[[str], None]
) -> dict[str, dict[str, list[Score]]]:
    """What each model scored on each task: taken from what a killed run left where it is of the same, else measured and kept.

    A model is opened when the first of its tasks is asked, and closed before the next one.
    """
    scores: dict[str, dict[str, list[Score]]] = {name: {} for name in models}
    for name, folder in models.items():
        opened: PackedLM | None = None
        for task in tasks:
            key = f"{name}@{task.name.replace('/', '+')}"
            came_from = made_from(digest_of(folder), _digest(task), params.model_dump_json(), device())
            found = read_cached(root, SHELF, key, came_from)
            if found is None:
                opened = opened or open_model(folder, params)
                told = score_task(opened, task)
                keep(root, SHELF, key, came_from, partial(_write, told))
            else:
                told = _read(found, task)
            scores[name][task.name] = told
            after_task(f"{name} {task.name}")
    return scores


def forget_scores(root: Path) -> None:
    """Take away what was kept: the scorecard is out."""
    shutil.rmtree(cache_place(root, SHELF, ""), ignore_errors=True)


def _digest(task: Task) -> str:
    return sha256(orjson.dumps(asdict(task), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _write(scores: Sequence[Score], folder: Path) -> None:
    write_json(folder / FILE, [[score.value, score.weight, score.chosen] for score in scores])


def _read(folder: Path, task: Task) -> list[Score]:
    rows = orjson.loads((folder / FILE).read_bytes())
    return [Score(item.id, *row) for item, row in zip(task.items, rows, strict=True)]
