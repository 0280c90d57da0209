"""Metrics on their way to MLflow: none is lost where the store refuses, none is stored twice, and none stops the work."""

import pytest

from latamgpt.store import Workspace
from latamgpt.tracking import sending
from latamgpt.tracking.points import RunLog
from latamgpt.tracking.runs import start_run
from latamgpt.tracking.sending import KEY_TAG, Sender, send_left
from latamgpt.tracking.server import EXPERIMENT, connect
from latamgpt.tracking.spool import Spool, spool_folder

AWAY = "http://127.0.0.1:9"


def measure(workspace: Workspace, *steps: int) -> RunLog:
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}) as run_log:
        for step in steps:
            run_log.log({"train/loss": 2.5 + step}, step)
    return run_log


def steps_of(workspace: Workspace, run_id: str) -> list[tuple[int, float]]:
    return [(m.step, m.value) for m in connect(workspace).get_metric_history(run_id, "train/loss")]


def test_server_away_for_the_whole_run_stops_nothing_and_the_next_run_sends_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", AWAY)
    first = measure(workspace, 1, 2)
    assert f"{AWAY} does not answer" in caplog.text
    assert first.run_id == ""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    second = measure(workspace, 1)
    client = connect(workspace)
    runs = client.search_runs([client.get_run(second.run_id).info.experiment_id])
    (late,) = [run for run in runs if run.info.run_id != second.run_id]
    assert late.info.status == "FINISHED"
    assert late.info.start_time < client.get_run(second.run_id).info.start_time
    assert steps_of(workspace, late.info.run_id) == [(1, 3.5), (2, 4.5)]
    assert late.data.params == {"a": "1"}
    assert not list(spool_folder(workspace.root).iterdir())


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the sender runs on."""


KILLS = [("log_metrics", call) for call in range(4)] + [("keep_sent", call) for call in range(8)] + [("complete_link", 0)]


@pytest.mark.slow
def test_sender_killed_after_what_it_sent_stores_nothing_twice_and_loses_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "POINTS_PER_BATCH", 2)
    client = connect(workspace)
    (experiment,) = [e.experiment_id for e in client.search_experiments(filter_string=f"name = '{EXPERIMENT}'")]
    for place, call in KILLS:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", AWAY)
        spool = measure(workspace, *range(1, 8)).spool
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        with monkeypatch.context() as patch:
            kill_after(patch, place, call)
            with pytest.raises(Killed):
                Sender(workspace, spool).send()
        send_left(workspace)
        (run,) = client.search_runs([experiment], f"tags.`{KEY_TAG}` = '{spool.key}'")
        assert steps_of(workspace, run.info.run_id) == [(step, 2.5 + step) for step in range(1, 8)], (place, call)
        assert run.info.status == "FINISHED"
        assert not list(spool_folder(workspace.root).iterdir())


def kill_after(patch: pytest.MonkeyPatch, place: str, call: int) -> None:
    """What was to be kept is in MLflow when the cursor is not moved; what was sent, when the answer does not come."""
    owner = Spool if place == "keep_sent" else sending
    honest, calls = getattr(owner, place), iter(range(100))

    def killed(*arguments: object) -> None:
        is_last = next(calls) == call
        if not (is_last and place == "keep_sent"):
            honest(*arguments)
        if is_last:
            raise Killed

    patch.setattr(owner, place, killed)


def test_points_of_a_run_in_another_store_wait_for_that_store(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = measure(workspace, 1)
    with start_run(workspace, "checkpoint", "cpt", {}, {}, continue_run=first.key) as again:
        Sender(workspace, again.spool).send()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workspace.root}/other.db")
        again.log({"train/loss": 1.0}, 2)
    assert again.spool.lines.is_file()
    assert "Point MLFLOW_TRACKING_URI there" in again.spool.read_sent().problem
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    send_left(workspace)
    assert [step for step, _ in steps_of(workspace, first.run_id)] == [1, 2]
    assert not again.spool.lines.exists()
