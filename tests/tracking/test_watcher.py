"""However a run ends, MLflow soon says so and has every point once: real processes, a real server, real kills."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import pytest

from dagster_project.home import settings
from dagster_project.ui import mlflow_command, server
from latamgpt.store import Workspace
from latamgpt.tracking.runs import start_run
from latamgpt.tracking.sending import KEY_TAG
from latamgpt.tracking.server import EXPERIMENT, connect
from latamgpt.tracking.spool import spool_folder
from tests.conftest import ROOT
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SECONDS_TO_BE_CLOSED, SECONDS_TO_START = 60, 180


@dataclass
class Worker:
    """A watched run in a process of its own."""

    process: "subprocess.Popen[str]"
    key: str
    watcher: int

    def step(self, *steps: int) -> None:
        """Have it log steps."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        for step in steps:
            self.process.stdin.write(f"{step}\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline() == f"{step}\n"

    def end(self) -> str:
        """Let it end by itself; the MLflow run, '' where MLflow was away."""
        said, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        return said.strip()


@contextmanager
def worker(workspace: Workspace, key: str = "") -> Generator[Worker]:
    command = [sys.executable, "-m", "tests.tracking.run_process", str(workspace.root), *([key] if key else [])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        key, watcher = process.stdout.readline().split()
        yield Worker(process, key, int(watcher))


def kill(*pids: int, by: signal.Signals = signal.SIGKILL) -> None:
    for pid in pids:
        os.kill(pid, by)


def find(client: "MlflowClient", key: str) -> "Run | None":
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], f"tags.`{KEY_TAG}` = '{key}'")
    return found[0] if found else None


def wait_for(what: Callable[[], bool], seconds: float = SECONDS_TO_BE_CLOSED) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        Event().wait(0.2)


def wait_for_status(client: "MlflowClient", keys: Sequence[str], status: str) -> list[str]:
    def are_closed() -> bool:
        runs = [find(client, key) for key in keys]
        return all(run is not None and run.info.status == status for run in runs)

    wait_for(are_closed)
    return [run.info.run_id for key in keys if (run := find(client, key)) is not None]


def losses(client: "MlflowClient", run_id: str) -> list[tuple[int, float]]:
    return [(m.step, m.value) for m in client.get_metric_history(run_id, "train/loss")]


def test_killed_run_is_closed_by_its_watcher_and_goes_on_as_one_run(workspace: Workspace) -> None:
    client = connect(workspace)
    with worker(workspace) as one, worker(workspace) as other:
        for each in (one, other):
            each.step(1, 2, 3)
        kill(one.process.pid)
        kill(other.process.pid, other.watcher, by=signal.SIGTERM)  # as a cluster's end of a job: to all of its processes
        run_id, _ = wait_for_status(client, [one.key, other.key], "KILLED")
    assert losses(client, run_id) == [(1, 1.0), (2, 1 / 2), (3, 1 / 3)]
    with worker(workspace, one.key) as again:
        again.step(2, 3, 4)
        wait_for_status(client, [one.key], "RUNNING")
        assert again.end() == run_id
    assert losses(client, run_id) == [(1, 1.0), (2, 1 / 2), (3, 1 / 3), (4, 1 / 4)]
    assert client.get_run(run_id).info.status == "FINISHED"
    assert client.get_metric_history(run_id, "perf/replayed_steps")[-1].value == 2


def test_run_of_which_everything_was_killed_is_closed_by_the_next_start(workspace: Workspace) -> None:
    client = connect(workspace)
    with worker(workspace) as dead:
        dead.step(1, 2)
        kill(dead.watcher, dead.process.pid)
    with start_run(workspace, "scorecard", "scorecard base", {}, {}):
        pass
    (run_id,) = wait_for_status(client, [dead.key], "KILLED")
    assert losses(client, run_id) == [(1, 1.0), (2, 1 / 2)]


@contextmanager
def mlflow_server(workspace: Workspace) -> Generator["subprocess.Popen[bytes]"]:
    chosen = settings(workspace)
    (workspace.root / chosen.server.store).parent.mkdir(parents=True, exist_ok=True)
    with server(mlflow_command(workspace, chosen), workspace, {**os.environ, **chosen.server.environment}) as process:
        yield process


def answers(client: "MlflowClient") -> bool:
    try:
        client.search_experiments(max_results=1)
    except Exception:  # noqa: BLE001
        return False
    return True


def test_server_killed_and_started_again_has_every_point_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    port = free_port()
    shutil.copytree(ROOT / "mlflow", workspace.root / "mlflow")
    monkeypatch.setenv("LATAMGPT_MLFLOW_PORT", str(port))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    client = MlflowClient(f"http://127.0.0.1:{port}")
    with worker(workspace) as run:
        run.step(1)
        with mlflow_server(workspace) as first:
            wait_for(lambda: answers(client) and client.get_experiment_by_name(EXPERIMENT) is not None, SECONDS_TO_START)
            wait_for(lambda: find(client, run.key) is not None)
            run.step(*range(2, 30))
            os.killpg(first.pid, signal.SIGKILL)
        run.step(*range(30, 60))
        with mlflow_server(workspace):
            wait_for(lambda: answers(client), SECONDS_TO_START)
            run.step(*range(60, 70))
            run_id = run.end()
            assert losses(client, run_id) == [(step, 1 / step) for step in range(1, 70)]
            assert client.get_run(run_id).info.status == "FINISHED"
    assert not list(spool_folder(workspace.root).iterdir())
