"""Losses planted in the items themselves: the scorecard's statistics and the gate find them, whatever the averages say."""

from collections.abc import Sequence

import numpy as np
import pytest

from latamgpt.evaluation.score import Scored
from latamgpt.evaluation.statistics.cells import compare_all
from latamgpt.gates.ability_gate import run
from latamgpt.params import Params, read_params
from latamgpt.records import Report
from latamgpt.store import Workspace
from tests.builders import publish_scorecard
from tests.conftest import ROOT
from tests.scored_items import BASE, CANDIDATE, around, passages, questions

pytestmark = pytest.mark.usefixtures("without_data_docs")

TASKS = ("arithmetic", "code", "english", "in_context", "reasoning")
NUM_QUESTIONS = 300
SPREAD = 0.04


@pytest.fixture
def sample_params() -> Params:
    """The issue's margins, and fewer draws of the bootstrap, which decides nothing here."""
    params = read_params(ROOT)
    return params.model_copy(update={"scorecard": params.scorecard.model_copy(update={"bootstrap_samples": 10})})


def judge(workspace: Workspace, params: Params, changes: dict[str, float], languages: dict[str, float] | None = None) -> Report:
    """The gate's report on items with these true changes of probability, and of bits per byte."""
    rng = np.random.default_rng(3)
    items: list[Scored] = []
    for language, change in ({"en": 0.0, "gug": -0.3, "que": -0.3} | (languages or {})).items():
        items += passages(language, around(rng, 20, 2.0, change, 0.05))
    for task in TASKS:
        items += questions(f"ability/{task}", around(rng, NUM_QUESTIONS, 0.6, changes.get(task, 0.0), SPREAD))
    items += questions("stereotype/es", around(rng, NUM_QUESTIONS, 0.8, 0.0, SPREAD), stereotype=1)
    publish_scorecard(workspace, compare_all(items, BASE, CANDIDATE, params.scorecard), items)
    return run(workspace, params)


def refused(report: Report) -> Sequence[object]:
    [table] = [table for table in report.tables if table.name == "kept"]
    return [row[0] for row in table.rows if row[1] != "kept"]


def test_noise_alone_passes(workspace: Workspace, sample_params: Params) -> None:
    report = judge(workspace, sample_params, {})
    assert refused(report) == []
    assert report.passed


def test_two_points_lost_in_maths_are_refused_though_the_average_is_flat(workspace: Workspace, sample_params: Params) -> None:
    report = judge(workspace, sample_params, dict.fromkeys(TASKS, 0.005) | {"arithmetic": -0.02})
    assert refused(report) == ["probability/ability/arithmetic"]
    assert not report.passed


def test_loss_in_one_language_is_refused_though_others_gained(workspace: Workspace, sample_params: Params) -> None:
    report = judge(workspace, sample_params, {}, {"gug": 0.1})
    assert refused(report) == []
    assert "worse in gug" in report.summary
    assert not report.passed


def test_bad_recipe_is_refused_in_all_that_it_destroyed(workspace: Workspace, sample_params: Params) -> None:
    """No replay and a high learning rate, as in notes on Llama-3-Chinese-8B: GSM8K 54 to 1 while MMLU kept 64."""
    lost = {"arithmetic": -0.2, "code": -0.15, "in_context": -0.1}
    report = judge(workspace, sample_params, lost, {"en": 0.4})
    assert set(refused(report)) == {"bits_per_byte/en", *(f"probability/ability/{task}" for task in lost)}
    assert {table.name for table in report.tables} == {"kept", "proposal"}
