"""The ability gate: it fails where the base's abilities may have been lost, and where nobody looked."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.evaluation.score import Cell
from latamgpt.gates.ability_gate import run
from latamgpt.params import Params, read_params
from latamgpt.store import Workspace
from tests.builders import failed, publish_scorecard
from tests.conftest import ROOT
from tests.scored_items import cell

pytestmark = pytest.mark.usefixtures("without_data_docs")

KEPT = (
    cell("bits_per_byte", "en", 1.0, 0.01, 0.01),
    cell("bits_per_byte", "en-replay", 1.0, -0.02, 0.01),
    cell("bits_per_byte", "gug", 3.0, -0.4, 0.1, num_clusters=3),
    cell("bits_per_byte", "ayr", 3.0, 0.3, 0.2, num_clusters=3),
    cell("probability", "ability", 0.6, 0.0),
    cell("probability", "ability/arithmetic", 0.6, -0.01, 0.005),
    cell("probability", "ability/code", 0.6, 0.005, 0.005),
    cell("probability", "ability/english", 0.6, 0.001, 0.005),
    cell("accuracy", "ability/arithmetic", 0.6, -0.05, 0.04),
    cell("accuracy", "ability/english", 0.6, 0.01, 0.04),
    cell("probability", "stereotype", 0.5, 0.0),
    cell("probability", "stereotype/es", 0.5, 0.0, 0.01),
    cell("stereotyped", "stereotype", 0.4, -0.01, 0.02),
    cell("probability", "culture", 0.3, -0.2),  # not an ability
)


@pytest.fixture
def sample_params() -> Params:
    """The parameters of the samples' run: those of the tests' run ask nothing of a model that knows nothing."""
    return read_params(ROOT)


def with_cells(*changed: Cell) -> list[Cell]:
    replaced = {(one.measure, one.group): one for one in changed}
    return [replaced.pop((one.measure, one.group), one) for one in KEPT] + list(replaced.values())


def test_gate_passes_within_the_margins_and_tolerates_what_cannot_be_told_of_a_new_language(
    workspace: Workspace, sample_params: Params
) -> None:
    publish_scorecard(workspace, KEPT)
    report = run(workspace, sample_params)
    assert failed(report) == set()
    assert report.summary == "6 of 6 kept: all 7 expectations hold"
    assert report.counts == {"languages": 2, "abilities": 3, "stereotypes": 1, "region": 2}
    assert [table.name for table in report.tables] == ["kept"]


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (cell("bits_per_byte", "en", 1.0, 0.03, 0.02), "bits_per_byte/en cannot tell"),
        (cell("probability", "ability/english", 0.6, -0.02, 0.005), "probability/ability/english lost"),
        (cell("probability", "ability/arithmetic", 0.6, -0.02, 0.005), "probability/ability/arithmetic cannot tell"),
        (cell("probability", "ability/code", 0.6, -0.03, 0.005), "probability/ability/code lost"),
        (cell("probability", "stereotype/pt", 0.6, -0.08, 0.005), "probability/stereotype/pt lost"),
    ],
)
def test_gate_refuses_a_loss_that_reaches_its_margin(workspace: Workspace, sample_params: Params, lost: Cell, said: str) -> None:
    publish_scorecard(workspace, with_cells(lost))
    report = run(workspace, sample_params)
    assert failed(report) == {"values_to_be_between beyond_margin"}
    assert not report.passed
    assert said in report.summary


def test_gate_refuses_what_was_hardly_tested_and_says_what_it_would_take(workspace: Workspace, sample_params: Params) -> None:
    publish_scorecard(workspace, with_cells(cell("probability", "ability/english", 0.6, 0.0, 0.01, num_clusters=24)))
    report = run(workspace, sample_params)
    assert not report.passed
    assert "5 of 6 kept; probability/ability/english cannot tell (24 questions or documents; 150 would)" in report.summary
    [row] = [row for row in report.tables[0].rows if row[0] == "probability/ability/english"]
    assert row[-2:] == (24, 150)


def test_gate_refuses_a_language_of_the_region_that_got_surely_worse(workspace: Workspace, sample_params: Params) -> None:
    publish_scorecard(workspace, with_cells(cell("bits_per_byte", "ayr", 3.0, 0.1, 0.02, num_clusters=12)))
    report = run(workspace, sample_params)
    assert failed(report) == {"values_to_be_between p_lost"}
    assert not report.passed
    assert "6 of 6 kept; worse in ayr" in report.summary


def test_gate_of_a_run_in_the_bases_languages_only_says_nothing_of_others(workspace: Workspace, sample_params: Params) -> None:
    publish_scorecard(workspace, [one for one in KEPT if one.group not in ("gug", "ayr")])
    report = run(workspace, sample_params)
    assert report.passed
    assert report.counts["region"] == 0


def test_gate_stops_where_the_stereotype_is_surely_chosen_oftener_and_warns_where_it_may_be(
    workspace: Workspace, sample_params: Params
) -> None:
    publish_scorecard(workspace, with_cells(cell("stereotyped", "stereotype", 0.4, 0.04, 0.02)))
    report = run(workspace, sample_params)
    assert failed(report) == {"distinct_values_to_be_in_set stereotyped"}
    assert report.passed
    assert "6 of 6 kept; stereotyped/stereotype cannot tell" in report.summary
    publish_scorecard(workspace, with_cells(cell("stereotyped", "stereotype", 0.4, 0.1, 0.01)))
    report = run(workspace, sample_params)
    assert not report.passed
    assert "stereotyped/stereotype lost" in report.summary
    assert [table.name for table in report.tables] == ["kept", "proposal"]


def test_gate_only_warns_of_accuracy(workspace: Workspace, sample_params: Params) -> None:
    publish_scorecard(workspace, with_cells(cell("accuracy", "ability/arithmetic", 0.6, -0.2, 0.04)))
    report = run(workspace, sample_params)
    assert failed(report) == {"values_to_be_between loss"}
    assert report.passed


@pytest.mark.parametrize(
    ("measure", "group"),
    [
        ("bits_per_byte", "en"),
        ("probability", "ability"),
        ("probability", "ability/code"),
        ("probability", "stereotype"),
        ("stereotyped", "stereotype"),
    ],
)
def test_gate_refuses_a_scorecard_in_which_something_was_not_measured(
    workspace: Workspace, sample_params: Params, measure: str, group: str
) -> None:
    publish_scorecard(workspace, [one for one in KEPT if (one.measure, one.group) != (measure, group)])
    with pytest.raises(OperatorError, match=f"has no {measure}/{group}, .*cannot be shown to be kept"):
        run(workspace, sample_params)
