"""What a model scored on a task is kept: a killed evaluation goes on, and a new one asks only what it has no answers to.

A retraining's base is the one before, and most changes of a scorecard (its words, its statistics, a question) ask nothing else
of most tasks. Kept below var/cache (latamgpt.cache: whole or not at all, verified when read) with a key of all that the scores
came from: the model's files, the items and how they are asked, the parameters by which rows are made, the code that measures, the
packages, and what computed it. A task is measured whole: which items stand beside one in its rows is part of its last bits. What
is kept is numbers in the order of the items, no text and no document's name: nothing of it has to be looked for when a partner
withdraws.
"""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import TypeAdapter, ValidationError

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
MEASURING = ("harness", "items", "memorisation", "packed", "questions", "resume", "score", "translation")
"""The modules of this folder by which a model is opened and asked; a test holds them against what these import."""
CODE = tuple(f"evaluation/{name}.py" for name in MEASURING)
NO_PART_OF_A_SCORE = frozenset(
    {
        *("held_out_tokens", "passage_tokens", "max_items", "max_ability_items", "max_translations"),
        *("max_memorised", "memorised_tokens", "seed", "bootstrap_samples", "confidence"),
    }
)
"""Parameters that choose what is asked, which a task holds itself, and those of the comparison."""
_ROWS = TypeAdapter(list[tuple[float, float, int | None]])


def measure_or_resume(
    root: Path, models: Mapping[str, Path], tasks: Sequence[Task], params: ScorecardParams, after_task: Callable[[str], None]
) -> dict[str, dict[str, list[Score]]]:
    """What each model scored on each task: taken from what is kept where it is of the same, else measured and kept.

    A model is opened when the first of its tasks is asked, and closed before the next one.
    """
    scores: dict[str, dict[str, list[Score]]] = {name: {} for name in models}
    how = params.model_dump_json(exclude=set(NO_PART_OF_A_SCORE))
    for name, folder in models.items():
        opened: PackedLM | None = None
        for task in tasks:
            key = _key(name, task)
            came_from = made_from(digest_of(folder), _digest(task), how, device(), code=CODE)
            told = _read(read_cached(root, SHELF, key, came_from), task)
            if told is None:
                opened = opened or open_model(folder, params)
                told = score_task(opened, task)
                keep(root, SHELF, key, came_from, partial(_write, told))
            scores[name][task.name] = told
            after_task(f"{name} {task.name}")
    return scores


def drop_other_scores(root: Path, models: Collection[str], tasks: Sequence[Task]) -> None:
    """Take away what is kept of tasks that are no longer asked: one result for each model and task is all that stays."""
    asked = {_key(name, task) for name in models for task in tasks}
    for place in cache_place(root, SHELF, "").glob("*"):
        if place.name not in asked:
            shutil.rmtree(place)


def _key(model: str, task: Task) -> str:
    return f"{model}@{task.name.replace('/', '+')}"


def _digest(task: Task) -> str:
    return sha256(orjson.dumps(asdict(task), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _write(scores: Sequence[Score], folder: Path) -> None:
    write_json(folder / FILE, [[score.value, score.weight, score.chosen] for score in scores])


def _read(folder: Path | None, task: Task) -> list[Score] | None:
    """What is kept there; None where nothing is, or what is no score for each item."""
    if folder is None:
        return None
    try:
        rows = _ROWS.validate_json((folder / FILE).read_bytes(), strict=True)
    except (OSError, ValidationError):
        return None
    if len(rows) != len(task.items):
        return None
    return [Score(item.id, *row) for item, row in zip(task.items, rows, strict=True)]
