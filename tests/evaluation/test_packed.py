"""Packed rows give what the harness gives, whatever stands beside a text in its row."""

import math
from pathlib import Path
from random import Random

import pytest
import torch
import yaml

from latamgpt.evaluation.harness import device, measure, open_model, score_task
from latamgpt.evaluation.items import TASKS_FOLDER, Item, Measure, Task
from latamgpt.evaluation.packed import PackedLM, fill_rows, lay_out, read_texts
from latamgpt.evaluation.passages import PASSAGES_FILE
from latamgpt.evaluation.questions import QUESTIONS_FILE
from latamgpt.evaluation.score import Cell
from latamgpt.evaluation.scorecard import compare
from latamgpt.params import Params, ScorecardParams
from latamgpt.store import Workspace
from tests.evaluation.conftest import ABILITY, TEXTS

PROMPTS = ["La casa está junto al", "De noche", "El mercado abre y cierra de", "Ko", "The river runs beside", "2 + 2 ="]
MARGIN = 0.01
CHOICES = ["río", "noche y de día", "la orilla", "x"]


def questions() -> Task:
    settings = yaml.safe_load((TASKS_FOLDER / QUESTIONS_FILE).read_text(encoding="utf-8"))
    items = [
        Item(f"q{n}/a", {"prompt": prompt, "choices": CHOICES[: 2 + n % 3], "answer": n % 2}, f"q{n}", {"language": "es"})
        for n, prompt in enumerate(PROMPTS)
    ]
    return Task("culture/xx", Measure.CHOICE, "culture", settings, tuple(items))


def passages() -> Task:
    settings = yaml.safe_load((TASKS_FOLDER / PASSAGES_FILE).read_text(encoding="utf-8"))
    texts = [*TEXTS["es"], *TEXTS["gug"], *ABILITY, " ".join(TEXTS["es"] * 3), "x"]  # the last but one in several windows
    items = tuple(Item(f"p{n}", {"text": text}, f"p{n}", {"language": "gug"}) for n, text in enumerate(texts))
    return Task("bits_per_byte/xx", Measure.BITS_PER_BYTE, "", settings, items)


TASKS = [questions(), passages()]


def opened(folder: Path, params: ScorecardParams, **changed: int) -> PackedLM:
    return open_model(folder, params.model_copy(update=changed))


@pytest.fixture
def folder(published: Workspace) -> Path:
    return published.place("checkpoint")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.measure.value)
def test_packed_rows_give_what_the_harness_gives(folder: Path, micro_params: Params, task: Task) -> None:
    from lm_eval.models.huggingface import HFLM

    packed = opened(folder, micro_params.scorecard)
    plain = HFLM(pretrained=packed.model, tokenizer=packed.tokenizer, max_length=packed.max_length, batch_size=3)
    for ours, theirs in zip(score_task(packed, task), score_task(plain, task), strict=True):
        assert (ours.item, ours.weight, ours.chosen) == (theirs.item, theirs.weight, theirs.chosen)
        assert ours.value == pytest.approx(theirs.value, rel=1e-4)


