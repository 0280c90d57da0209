"""MLflow runs: what they keep, how they end, and how one goes on."""

import pytest

from latamgpt.errors import DrainedError
from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.points import RunLog
from latamgpt.tracking.runs import DatasetUsed, start_run
from latamgpt.tracking.sending import END_TAG, Sender
from latamgpt.tracking.server import connect
from latamgpt.tracking.spool import Start
from tests.builders import publish_text


def test_run_keeps_params_metrics_and_datasets(workspace: Workspace) -> None:
    folder = publish_text(workspace, "mixture")
    used = DatasetUsed("mixture", folder, "training")
    with start_run(workspace, "checkpoint", "cpt", {"a": {"b": 1}}, {"kernel": "avx2"}, datasets=[used]) as run_log:
        run_log.log({"train/loss": 2.5}, 1024)
        run_log.log({"train/loss": 2.25}, 2048)
    client = connect(workspace)
    run = client.get_run(run_log.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"a.b": "1"}
    assert run.data.tags["kernel"] == "avx2"
    assert [(m.step, m.value) for m in client.get_metric_history(run_log.run_id, "train/loss")] == [(1024, 2.5), (2048, 2.25)]
    dataset = run.inputs.dataset_inputs[0]
    assert dataset.dataset.name == "mixture"
    assert dataset.dataset.digest == digest_of(folder)[:36]


def test_run_that_raises_is_failed_and_keeps_its_points(workspace: Workspace) -> None:
    logs: list[RunLog] = []

    def work_that_breaks() -> None:
        with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
            logs.append(run_log)
            run_log.log({"train/loss": 2.5}, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work_that_breaks()
    client = connect(workspace)
    assert client.get_run(logs[0].run_id).info.status == "FAILED"
    assert len(client.get_metric_history(logs[0].run_id, "train/loss")) == 1


def test_continued_run_stores_no_step_twice(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}) as first:
        first.log({"train/loss": 3.0}, 1)
        first.log({"train/loss": 2.0}, 2)
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}, continue_run=first.key) as second:
        second.log({"train/loss": 2.0}, 2)
        second.log({"train/loss": 1.0}, 3)
    assert second.run_id == first.run_id
    client = connect(workspace)
    assert [m.step for m in client.get_metric_history(first.run_id, "train/loss")] == [1, 2, 3]
    assert client.get_run(first.run_id).info.status == "FINISHED"


def test_run_whose_spool_was_lost_goes_on_where_mlflow_has_it(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}) as first:
        first.log({"train/loss": 3.0, "train/grad_norm": 1.0}, 1)
        first.log({"train/loss": 2.0}, 2)
    assert not first.spool.lines.exists()
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}, continue_run=first.key) as second:
        second.log({"train/loss": 2.0, "train/grad_norm": 0.5}, 2)
        second.log({"train/loss": 1.0, "train/grad_norm": 0.5}, 3)
    assert second.run_id == first.run_id
    client = connect(workspace)
    assert [m.step for m in client.get_metric_history(first.run_id, "train/loss")] == [1, 2, 3]
    assert [m.step for m in client.get_metric_history(first.run_id, "train/grad_norm")] == [1, 2, 3]


def test_run_that_is_interrupted_is_killed_and_not_failed(workspace: Workspace) -> None:
    with pytest.raises(SystemExit), start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        raise SystemExit(143)
    assert connect(workspace).get_run(run_log.run_id).info.status == "KILLED"


def test_run_that_was_drained_says_so_until_it_goes_on(workspace: Workspace) -> None:
    with pytest.raises(DrainedError), start_run(workspace, "checkpoint", "cpt", {}, {}) as first:
        raise DrainedError("2 of 9 steps are done and saved")
    client = connect(workspace)
    drained = client.get_run(first.run_id)
    assert (drained.info.status, drained.data.tags[END_TAG]) == ("KILLED", "drained")
    with start_run(workspace, "checkpoint", "cpt", {}, {}, continue_run=first.key) as second:
        assert Sender(workspace, second.spool).send().problem == ""
        again = client.get_run(first.run_id)
        assert (again.info.status, END_TAG in again.data.tags) == ("RUNNING", False)
    ended = client.get_run(first.run_id)
    assert (ended.info.status, ended.data.tags[END_TAG]) == ("FINISHED", "finished")


def test_steps_done_again_after_a_kill_cost_goodput_and_are_counted(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as first:
        for step in (1, 2, 3):
            first.log_step({"train/loss": 2.0}, step, 0.001)
        first.spool.keep_sent(first.spool.read_sent().model_copy(update={"store": "elsewhere"}))  # so the spool stays
    first.spool.keep_sent(first.spool.read_sent().model_copy(update={"store": ""}))
    with start_run(workspace, "checkpoint", "cpt", {}, {}, continue_run=first.key) as second:
        for step in (2, 3, 4):
            second.log_step({"train/loss": 2.0}, step, 0.001)
        goodput = second.series("perf/goodput")
        began_ms = next(line.at_ms for line, _ in second.spool.read() if isinstance(line, Start))
    client = connect(workspace)
    assert {m.step: m.value for m in client.get_metric_history(second.run_id, "perf/replayed_steps")} == {1: 0, 2: 0, 3: 0, 4: 2}
    assert {m.step: m.value for m in client.get_metric_history(second.run_id, "perf/starts")} == {1: 1, 2: 1, 3: 1, 4: 2}
    assert [step for step, _ in goodput] == [1, 2, 3, 4]
    wall_ms = client.get_metric_history(second.run_id, "perf/goodput")[-1].timestamp - began_ms
    assert goodput[-1][1] == pytest.approx(4 / wall_ms, rel=0.1)  # and not 6: what was done again is lost
