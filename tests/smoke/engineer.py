"""An engineer at work in a copy of the finished clone: edits parameters, and waits for the runs that follow."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.servers.ports import free_ports
from tests.servers.ui import Pages
from tests.smoke.conftest import Clone, FinishedRun

SECONDS_TO_HAPPEN = 600
RUNS = """{ runsOrError(limit: 20) { ... on Runs { results { runId jobName status
  assetSelection { path } } } } }"""


def clone_of_an_engineer(finished: FinishedRun, root: Path) -> Clone:
    """A copy with ports of its own, whose git knows who commits."""
    clone = finished.copy(root, **free_ports())
    clone.call("git", "config", "user.name", "an engineer")
    clone.call("git", "config", "user.email", "engineer@localhost")
    return clone


def wait_until(what: str, found: Callable[[], bool]) -> None:
    deadline, between = time.monotonic() + SECONDS_TO_HAPPEN, threading.Event()
    while not found():
        assert time.monotonic() < deadline, f"waited {SECONDS_TO_HAPPEN} s for {what}"
        between.wait(0.5)


def ended_runs(pages: Pages, job: str) -> dict[str, str]:
    """The runs of a job that have ended, and how."""
    found = pages.ask_dagster(RUNS)["runsOrError"]["results"]
    return {run["runId"]: run["status"] for run in found if run["jobName"] == job and run["status"] in ("SUCCESS", "FAILURE")}


def next_run(pages: Pages, job: str, do: Callable[[], object]) -> str:
    """The run of a job that follows from what somebody does, once it has ended well."""
    before = set(ended_runs(pages, job))
    do()
    wait_until(f"a run of {job}", lambda: bool(set(ended_runs(pages, job)) - before))
    ((run_id, status),) = ((run, how) for run, how in ended_runs(pages, job).items() if run not in before)
    assert status == "SUCCESS"
    return run_id


def set_param(clone: Clone, section: str, name: str, value: str) -> None:
    path = clone.root / "params.yaml"
    changed, times = re.subn(rf"(?ms)(^{section}:\n(?:  [^\n]*\n)*?  {name}: )\S+", rf"\g<1>{value}", path.read_text())
    assert times == 1
    path.write_text(changed)
