"""The ability gate: it fails where the base's abilities may have been lost, and where nobody looked."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.gates.ability_gate import run
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.builders import failed, publish_scorecard

pytestmark = pytest.mark.usefixtures("without_data_docs")

KEPT = {
    "bits_per_byte/en/base": 1.0,
    "bits_per_byte/en/candidate": 1.01,
    "bits_per_byte/en/difference": 0.01,
    "bits_per_byte/en/low": -0.02,
    "bits_per_byte/en/high": 0.04,
    "accuracy/ability_arithmetic/base": 0.5,
    "accuracy/ability_arithmetic/difference": -0.05,
    "accuracy/ability_english/base": 0.6,
    "accuracy/ability_english/difference": 0.05,
    "accuracy/culture_es/base": 0.6,
    "accuracy/culture_es/difference": -0.5,  # not an ability task
}


def test_gate_passes_within_the_margins(workspace: Workspace, params: Params) -> None:
    publish_scorecard(workspace, KEPT)
    report = run(workspace, params)
    assert failed(report) == set()
    assert report.summary == "bits per byte worse by 4.0% at most, ability accuracy by 0.0%: all 3 expectations hold"


def test_gate_fails_where_the_loss_may_exceed_the_margin_though_its_mean_does_not(workspace: Workspace, params: Params) -> None:
    publish_scorecard(workspace, KEPT | {"bits_per_byte/en/high": 0.051})
    report = run(workspace, params)
    assert failed(report) == {"values_to_be_between highest_loss"}
    assert not report.passed


def test_gate_fails_where_the_mean_of_the_ability_tasks_fell(workspace: Workspace, params: Params) -> None:
    lost = {"accuracy/ability_arithmetic/difference": -0.2, "accuracy/ability_english/difference": -0.01}
    publish_scorecard(workspace, KEPT | lost)
    report = run(workspace, params)
    assert failed(report) == {"mean_to_be_between loss", "values_to_be_between loss"}
    assert not report.passed


def test_gate_only_warns_where_one_small_task_fell(workspace: Workspace, params: Params) -> None:
    publish_scorecard(workspace, KEPT | {"accuracy/ability_arithmetic/difference": -0.2})
    report = run(workspace, params)
    assert failed(report) == {"values_to_be_between loss"}
    assert report.passed


def test_gate_refuses_a_scorecard_without_the_language(workspace: Workspace, params: Params) -> None:
    publish_scorecard(workspace, {k: v for k, v in KEPT.items() if not k.startswith("bits_per_byte")})
    with pytest.raises(OperatorError, match="no bits per byte for en"):
        run(workspace, params)


def test_gate_refuses_a_scorecard_without_ability_tasks(workspace: Workspace, params: Params) -> None:
    publish_scorecard(workspace, {k: v for k, v in KEPT.items() if "ability" not in k})
    with pytest.raises(OperatorError, match="no metric accuracy/ability_"):
        run(workspace, params)
