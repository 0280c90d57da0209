"""`make ui`: Dagster, MLflow and Data Docs on 127.0.0.1, each linking to the others, until Ctrl-C."""

import functools
import http
import http.server
import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from assets.links import receipt_command
from dagster_project import full_disk
from dagster_project.adopt import adopt
from dagster_project.definitions import build_location
from dagster_project.home import Address, Settings, open_instance, settings
from dagster_project.materialize import bury_dead_runs
from dagster_project.reload import Watch, seen
from latamgpt.errors import OperatorError
from latamgpt.receipts.freshness import page_now
from latamgpt.store import Workspace, find_workspace
from latamgpt.tracking.sending import send_left
from latamgpt.tracking.server import EXPERIMENT, connect

SECONDS_TO_START = 120
SECONDS_TO_STOP = 10
SECONDS_BETWEEN_LOOKS = 1.0
RECEIPTS = "receipts"  # under var/, and in an address
RECEIPT_PAGE = re.compile(rf"/{RECEIPTS}/([a-z0-9-]+)/receipt\.html")


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


def must_be_free(address: Address) -> None:
    """Refuse a port that another program has.

    Raises:
        OperatorError: it is in use.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise _in_use(address, error) from error


def _in_use(address: Address, error: OSError) -> OperatorError:
    return OperatorError(
        f"port {address.port} on {address.host} is in use, so {address.name} cannot listen there ({error.strerror}). "
        "Stop the other program (perhaps another `make ui`), or choose a port: "
        f"{address.variable}={address.port + 10} make ui"
    )


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


@contextmanager
def data_docs(workspace: Workspace, address: Address) -> Generator[None]:
    """Great Expectations' static pages, and the receipts beside them; a browser refuses file:// links from http pages."""
    folder = workspace.root / "var" / "data_docs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(Pages, directory=str(folder), workspace=workspace)
    try:
        server = http.server.ThreadingHTTPServer((address.host, address.port), handler)
    except OSError as error:  # taken since it was looked at
        raise _in_use(address, error) from error
    with server as pages:
        threading.Thread(target=pages.serve_forever, daemon=True, name="data-docs").start()
        try:
            yield
        finally:
            pages.shutdown()


class Pages(http.server.SimpleHTTPRequestHandler):
    """Serves Data Docs, and receipts under /receipts, with a note where one is older than the release; keeps no log."""

    def __init__(self, *args: Any, directory: str, workspace: Workspace) -> None:
        """Serve one request, from this folder and the workspace's receipts."""
        self._workspace = workspace
        self._receipts = str(workspace.root / "var" / RECEIPTS)
        super().__init__(*args, directory=directory)

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """A receipt's page as it is now; any other file as it lies there."""
        asked = RECEIPT_PAGE.fullmatch(self.path)
        page = page_now(self._workspace, asked[1]) if asked else None
        if page is None:
            return super().send_head()
        body = page.encode()
        self.send_response(http.HTTPStatus.OK)
        for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        return io.BytesIO(body)

    def translate_path(self, path: str) -> str:
        """Where a page lies."""
        first, _, rest = path.lstrip("/").partition("/")
        if first != RECEIPTS:
            return super().translate_path(path)
        docs, self.directory = self.directory, self._receipts
        try:
            return super().translate_path(f"/{rest}")
        finally:
            self.directory = docs

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say of a receipt that is not there yet how it is made."""
        asked = RECEIPT_PAGE.fullmatch(self.path)
        if code == http.HTTPStatus.NOT_FOUND and asked:
            message = f"there is no receipt of {asked[1]} here yet"
            explain = f"Once there is a release, it is made by: {receipt_command(asked[1])}"
        super().send_error(code, message, explain)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base class's)
        """Say nothing."""


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
