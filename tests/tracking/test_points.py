"""Metrics on their way to MLflow: none is lost where the store refuses, and none stops the work."""

import errno

import pytest

from latamgpt.store import Workspace
from latamgpt.tracking import points
from latamgpt.tracking.points import send_unsent
from latamgpt.tracking.runs import start_run
from latamgpt.tracking.server import connect


def test_points_that_the_store_does_not_know_wait_and_stop_nobody(workspace: Workspace) -> None:
    unsent = workspace.root / "var" / "mlflow" / "unsent"
    unsent.mkdir(parents=True)
    (unsent / "gone.json").write_text('{"run_id": "0123456789abcdef0123456789abcdef", "points": [["train/loss", 2.5, 1, 1]]}')
    with start_run(workspace, "checkpoint", "cpt", {}, {}):
        pass
    assert (unsent / "gone.json").is_file()


def test_points_wait_for_a_store_that_refuses_and_are_sent_later(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = points.send_points

    def refuse(*_: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(points, "send_points", refuse)
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        run_log.log({"train/loss": 2.5}, 1)
    assert len(list(run_log.unsent_folder.glob("*.json"))) == 1
    monkeypatch.setattr(points, "send_points", honest)
    client = connect(workspace)
    send_unsent(client, run_log.unsent_folder)
    assert [m.value for m in client.get_metric_history(run_log.run_id, "train/loss")] == [2.5]
    assert not list(run_log.unsent_folder.glob("*.json"))


def test_points_that_cannot_even_be_kept_stop_neither_this_run_nor_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with start_run(workspace, "scorecard", "base", {}, {}) as run_log:
        run_log.log({"bits_per_byte/es": 2.5}, 1)
        monkeypatch.setattr(points, "send_points", full)
        monkeypatch.setattr(points, "replace_json", full)
    monkeypatch.undo()
    assert not list(run_log.unsent_folder.glob("*.json"))
    with start_run(workspace, "scorecard", "candidate", {}, {}):
        pass
