"""The real graph, from raw deliveries to a release, with the tests' parameters: what `make run` does, in a clone of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assets.lifecycle import SHOWN
from assets.report_view import report_metadata
from latamgpt.records import Report
from latamgpt.store import Workspace, verify
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
SECONDS_WITH_NOTHING_TO_DO = 30


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole") / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
    assert call(root, "-m", "latamgpt.cli", "profile", "tiny").returncode == 0
    made = call(root, "-m", "dagster_project.run")
    assert made.returncode == 0, made.stderr
    return root


def call(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(root)}
    for name in ("DAGSTER_HOME", "MLFLOW_TRACKING_URI", "LATAMGPT_PROGRESS"):
        environment.pop(name, None)
    return subprocess.run([sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_a_release_lies_there_and_says_that_nobody_looked(clone: Path) -> None:
    verify(clone / "data" / "release")
    assert "sample approval" in Report.read(clone / "data" / "release").summary


def test_a_second_run_does_nothing_and_says_so(clone: Path) -> None:
    before = (clone / "dvc.lock").read_bytes()
    began = time.monotonic()
    again = call(clone, "-m", "dagster_project.run")
    assert again.returncode == 0, again.stderr
    assert time.monotonic() - began < SECONDS_WITH_NOTHING_TO_DO
    assert "nothing changed: all 44 stages" in again.stderr
    assert "bits_per_byte" in again.stdout
    assert (clone / "dvc.lock").read_bytes() == before


def test_every_plot_that_assets_ask_for_is_drawn(clone: Path) -> None:
    workspace = Workspace(clone)
    for name, shown in SHOWN.items():
        folder = workspace.place(name)
        folder = folder if (folder / "report.json").exists() else workspace.place(name, "archivo-litoral")
        report = Report.read(folder)
        known = {table.name: table for table in report.tables}
        for table, label, value in shown.bars:
            assert {label, value} <= set(known[table].columns), (name, table)
        view = report_metadata(report, shown)
        assert all(f"plot/{table}" in view for table, _, _ in shown.bars if known[table].rows), name
