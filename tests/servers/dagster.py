"""A whole Dagster of a test's own (webserver, daemon, code server), asked over GraphQL as its pages ask it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
import psutil

from dagster_project.home import prepare_home
from dagster_project.jobs import FACTORY_JOB
from latamgpt.store import Workspace

LAUNCH = """mutation($of: JobOrPipelineSelector!) { launchRun(executionParams: {selector: $of, runConfigData: {}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
TERMINATE = """mutation($run: String!) { terminateRun(runId: $run) { __typename ... on TerminateRunFailure { message }
    ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"


@dataclass
class Deployment:
    """What `make ui` starts of Dagster, over one workspace."""

    root: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    families: list[psutil.Process] = field(default_factory=list[psutil.Process])

    def start(self) -> None:
        """Start all of it, and wait until the code location is loaded."""
        home = prepare_home(Workspace(self.root))
        program = str(Path(sys.executable).parent / "dagster")
        command = [program, "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1", "--port", str(self.port)]
        environment = {**os.environ, "DAGSTER_HOME": str(home)}
        with (self.root / "var" / "dagster.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self.answers, 120)

    def answers(self) -> bool:
        """Whether the webserver does."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/server_info", timeout=5) as answer:
                return answer.status == HTTPStatus.OK
        except OSError:
            return False

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """What the webserver answers."""
        body = orjson.dumps({"query": query, "variables": variables})
        post = urllib.request.Request(f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(post, timeout=60) as answer:
            return orjson.loads(answer.read())["data"]

    def launch(self, asset: str) -> str:
        """Have an asset materialized, as a person does in the UI; the run."""
        of = {
            "repositoryLocationName": "latamgpt",
            "repositoryName": "__repository__",
            "jobName": FACTORY_JOB,
            "assetSelection": [{"path": [asset]}],
        }
        answer = self.ask(LAUNCH, of=of)["launchRun"]
        return answer["run"]["runId"]

    def terminate(self, run: str) -> None:
        """Cancel a run."""
        answer = self.ask(TERMINATE, run=run)["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def runs(self) -> dict[str, str]:
        """Every run's state, the newest first."""
        return {each["runId"]: each["status"] for each in self.ask(RUNS)["runsOrError"]["results"]}

    def family(self) -> dict[str, list[psutil.Process]]:
        """All processes, by what they are."""
        assert self.process is not None
        found: dict[str, list[psutil.Process]] = {}
        for each in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            found.setdefault(_role(each), []).append(each)
        return found

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send all of it a signal, at once, and wait until it is gone."""
        everyone = [each for family in self.family().values() for each in family]
        for each in everyone:
            try:
                each.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        _, left = psutil.wait_procs(everyone, timeout=30)
        for each in left:
            each.kill()


def wait_until(happened: Callable[[], object], seconds: float) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def _role(process: psutil.Process) -> str:
    try:
        words = " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return "gone"
    roles = {
        "dagster_webserver": "webserver",
        "dagster._daemon": "daemon",
        "code-server start": "code server",
        "api grpc": "code server",
        "multiprocessing": "worker",
        "dvc_server": "dvc server",
        "followed_stage": "stage",
        "dagster dev": "dev",
    }
    return next((role for word, role in roles.items() if word in words), words)
