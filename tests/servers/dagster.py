"""A whole Dagster of a test's own (webserver, daemon, code server), asked over GraphQL as its pages ask it."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
import psutil

from dagster_project.home import INSTANCE_SETTINGS
from dagster_project.jobs import FACTORY_JOB

LAUNCH = """mutation($of: JobOrPipelineSelector!) { launchRun(executionParams: {selector: $of, runConfigData: {}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
TERMINATE = """mutation($run: String!) { terminateRun(runId: $run) { __typename ... on TerminateRunFailure { message }
    ... on PythonError { message } } }"""
SECONDS_TO_START, SECONDS_TO_DIE = 400, 30
RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"


@dataclass
class Deployment:
    """What `make ui` starts of Dagster, over one workspace."""

    root: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start all of it, and wait until the code location is loaded."""
        home = self.root / "var" / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(INSTANCE_SETTINGS, home / INSTANCE_SETTINGS.name)
        program = str(Path(sys.executable).parent / "dagster")
        command = [program, "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1", "--port", str(self.port)]
        environment = {**os.environ, "DAGSTER_HOME": str(home)}
        with (self.root / "var" / "dagster.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self.answers, SECONDS_TO_START)

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
        """All processes that run, by what they are."""
        found: dict[str, list[psutil.Process]] = {}
        if self.process is not None and self.process.poll() is None:
            first = psutil.Process(self.process.pid)
            for each in (first, *first.children(recursive=True)):
                found.setdefault(_role(each), []).append(each)
        return found

    def kill(self) -> None:
        """End all of it by SIGKILL."""
        everyone = [each for family in self.family().values() for each in family]
        for each in everyone:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        if self.process is not None:
            self.process.wait()
        psutil.wait_procs(everyone, timeout=SECONDS_TO_DIE)


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
