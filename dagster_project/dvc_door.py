"""The side of the door to DVC that Dagster sees: ask for a stage, wait, get its exit code and the end of its log."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from dagster_project.dvc_codes import BUSY, STOPPED, UNRECOVERABLE
from dagster_project.dvc_graph import load_graph
from dagster_project.executor import step_log
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace

LINES_SHOWN = 12
DVC_WORDS = ("WARNING: ", "Running stage ", "Updating lock file ", "To track the changes ", "To enable auto staging")
RUN_VARIABLE = "LATAMGPT_DAGSTER_RUN"  # by which a stage's MLflow run leads back to the Dagster run that it works for
EXIT_CODE = "exit_code"  # under which a failed step shows how its stage ended
RETRIES_WHEN_BUSY, SECONDS_BETWEEN_RETRIES = 30, 5


@dataclass(frozen=True)
class _Asked:
    """A question that a server was asked and has not answered."""

    server: "subprocess.Popen[bytes]"
    answer: "Future[int]"


@dataclass
class DvcDoor:
    """A DVC server for one workspace, started when first asked, and anew after it was killed."""

    workspace: Workspace
    _server: "subprocess.Popen[bytes] | None" = None
    _listener: threading.Thread | None = None
    _waiting: dict[int, _Asked] = field(default_factory=dict[int, _Asked])
    _mutex: threading.Lock = field(default_factory=threading.Lock)
    _last_id: int = 0

    def reproduce(self, address: str, run_id: str = "", log: Path | None = None) -> tuple[int, str]:
        """Run one stage, guarded; its exit code and what it said last. Stops it when interrupted."""
        log = log or self.workspace.root / "var" / "logs" / f"{address}.log"
        env = {RUN_VARIABLE: run_id} if run_id else {}
        request_id, answer = self._ask("reproduce", address, log, env)
        try:
            code = answer.result()
        except BaseException:
            self._stop(request_id)
            answer.result()
            raise
        return code, last_words(log)

    def status(self) -> dict[str, list[object]]:
        """What changed, as `dvc status --json` says it: an empty mapping when nothing did."""
        folder = self.workspace.root / "var" / "logs"
        place = folder / f"status-{os.getpid()}-{threading.get_ident()}.json"
        _, answer = self._ask("status", str(place), folder / "status.log", {})
        if answer.result():
            raise OperatorError(f"nobody knows what is stale: {last_words(folder / 'status.log')}")
        found = json.loads(place.read_bytes())
        place.unlink()
        return found

    def stop_all(self, *, is_cancelled: bool = False) -> None:
        """Stop every stage that runs; their callers get STOPPED. Cancelled, what it has running on a cluster ends as well."""
        for request_id in list(self._waiting):
            self._stop(request_id, "cancel" if is_cancelled else "stop")

    def close(self) -> None:
        """End the server; stages that run are stopped and rolled back."""
        server, listener = self._server, self._listener
        if server is not None:
            _close_input(server)
        if listener is not None:
            listener.join()

    def _ask(self, verb: str, target: str, log: Path, env: dict[str, str]) -> tuple[int, "Future[int]"]:
        log.parent.mkdir(parents=True, exist_ok=True)
        answer: Future[int] = Future()
        with self._mutex:
            self._last_id += 1
            request_id = self._last_id
            if self._server is None or self._server.poll() is not None:
                self._server = self._start()
            self._waiting[request_id] = _Asked(self._server, answer)
            _write(self._server, {"id": request_id, "verb": verb, "target": target, "log": str(log), "env": env})
        return request_id, answer

    def _stop(self, request_id: int, verb: str = "stop") -> None:
        with self._mutex:
            asked = self._waiting.get(request_id)
            if asked is not None:
                _write(asked.server, {"id": request_id, "verb": verb})

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",  # finds `latamgpt`
            "PYTHONPATH": os.pathsep.join(filter(None, (str(self.workspace.root), os.environ.get("PYTHONPATH", "")))),
            "DVC_NO_ANALYTICS": "1",
        }
        server = subprocess.Popen(
            [sys.executable, "-m", "dagster_project.dvc_server", str(self.workspace.root)],
            cwd=self.workspace.root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(server,), daemon=True, name="dvc-answers")
        self._listener.start()
        return server

    def _listen(self, server: "subprocess.Popen[bytes]") -> None:
        """Hand on a server's answers, and answer for it once it is gone: from then on another one is asked.

        A killed process is silent a moment before it counts as dead; who asked it in that moment would wait for ever.
        """
        assert server.stdout is not None
        with server.stdout:
            for line in server.stdout:
                message = json.loads(line)
                self._waiting.pop(message["id"]).answer.set_result(message["code"])
        with self._mutex:
            if self._server is server:
                self._server = None
            left = [request_id for request_id, asked in self._waiting.items() if asked.server is server]
            answers = [self._waiting.pop(request_id).answer for request_id in left]
            _close_input(server)
        for answer in answers:
            answer.set_result(STOPPED)
        server.wait()


def _write(server: "subprocess.Popen[bytes]", message: dict[str, object]) -> None:
    assert server.stdin is not None
    with suppress(BrokenPipeError):  # the listener answers for a server that died
        server.stdin.write(json.dumps(message).encode() + b"\n")
        server.stdin.flush()


def _close_input(server: "subprocess.Popen[bytes]") -> None:
    assert server.stdin is not None
    with suppress(BrokenPipeError):  # it died with a question unread
        server.stdin.close()


def last_words(log: Path) -> str:
    """What a failed stage said last: its own sentence where it said one, else the end of its log."""
    if not log.is_file():
        return "it left no log"
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(DVC_WORDS)]
    said = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].startswith("latamgpt: ")), None)
    if said is not None:
        return "\n".join(lines[said:]).removeprefix("latamgpt: ")
    return "\n".join(lines[-LINES_SHOWN:])


def what_is_missing(workspace: Workspace, address: str) -> str:
    """What a stage reads that no other stage makes and that does not lie there, in a sentence; empty where all of it does.

    DVC would first clear the stage's output away and then say no more than that there is no such file.
    """
    graph = load_graph(workspace)
    outs = graph.outs
    gone = [path for path in graph.find(address).deps if path not in outs and not (workspace.root / path).exists()]
    if not gone:
        return ""
    return (
        f"{address} reads {', '.join(gone)}, and nothing is there. No stage makes it, so nothing was run; the last good output "
        f"stands. Put it back; if it was committed: git checkout -- {' '.join(gone)}"
    )


@dataclass(frozen=True)
class DvcResource:
    """The resource `dvc`: a stage's exit code, in Dagster's words."""

    door: DvcDoor

    def reproduce(self, context: dg.AssetExecutionContext, address: str) -> None:
        """Bring one stage up to date.

        Raises:
            dg.RetryRequested: another process holds its inputs or outputs.
            dg.Failure: it failed; the message is what the stage said. Or what it reads is not there, and it was not run.
        """
        if words := what_is_missing(self.door.workspace, address):
            raise dg.Failure(description=words, metadata={"stage": address}, allow_retries=False)
        log = step_log(context.instance, context.run.run_id, context.get_step_execution_context().step.key)
        shown = os.environ.get(RUN_VARIABLE) or context.run.run_id  # a retraining's run is one of another instance
        code, words = self.door.reproduce(address, shown, log)
        if code == 0:
            return
        if code == BUSY:
            raise dg.RetryRequested(max_retries=RETRIES_WHEN_BUSY, seconds_to_wait=SECONDS_BETWEEN_RETRIES)
        raise dg.Failure(
            description=words,
            metadata={"stage": address, EXIT_CODE: code},
            allow_retries=code not in (UNRECOVERABLE, STOPPED),
        )
