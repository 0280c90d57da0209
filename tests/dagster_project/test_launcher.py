"""Runs whose process was killed: found by their process, whoever of Dagster died with it."""

import os
import signal
from collections.abc import Iterator
from typing import NoReturn

import dagster as dg
import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import DefaultRunLauncher, WorkerStatus

from dagster_project.home import INSTANCE_SETTINGS
from dagster_project.launcher import HostRunLauncher
from dagster_project.run_processes import BORN_TAG, PID_TAG, RUN_TAG, bury_dead_runs, process_tags
from latamgpt.yaml_files import load_yaml

DEAD = {PID_TAG: "1", BORN_TAG: "0.0"}


@dg.job
def nothing() -> None:
    """A job."""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """With the launcher and the retries of the project."""
    settings = load_yaml(INSTANCE_SETTINGS.read_text())
    with dg.instance_for_test({name: settings[name] for name in ("run_launcher", "run_monitoring", "run_retries")}) as one:
        yield one


def begun(instance: dg.DagsterInstance, tags: dict[str, str] | None = None) -> dg.DagsterRun:
    """A run that has begun, in this process where no other is said."""
    run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
    instance.add_run_tags(run.run_id, {RUN_TAG: run.run_id, **tags} if tags else process_tags(run.run_id))
    return again(instance, run)


def again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    """The run as it is now."""
    now = instance.get_run_by_id(run.run_id)
    assert now is not None
    return now


def test_a_run_whose_process_was_killed_is_buried_and_a_living_one_is_not(instance: dg.DagsterInstance) -> None:
    killed, living = begun(instance, DEAD), begun(instance)
    assert bury_dead_runs(instance) == 1
    statuses = {run.run_id: run.status for run in instance.get_runs()}
    assert statuses == {killed.run_id: dg.DagsterRunStatus.FAILURE, living.run_id: dg.DagsterRunStatus.STARTED}


def test_a_retry_is_not_taken_for_the_dead_run_whose_tags_it_copied(instance: dg.DagsterInstance) -> None:
    copied = {**DEAD, RUN_TAG: "of its parent"}
    retry = instance.create_run_for_job(nothing, tags=copied, status=dg.DagsterRunStatus.STARTED)
    assert bury_dead_runs(instance) == 0
    assert instance.run_launcher.check_run_worker_health(retry).status is WorkerStatus.RUNNING


def test_run_monitoring_is_told_whether_the_process_lives(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert isinstance(launcher, HostRunLauncher)
    assert launcher.supports_check_run_worker_health
    assert launcher.check_run_worker_health(begun(instance)).status is WorkerStatus.RUNNING
    assert launcher.check_run_worker_health(begun(instance, DEAD)).status is WorkerStatus.FAILED


def test_a_run_that_lost_its_code_server_can_be_cancelled(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> NoReturn:
        raise DagsterUserCodeUnreachableError("nobody listens")

    monkeypatch.setattr(DefaultRunLauncher, "terminate", gone)
    dead = begun(instance, DEAD)
    assert instance.run_launcher.terminate(dead.run_id)
    assert again(instance, dead).status is dg.DagsterRunStatus.CANCELED
    child = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    living = begun(instance, {PID_TAG: str(child), BORN_TAG: born(child)})
    assert instance.run_launcher.terminate(living.run_id)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGINT


def born(pid: int) -> str:
    import psutil

    return str(psutil.Process(pid).create_time())
