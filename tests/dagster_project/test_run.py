"""`make run` before its first stage: what would stop it hours later stops it now."""

import shutil

import pytest

from dagster_project.definitions import Location
from dagster_project.run import run
from latamgpt.errors import OperatorError
from tests.conftest import ROOT


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "mlflow.example.org:5000"])
def test_a_tracking_server_that_does_not_answer_stops_the_run_before_its_first_stage(
    empty_factory: Location, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setenv("LATAMGPT_PROGRESS", "")  # set by the run, and put back
    workspace = empty_factory.factory.workspace
    shutil.copytree(ROOT / "mlflow", workspace.root / "mlflow")
    with pytest.raises(OperatorError, match=f"MLflow at {address} does not answer"):
        run(workspace, with_release=False)
    assert not (workspace.root / "data").exists()
