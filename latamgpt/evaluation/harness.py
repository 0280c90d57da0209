"""The one door to lm-evaluation-harness: a model in a folder, tasks, and what the model scored on each item.

It works offline on items that are handed to it, and with pinned threads: the same model and items give the same bytes.
"""

import logging
import math
import os
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from latamgpt.evaluation.items import Item, Measure, Task
from latamgpt.evaluation.memorisation import verbatim_scores
from latamgpt.evaluation.score import DECIMALS, Score
from latamgpt.evaluation.translation import score_translation
from latamgpt.params import Precision, ScorecardParams

if TYPE_CHECKING:
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM
    from transformers import PreTrainedModel

    from latamgpt.evaluation.packed import PackedLM

WRITTEN_AT_ONCE = 8  # translations
THREADS = "2"  # as in training; another count sums in another order


class _Results(TypedDict):
    samples: dict[str, list[dict[str, object]]]


def measure(
    model_folder: Path, tasks: Sequence[Task], params: ScorecardParams, after_task: Callable[[str], None]
) -> dict[str, list[Score]]:
    """Score one model on every item of every task."""
    model = open_model(model_folder, params)
    scores: dict[str, list[Score]] = {}
    for task in tasks:
        scores[task.name] = score_task(model, task)
        after_task(task.name)
    return scores


def score_task(model: "HFLM", task: Task) -> list[Score]:
    """What a model scores on every item of a task, in the items' order.

    A passage's value is -log2 of its probability, from the first token on; a question's, the probability of its right choice; a
    translation's, its chrF; a memorised text's, how much of its ending the model says word for word.
    """
    if task.measure is Measure.VERBATIM:
        return verbatim_scores(cast("PackedLM", model), task)
    from lm_eval.evaluator import evaluate

    with redirect_stderr(StringIO()):  # progress bars, of which not all can be switched off; ours is in latamgpt.progress
        results = cast("_Results", evaluate(model, {"tasks": {task.name: _harness_task(task)}}, bootstrap_iters=0))
    return _scores(task, results["samples"][task.name])


def pin_process(precision: Precision) -> None:
    """Offline, quiet, and one arithmetic: set before the first import of the libraries that read these.

    As in training: threads wait without spinning, and in fp32 the instruction set is pinned, so that machines with and without
    AVX-512 get the same bits.
    """
    environment = {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "GOMP_SPINCOUNT": "0",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
        "MKL_NUM_THREADS": THREADS,
        "OMP_DYNAMIC": "false",
        "OMP_NUM_THREADS": THREADS,
        "OMP_WAIT_POLICY": "passive",
        "TOKENIZERS_PARALLELISM": "false",
    }
    if precision is Precision.FP32:
        environment |= {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    os.environ.update(environment)


def open_model(folder: Path, params: ScorecardParams) -> "PackedLM":
    """A model in a folder, ready to be asked."""
    pin_process(params.precision)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from latamgpt.evaluation.packed import PackedLM  # noqa: PLC0415

    for name in ("lm_eval", "transformers", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(int(THREADS))
    torch.use_deterministic_algorithms(mode=True)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[params.precision]
    with redirect_stderr(StringIO()):
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, device_map=device(), use_safetensors=True, local_files_only=True, attn_implementation="sdpa"
        ).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        longest = min(model.config.max_position_embeddings, 2 * params.row_tokens)
        if params.precision is Precision.BF16:
            _warm_up(model, params.batch_rows, params.row_tokens)
        return PackedLM(
            row_tokens=params.row_tokens,
            batch_rows=params.batch_rows,
            pretrained=model,
            tokenizer=tokenizer,
            max_length=longest,
            batch_size=WRITTEN_AT_ONCE,
            softmax_dtype=torch.float32,
        )


def device() -> str:
    """Where models compute."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _warm_up(model: "PreTrainedModel", num_sequences: int, num_tokens: int) -> None:
    """Two passes whose results are thrown away.

    In bf16 the first pass of a process sets up the processor's matrix unit and may be computed in another way than all later
    ones: of 1,730 values of two scorecards, the 4 of the first batch differed, and only they.
    """
    import torch

    tokens = torch.zeros((num_sequences, num_tokens), dtype=torch.long, device=model.device)
    with torch.inference_mode():
        for _ in range(2):
            model(tokens)


def _harness_task(task: Task) -> "ConfigurableTask":
    from datasets import Dataset
    from lm_eval.api.task import ConfigurableTask

    rows = Dataset.from_list([{"id": item.id, **item.fields} for item in task.items])
    return ConfigurableTask(config={**task.settings, "task": task.name, "custom_dataset": lambda **_: {"train": rows}})


def _scores(task: Task, samples: Sequence[dict[str, object]]) -> list[Score]:
    """One score per item, in the items' order; anything else would compare a model with another one's items."""
    found = {cast("dict[str, str]", sample["doc"])["id"]: sample for sample in samples}
    if set(found) != {item.id for item in task.items}:
        raise RuntimeError(f"{task.name}: asked {len(task.items)} items, got scores for {len(found)}")
    return [_score(item, task.measure, found[item.id]) for item in task.items]


def _score(item: Item, kind: Measure, sample: dict[str, object]) -> Score:
    if kind is Measure.CHRF:
        return score_translation(item, cast("list[str]", sample["filtered_resps"])[0])
    if kind is Measure.CHOICE:
        told = cast("list[tuple[float, bool]]", sample["filtered_resps"])
        return score_choices(item, [log_likelihood for log_likelihood, _ in told])
    log_likelihood, num_bytes = cast("tuple[float, int]", sample["bits_per_byte"])
    return Score(item.id, round(-log_likelihood / math.log(2), DECIMALS), float(num_bytes))


def score_choices(item: Item, log_likelihoods: Sequence[float]) -> Score:
    """The probability of the right choice, and the most probable one.

    A choice counts by its log-likelihood per character, as lm-evaluation-harness' acc_norm does, times the mean length of the
    choices: of two choices the longer one is not the less probable for its length alone.
    """
    choices, answer = cast("Sequence[str]", item.fields["choices"]), cast("int", item.fields["answer"])
    mean_length = sum(map(len, choices)) / len(choices)
    scaled = [value / len(choice) * mean_length for value, choice in zip(log_likelihoods, choices, strict=True)]
    highest = max(scaled)
    weights = [math.exp(value - highest) for value in scaled]
    return Score(item.id, round(weights[answer] / sum(weights), DECIMALS), 1.0, scaled.index(highest))
