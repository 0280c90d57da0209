"""The three user interfaces of a workspace, as `make ui` starts them, and a real browser to look at them."""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

from tests.servers.ports import PORT_VARIABLES

SECONDS_TO_START = 180
MLFLOW_API = "/api/2.0/mlflow/"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip


@dataclass(frozen=True)
class Pages:
    """Where the three listen."""

    dagster: str
    mlflow: str
    docs: str

    def ask_dagster(self, query: str) -> dict[str, object]:
        """The answer to a GraphQL query."""
        return _post(f"{self.dagster}/graphql", {"query": query})["data"]

    def runs(self, experiment: str) -> list[dict[str, object]]:
        """MLflow's runs of an experiment, the newest first."""
        found = self._ask_mlflow("experiments/get-by-name", {"experiment_name": experiment})["experiment"]
        return _post(f"{self.mlflow}{MLFLOW_API}runs/search", {"experiment_ids": [found["experiment_id"]]})["runs"]

    def version(self, model: str, alias: str) -> dict[str, object]:
        """The version of a registered model that an alias points at, its tags as a mapping."""
        found = self._ask_mlflow("registered-models/alias", {"name": model, "alias": alias})["model_version"]
        return {**found, "tags": {tag["key"]: tag["value"] for tag in found.get("tags", [])}}

    def _ask_mlflow(self, what: str, about: dict[str, str]) -> dict[str, dict[str, object]]:
        with urllib.request.urlopen(f"{self.mlflow}{MLFLOW_API}{what}?{urlencode(about)}", timeout=60) as answer:
            return json.load(answer)


def _post(url: str, message: dict[str, object]) -> dict[str, object]:
    request = urllib.request.Request(url, json.dumps(message).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@contextmanager
def user_interfaces(root: Path, environment: Mapping[str, str]) -> Generator[Pages]:
    """Start them on the ports that the environment names, wait until all three are up, and end them."""
    log = root / "var" / "logs" / "user-interfaces.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster_project.ui"],
            cwd=root,
            env=dict(environment),
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, log)
        yield Pages(*(f"http://127.0.0.1:{environment[name]}" for name in PORT_VARIABLES))
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def browser() -> Generator[Browser]:
    """Debian's chromium, headless."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while "Ctrl-C stops all three" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the user interfaces did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.2)
