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

from playwright.sync_api import Browser, sync_playwright

from tests.servers.s3 import free_port

SECONDS_TO_START = 180
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip


PORT_VARIABLES = ("LATAMGPT_DAGSTER_PORT", "LATAMGPT_MLFLOW_PORT", "LATAMGPT_DOCS_PORT")


def free_ports() -> dict[str, str]:
    """A free port for each, by the variable that names it."""
    base = free_port()
    return {name: str(base + position) for position, name in enumerate(PORT_VARIABLES)}


@dataclass(frozen=True)
class Pages:
    """Where the three listen."""

    dagster: str
    mlflow: str
    docs: str

    def ask_dagster(self, query: str) -> dict[str, object]:
        """The answer to a GraphQL query."""
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"{self.dagster}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]


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
