"""The sweep in Dagster: a partition per trial, run by a command of its own that ends when its step does."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from assets.sweep import FIT, TRIAL, sweep_assets
from dagster_project.trial_door import TrialDoor
from latamgpt.params import read_params
from latamgpt.store import Workspace
from latamgpt.sweep.results import publish_result
from latamgpt.sweep.trials import find_trial, trials_of
from tests.sweep.planted import forgetting, parabola, results

SLOW_COMMAND = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit("latamgpt: cancelled"))
print("started", flush=True)
time.sleep(60)
"""


@dataclass
class PlantedTrials:
    """Keeps a result whose law is known, instead of training; what it was asked for."""

    workspace: Workspace
    asked: list[str] = field(default_factory=list)

    def run(self, context: dg.AssetExecutionContext, trial: str) -> None:
        self.asked.append(trial)
        sweep = read_params(self.workspace.root).sweep
        planted = dict(zip(trials_of(sweep), results(sweep, parabola(1e-3), forgetting), strict=True))
        publish_result(self.workspace.root, find_trial(sweep, trial), planted[find_trial(sweep, trial)])


def test_every_trial_is_a_partition_and_shows_what_it_measured(workspace: Workspace) -> None:
    assets, trials = sweep_assets(workspace), PlantedTrials(workspace)
    name = "tiny/lr=0.001/replay=0.25/seed=1"
    names = [trial.name for trial in trials_of(read_params(workspace.root).sweep)]
    assert name in names
    assert assets[0].partitions_def is not None
    assert list(assets[0].partitions_def.get_partition_keys()) == names
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(assets, selection=[TRIAL], partition_key=name, resources={"trials": trials}, instance=instance)
        event = instance.get_latest_materialization_event(dg.AssetKey(TRIAL))
    assert done.success
    assert trials.asked == [name]
    assert event is not None
    shown = event.asset_materialization
    assert shown is not None
    assert shown.partition == name
    assert shown.metadata["change_percent/new"].value == pytest.approx(-16, abs=2)
    assert "| ability-en | old |" in str(shown.metadata["languages"].value)


def test_a_fit_without_trials_fails_with_what_to_do(workspace: Workspace) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            sweep_assets(workspace), selection=[FIT], resources={"trials": None}, instance=instance, raise_on_error=False
        )
    assert not done.success
    (failure,) = done.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    assert "no trial of the sweep was run" in str(failure.step_failure_data.user_failure_data.description)


def test_a_workspace_without_the_section_has_no_sweep(workspace: Workspace) -> None:
    (workspace.root / "params.yaml").write_text("partners: []\n")
    assert sweep_assets(workspace) == []


def test_a_failed_trial_says_what_its_command_said(workspace: Workspace) -> None:
    code, words = TrialDoor(workspace).call("tiny/no-such", "run-1")
    assert code == 2
    assert words.startswith("the sweep has no trial 'tiny/no-such'")


def test_a_cancelled_run_cancels_the_trial(tmp_path: Path) -> None:
    command = tmp_path / "latamgpt" / "cli.py"
    command.parent.mkdir()
    (command.parent / "__init__.py").touch()
    command.write_text(SLOW_COMMAND)
    door, log, ended = TrialDoor(Workspace(tmp_path)), tmp_path / "log", []
    waiting = threading.Thread(target=lambda: ended.append(door.call("any", "run-1", log)))
    waiting.start()
    deadline = time.monotonic() + 60
    while not (log.is_file() and b"started" in log.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    door.stop_all(is_cancelled=True)
    waiting.join(30)
    assert ended == [(1, "cancelled")]
