"""Measure packed rows beside lm-evaluation-harness's own batches, same items, same model: python -m scripts.bench_scorecard.

Each round asks every task of the harness's model (4 items at once) and of ours, one after the other. What is taken is CPU seconds
of all threads, so that neighbours on a shared machine count for little. `around` is what the harness costs around our model:
requests built, tokenized, sorted and collected. How far the two differ is shown too: speed with other numbers is no speed.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.evaluation.harness import open_model, pin_process, score_task
from latamgpt.evaluation.items import Task
from latamgpt.evaluation.passages import passage_tasks
from latamgpt.evaluation.questions import question_tasks
from latamgpt.evaluation.score import Score
from latamgpt.params import read_params
from latamgpt.store import Workspace

if TYPE_CHECKING:
    from lm_eval.models.huggingface import HFLM

    from latamgpt.evaluation.packed import PackedLM, Request

ROOT = Path(__file__).resolve().parent.parent
ITEMS_AT_ONCE = 4
SMALL = 0.01  # a share of less than this has no relative difference worth a name: scores are kept to six decimals


def main(arguments: Sequence[str]) -> None:
    """Print a line per task: CPU seconds of both ways, their ratio, the harness's own share, the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=10, help="of each file")
    parser.add_argument("--tokens", type=int, default=512, help="of each language's passages")
    parser.add_argument(
        "--tasks", nargs="*", default=["bits_per_byte/es", "culture/cl", "indigenous/que", "ability/in_context", "stereotype/es"]
    )
    options = parser.parse_args(arguments)
    sizes = {"held_out_tokens": options.tokens, "max_items": options.questions, "max_ability_items": options.questions}
    params = read_params(ROOT).scorecard.model_copy(update=sizes)
    pin_process(params.precision)
    workspace = Workspace(ROOT)
    folder = workspace.read("base_model")
    held_out = workspace.read("token_shards") / "held_out"
    passages = passage_tasks(held_out, ROOT / "samples" / "ability_text", folder / "tokenizer.json", params)
    tasks = {task.name: task for task in [*passages, *question_tasks(params)]}
    if unknown := sorted(set(options.tasks) - set(tasks)):
        sys.exit(f"there is no task {', '.join(unknown)}; there are {', '.join(tasks)}")
    packed = open_model(folder, params)
    plain = _plain(packed)
    print(f"{'task':24} {'items':>5} {'harness':>9} {'packed':>9} {'ratio':>6} {'around':>7} {'differ by':>10}   (CPU seconds)")
    for name in options.tasks:
        _measure(tasks[name], plain, packed, options.rounds)


def _measure(task: Task, plain: "HFLM", packed: "PackedLM", rounds: int) -> None:
    seconds: dict[str, list[float]] = {"plain": [], "packed": [], "inside": []}
    for _ in range(rounds):
        theirs, taken = _timed(lambda: score_task(plain, task))
        seconds["plain"].append(taken)
        inside = _watch(packed)
        ours, taken = _timed(lambda: score_task(packed, task))
        seconds["packed"].append(taken)
        seconds["inside"].append(inside())
    differ = max(abs(one.value - other.value) / max(abs(other.value), SMALL) for one, other in zip(ours, theirs, strict=True))
    if [score.chosen for score in ours] != [score.chosen for score in theirs]:
        sys.exit(f"{task.name}: packed rows choose other answers than the harness does")
    of = {name: statistics.median(values) for name, values in seconds.items()}
    print(
        f"{task.name:24} {len(task.items):5} {of['plain']:9.2f} {of['packed']:9.2f} {of['plain'] / of['packed']:6.2f} "
        f"{of['packed'] - of['inside']:7.2f} {differ:10.1e}",
        flush=True,
    )


def _timed(ask: Callable[[], list[Score]]) -> tuple[list[Score], float]:
    before = time.process_time()
    return ask(), time.process_time() - before


def _watch(model: "PackedLM") -> Callable[[], float]:
    """How long the model itself computes from now on."""
    spent: list[float] = []
    foretell = type(model).foretell

    def watched(requests: "Sequence[Request]") -> object:
        before = time.process_time()
        answers = foretell(model, requests)
        spent.append(time.process_time() - before)
        return answers

    model.foretell = watched
    return lambda: sum(spent)


def _plain(packed: "PackedLM") -> "HFLM":
    import torch  # noqa: PLC0415  (after the process was pinned)
    from lm_eval.models.huggingface import HFLM  # noqa: PLC0415

    return HFLM(
        pretrained=packed.model,
        tokenizer=packed.tokenizer,
        max_length=packed.max_length,
        batch_size=ITEMS_AT_ONCE,
        softmax_dtype=torch.float32,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
