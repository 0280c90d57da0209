"""What a refusal proposes: what the sweep's fit says, or that there is none."""

import pytest

from latamgpt.gates.ability_gate import run
from latamgpt.gates.scored import proposal
from latamgpt.params import Params, read_params
from latamgpt.store import Workspace
from latamgpt.sweep.fit import fit_sweep, publish_fit
from latamgpt.sweep.view import report_on
from tests.builders import publish_scorecard
from tests.conftest import ROOT
from tests.gates.test_ability_gate import KEPT
from tests.scored_items import cell
from tests.sweep.planted import results, sweep

pytestmark = pytest.mark.usefixtures("without_data_docs")

WIDTHS = {"tiny": 128}


def publish_sweep(workspace: Workspace) -> None:
    planned = sweep()
    found = results(planned, lambda rate, _: -0.1 * rate / 1e-3, lambda rate, share: 0.05 * rate / 1e-3 * (1 - share))
    fit = fit_sweep(planned, found, WIDTHS)
    publish_fit(workspace.root, fit, report_on(planned, found, fit))


def test_refusal_without_a_sweep_says_how_to_plan_one(workspace: Workspace) -> None:
    publish_scorecard(workspace, [*KEPT, cell("probability", "ability/reasoning", 0.6, -0.05, 0.005)])
    report = run(workspace, read_params(ROOT))
    [table] = [table for table in report.tables if table.name == "proposal"]
    assert "no sweep was run: `latamgpt sweep plan`" in str(table.rows)


def test_refusal_proposes_what_the_fit_found_beside_what_was_done(workspace: Workspace, params: Params) -> None:
    publish_sweep(workspace)
    said = str(proposal(workspace, params).rows)
    assert "proposes learning rate" in said
    assert f"(now {params.checkpoint.learning_rate:.2g} and {params.mixture.replay_share:.0%}" in said


def test_fit_that_says_nothing_of_the_base_is_not_taken_for_it(workspace: Workspace, params: Params) -> None:
    publish_sweep(workspace)
    other = params.model_copy(update={"base_model": params.base_model.model_copy(update={"name": "another"})})
    assert "proposes nothing for another" in str(proposal(workspace, other).rows)
