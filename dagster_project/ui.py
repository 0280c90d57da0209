"""`make ui`: Dagster, MLflow and Data Docs on 127.0.0.1, each linking to the others, until Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dagster_project import full_disk
from dagster_project.adopt import adopt
from dagster_project.definitions import build_location
from dagster_project.doc_pages import data_docs
from dagster_project.home import Address, Settings, open_instance, settings
from dagster_project.ports import must_be_free
from dagster_project.reload import Watch, seen
from dagster_project.run_processes import bury_dead_runs
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, find_workspace
from latamgpt.tracking.sending import send_left
from latamgpt.tracking.server import EXPERIMENT, connect

SECONDS_TO_START = 120
SECONDS_TO_STOP = 10
SECONDS_BETWEEN_LOOKS = 1.0


def main() -> int:
    """Start all three, print where they are, wait, stop all three."""
    try:
        with full_disk.explained(Path.cwd()):
            workspace = find_workspace(Path.cwd())
            chosen = settings(workspace)
            for address in (chosen.dagster, chosen.mlflow, chosen.docs):
                must_be_free(address)
            show_what_is_there(workspace)
            serve(workspace, chosen)
    except OperatorError as error:
        _say(f"latamgpt: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("stopped")
    return 0


def show_what_is_there(workspace: Workspace) -> None:
    """What dvc.lock holds, for an instance that has not heard of it."""
    location = build_location(workspace)
    try:
        with open_instance(workspace) as instance:
            bury_dead_runs(instance)
            adopted = adopt(location.factory, instance, location.factory.graph.downstream(set(location.door.status())))
    finally:
        location.door.close()
    if adopted:
        _say(f"{adopted} stages taken over from dvc.lock")


def serve(workspace: Workspace, chosen: Settings) -> None:
    """Run the servers until a signal comes, then end them and all that they started."""
    signal.signal(signal.SIGTERM, _interrupt)
    link_back(workspace, chosen)
    watch = Watch(workspace, chosen.dagster.url, seen(workspace))
    environment = {
        **os.environ,
        **chosen.server.environment,
        **chosen.links,
    }
    with (
        data_docs(workspace, chosen.docs),
        server(mlflow_command(workspace, chosen), workspace, environment) as mlflow,
        server(dagster_command(workspace, chosen), workspace, environment) as dagster,
    ):
        wait_for(f"{chosen.mlflow.url}/health", chosen.mlflow, mlflow, workspace)
        wait_for(f"{chosen.dagster.url}/server_info", chosen.dagster, dagster, workspace)
        for address in (chosen.dagster, chosen.mlflow, chosen.docs):
            _say(f"{address.name:10} {address.url}")
        send_left(workspace)
        _say("Ctrl-C stops all three")
        while mlflow.poll() is None and dagster.poll() is None:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            if said := watch.look():
                _say(said)
    raise OperatorError(
        "a server ended by itself, so all were stopped. Look at var/logs/ui-dagster.log and var/logs/ui-mlflow.log."
    )


def link_back(workspace: Workspace, chosen: Settings) -> None:
    """MLflow's page of the experiment leads to the graph that makes its runs."""
    client = connect(workspace)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        note = f"Made by the graph in [Dagster]({chosen.dagster.url}); its gates are in [Data Docs]({chosen.docs.url})."
        client.set_experiment_tag(experiment.experiment_id, "mlflow.note.content", note)


def dagster_command(workspace: Workspace, chosen: Settings) -> list[str]:
    """Webserver and daemon."""
    where = ["--host", chosen.dagster.host, "--port", str(chosen.dagster.port)]
    return [str(Path(sys.executable).parent / "dagster"), "dev", "--workspace", str(workspace.root / "workspace.yaml"), *where]


def mlflow_command(workspace: Workspace, chosen: Settings) -> list[str]:
    """The tracking server over this checkout's store."""
    made = chosen.server
    return [
        str(Path(sys.executable).parent / "mlflow"),
        "server",
        *("--host", chosen.mlflow.host),
        *("--port", str(chosen.mlflow.port)),
        *("--workers", str(made.workers)),
        *("--backend-store-uri", f"sqlite:///{workspace.root / made.store}"),
        *("--artifacts-destination", str(workspace.root / made.artifacts)),
    ]


@contextmanager
def server(command: list[str], workspace: Workspace, environment: dict[str, str]) -> Generator["subprocess.Popen[bytes]"]:
    """A server in a session of its own (dagster dev would not hear a signal otherwise), ended with all its children."""
    log = log_of(command, workspace)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=workspace.root, env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            _end(process)


def log_of(command: list[str], workspace: Workspace) -> Path:
    """Where a server's output goes."""
    return workspace.root / "var" / "logs" / f"ui-{Path(command[0]).name}.log"


def wait_for(url: str, address: Address, process: "subprocess.Popen[bytes]", workspace: Workspace) -> None:
    """Wait until a server answers.

    Raises:
        OperatorError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    log = workspace.root / "var" / "logs" / f"ui-{address.name.lower()}.log"
    raise OperatorError(f"{address.name} did not start on {address.url}. Its last words are in {log}. All servers were stopped.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(SECONDS_TO_STOP)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