def test_model_that_takes_no_mask_of_ours_is_scored_row_by_row_to_the_same(
    folder: Path, micro_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(folder, micro_params.scorecard)
    packed = [score for task in TASKS for score in score_task(model, task)]
    monkeypatch.setattr("latamgpt.evaluation.packed.PACKABLE", frozenset[str]())
    for ours, plain in zip(packed, [score for task in TASKS for score in score_task(model, task)], strict=True):
        assert ours.value == pytest.approx(plain.value, rel=1e-4)


@pytest.mark.parametrize("changed", [{"batch_rows": 1}, {"batch_rows": 9}, {"row_tokens": 60}])
def test_batch_size_changes_no_answer(folder: Path, micro_params: Params, changed: dict[str, int]) -> None:
    first = opened(folder, micro_params.scorecard)
    second = opened(folder, micro_params.scorecard, **changed)
    second._max_length = first.max_length  # windows are what is asked; how many stand in a row is not
    for task in TASKS:
        for one, other in zip(score_task(first, task), score_task(second, task), strict=True):
            assert (one.item, one.chosen) == (other.item, other.chosen)
            assert one.value == pytest.approx(other.value, rel=1e-5)


def test_batch_size_changes_no_verdict(published: Workspace, micro_params: Params) -> None:
    verdicts: list[list[tuple[object, ...]]] = []
    for rows in (1, 9):
        params = micro_params.scorecard.model_copy(update={"batch_rows": rows})
        places = {"base": published.place("base_model"), "candidate": published.place("checkpoint")}
        scores = {name: measure(place, TASKS, params, lambda _: None) for name, place in places.items()}
        verdicts.append([verdict(cell) for cell in compare(TASKS, scores, params).cells])
    assert verdicts[0] == verdicts[1]
    assert {(measure_of, group) for measure_of, group, *_ in verdicts[0]} >= {("bits_per_byte", "gug"), ("accuracy", "culture")}


def verdict(cell: Cell) -> tuple[object, ...]:
    """What a gate would say of it: gained, lost, or kept within a margin of one point."""
    return (cell.measure, cell.group, cell.low > 0, cell.high < 0, cell.low > -MARGIN, cell.high < MARGIN, cell.p_holm < 0.05)


@pytest.mark.requires_gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_device_changes_no_verdict(folder: Path, micro_params: Params) -> None:
    on_gpu = opened(folder, micro_params.scorecard)
    assert device() == "cuda"
    found = [score_task(on_gpu, task) for task in TASKS]
    on_gpu.model.to("cpu")
    on_gpu._device = on_gpu.model.device
    for scores, task in zip(found, TASKS, strict=True):
        for one, other in zip(scores, score_task(on_gpu, task), strict=True):
            assert one.chosen == other.chosen
            assert one.value == pytest.approx(other.value, rel=1e-4)


def test_what_texts_begin_with_stands_in_a_row_once() -> None:
    requests = [(("", ""), beginning, ending) for beginning, ending in [([5, 6, 7], [1, 9]), ([5, 6, 7], [2, 9]), ([5, 8], [7])]]
    row = lay_out(read_texts(requests, max_length=8))
    assert row.tokens == [5, 6, 7, 1, 2, 8]
    assert row.depths == [0, 1, 2, 3, 3, 1]
    assert row.ends == [6, 5, 5, 4, 5, 6]
    assert [(text.number, places) for text, places in zip(row.texts, row.foretelling, strict=True)] == [
        (0, [2, 3]),
        (1, [2, 4]),
        (2, [5]),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_token_of_a_row_sees_its_own_text_and_no_other(seed: int) -> None:
    random = Random(seed)
    requests = [(("", ""), [1, *random.choices((1, 2), k=random.randint(0, 5))], [random.randint(1, 2)]) for _ in range(12)]
    row = lay_out(read_texts(requests, max_length=4))
    for text, [last] in zip(row.texts, row.foretelling, strict=True):
        seen = [place for place in range(last + 1) if last < row.ends[place]]
        assert tuple(row.tokens[place] for place in seen) == text.read
        assert [row.depths[place] for place in seen] == list(range(len(text.read)))
    assert len(row.tokens) == len({text.read[: n + 1] for text in row.texts for n in range(len(text.read))})


def test_beginning_that_is_too_long_loses_its_first_tokens() -> None:
    [text] = read_texts([(("", ""), [1, 2, 3, 4, 5], [6, 7])], max_length=4)
    assert (text.read, text.ending) == ((3, 4, 5, 6), (6, 7))


def test_rows_hold_what_fits_and_do_not_depend_on_the_order_of_the_requests() -> None:
    requests = [(("", ""), [first, *range(size - 1)], [1]) for first, size in [(1, 3), (2, 9), (3, 7), (4, 12), (5, 4), (6, 4)]]
    filled, turned = (
        [[text.read for text in row] for row in fill_rows(read_texts(found, 20), row_tokens=16)]
        for found in (requests, requests[::-1])
    )
    assert [[len(read) for read in row] for row in filled] == [[3, 9], [7, 12, 4], [4]]
    assert turned == filled


def test_choices_of_a_beginning_longer_than_a_row_share_it() -> None:
    requests = [(("", ""), list(range(30)), [n, 9, 9]) for n in range(4)]
    [row] = fill_rows(read_texts(requests, max_length=40), row_tokens=10)
    assert len(lay_out(row).tokens) == 30 + 4 * 2


def test_verbatim_tokens_are_those_of_a_greedy_continuation(folder: Path, micro_params: Params) -> None:
    model = opened(folder, micro_params.scorecard)
    beginning = model.tok_encode("La casa está")
    written = model.model.generate(torch.tensor([beginning]), max_new_tokens=6, do_sample=False, eos_token_id=None)
    ending = written[0, len(beginning) :].tolist()
    other = [*ending[:4], (ending[4] + 1) % 300, ending[5]]
    found = model.foretell([(("", ""), beginning, ending), (("", ""), beginning, other)])
    assert [(one.num_verbatim, one.num_tokens) for one in found] == [(6, 6), (4, 6)]
    assert all(math.isfinite(one.log_likelihood) for one in found)
