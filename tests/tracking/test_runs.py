"""MLflow runs: what they keep, how they end, and how one goes on."""

import pytest

from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.runs import DatasetUsed, start_run
from latamgpt.tracking.server import connect
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
    run_id = ""

    def work_that_breaks() -> None:
        nonlocal run_id
        with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
            run_id = run_log.run_id
            run_log.log({"train/loss": 2.5}, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work_that_breaks()
    client = connect(workspace)
    assert client.get_run(run_id).info.status == "FAILED"
    assert len(client.get_metric_history(run_id, "train/loss")) == 1


def test_continued_run_stores_no_step_twice(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}) as first:
        first.log({"train/loss": 3.0}, 1)
        first.log({"train/loss": 2.0}, 2)
    with start_run(workspace, "checkpoint", "cpt", {"a": 1}, {}, continue_run=first.run_id) as second:
        second.log({"train/loss": 2.0}, 2)
        second.log({"train/loss": 1.0}, 3)
    assert second.run_id == first.run_id
    client = connect(workspace)
    assert [m.step for m in client.get_metric_history(first.run_id, "train/loss")] == [1, 2, 3]
    assert client.get_run(first.run_id).info.status == "FINISHED"


def test_unknown_run_to_continue_begins_a_new_one(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {}, {}, continue_run="0" * 32) as run_log:
        pass
    assert run_log.run_id != "0" * 32
