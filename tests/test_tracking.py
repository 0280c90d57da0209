"""The MLflow door: runs, continued runs, what is not lost, and the model registry."""

from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, digest_of, write_manifest
from latamgpt.tracking import (
    DatasetUsed,
    connect,
    find_link,
    register_model_version,
    seal_link,
    send_unsent,
    set_alias,
    start_run,
    version_by_alias,
)


def published(workspace: Workspace, stage: str, text: str = "x") -> Path:
    folder = workspace.place(stage)
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(text)
    write_manifest(folder, stage)
    return folder


def test_run_keeps_params_metrics_and_datasets(workspace: Workspace) -> None:
    folder = published(workspace, "mixture")
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


def test_link_holds_for_the_bytes_that_its_run_made_and_for_no_others(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        pass
    folder = published(workspace, "checkpoint")
    assert find_link(workspace, "checkpoint") == {}
    seal_link(workspace, "checkpoint")
    assert find_link(workspace, "checkpoint")["mlflow_run_id"] == run_log.run_id
    (folder / "a.txt").write_text("what DVC's cache held of another run")
    write_manifest(folder, "checkpoint")
    assert find_link(workspace, "checkpoint") == {}


def test_points_that_the_store_does_not_know_wait_and_stop_nobody(workspace: Workspace) -> None:
    unsent = workspace.root / "var" / "mlflow" / "unsent"
    unsent.mkdir(parents=True)
    (unsent / "gone.json").write_text('{"run_id": "0123456789abcdef0123456789abcdef", "points": [["train/loss", 2.5, 1, 1]]}')
    with start_run(workspace, "checkpoint", "cpt", {}, {}):
        pass
    assert (unsent / "gone.json").is_file()


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


def test_points_wait_for_a_store_that_refuses_and_are_sent_later(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from latamgpt import tracking

    honest = tracking.send_points

    def refuse(*_: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(tracking, "send_points", refuse)
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        run_log.log({"train/loss": 2.5}, 1)
    assert len(list(run_log.unsent_folder.glob("*.json"))) == 1
    monkeypatch.setattr(tracking, "send_points", honest)
    client = connect(workspace)
    send_unsent(client, run_log.unsent_folder)
    assert [m.value for m in client.get_metric_history(run_log.run_id, "train/loss")] == [2.5]
    assert not list(run_log.unsent_folder.glob("*.json"))


def test_server_that_does_not_answer_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(OperatorError, match=r"http://127\.0\.0\.1:9 does not answer"):
        connect(workspace)


def test_model_version_is_one_per_folder_and_found_by_alias(workspace: Workspace) -> None:
    folder = published(workspace, "release_candidate")
    assert version_by_alias(workspace, "latam-gpt", "candidate") is None
    version = register_model_version(workspace, "latam-gpt", folder, {"country": "CL"})
    assert register_model_version(workspace, "latam-gpt", folder, {"country": "PE"}) == version
    set_alias(workspace, "latam-gpt", "candidate", version)
    found = version_by_alias(workspace, "latam-gpt", "candidate")
    assert found is not None
    assert found.version == version
    assert found.tags["country"] == "PE"
    assert found.tags["manifest_sha256"] == digest_of(folder)
    assert found.tags["folder"] == "data/release_candidate"
    assert version_by_alias(workspace, "latam-gpt", "approved") is None


def test_model_version_names_the_run_that_trained_it(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        pass
    published(workspace, "checkpoint")
    seal_link(workspace, "checkpoint")
    folder = published(workspace, "release_candidate")
    set_alias(workspace, "latam-gpt", "candidate", register_model_version(workspace, "latam-gpt", folder, {}))
    found = version_by_alias(workspace, "latam-gpt", "candidate")
    assert found is not None
    assert found.run_id == run_log.run_id
