"""A kill at any point leaves nothing half-published, and the next run goes on to the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import psutil
import pytest

from dagster_project.run import INTERRUPTED
from latamgpt.records import MANIFEST_NAME
from latamgpt.store import verify
from tests.conftest import ROOT
from tests.dagster_project import small_factory
from tests.dagster_project.test_dvc_exec import wait_for

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "workspace"
    root.mkdir()
    return small_factory.make(root, ("alpha", "beta")).root


@pytest.fixture(scope="module")
def wanted_lock(template: Path) -> bytes:
    root = template.parent / "straight"
    shutil.copytree(template, root, symlinks=True)
    small_factory.call(root, sys.executable, "-m", "dvc", "repro", "--quiet", "release_candidate")
    return (root / "dvc.lock").read_bytes()


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "workspace"
    shutil.copytree(template, root, symlinks=True)
    (root / "var").mkdir(exist_ok=True)
    yield root
    for process in processes_of(root):
        process.kill()


@pytest.mark.parametrize(
    ("who", "held"),
    [
        ("interrupt", "clean_documents@beta"),
        ("run", "documents@alpha"),
        ("run", "checkpoint"),
        ("dvc server", "clean_documents@beta"),
        ("stage", "corpus"),
        ("everything", "corpus"),
    ],
)
def test_a_kill_leaves_nothing_half_and_the_next_run_ends_as_a_straight_one(
    workspace: Path, wanted_lock: bytes, who: str, held: str
) -> None:
    hold = workspace / "var" / f"hold-{held}"
    hold.touch()
    run = start(workspace)
    wait_for(workspace / "var" / f"held-{held}")
    kill(workspace, run, who)
    run.communicate(timeout=60)
    assert run.returncode != 0
    gone, alive = psutil.wait_procs(processes_of(workspace), timeout=30)
    assert alive == [], "something runs on unseen"
    assert_nothing_is_half(workspace)

    hold.unlink()
    again = start(workspace)
    _, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert_nothing_is_half(workspace)
    assert sorted_lock((workspace / "dvc.lock").read_bytes()) == sorted_lock(wanted_lock)


def test_an_interrupted_run_says_so_and_is_shown_as_canceled(workspace: Path) -> None:
    (workspace / "var" / "hold-checkpoint").touch()
    run = start(workspace)
    wait_for(workspace / "var" / "held-checkpoint")
    kill(workspace, run, "interrupt")
    run.communicate(timeout=60)
    assert run.returncode == INTERRUPTED
    with dg.DagsterInstance.from_config(str(workspace / "var" / "dagster")) as instance:
        assert [record.status for record in instance.get_runs()] == [dg.DagsterRunStatus.CANCELED]


def start(workspace: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.drive", str(workspace)],
        cwd=workspace,
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def kill(workspace: Path, run: "subprocess.Popen[bytes]", who: str) -> None:
    if who == "interrupt":
        os.kill(run.pid, signal.SIGINT)
    elif who == "run":
        run.kill()
    elif who == "everything":
        for process in [psutil.Process(run.pid), *processes_of(workspace)]:
            process.kill()
    else:
        word = {"dvc server": "dagster_project.dvc_server", "stage": "stage.py"}[who]
        matching = [process for process in processes_of(workspace) if word in " ".join(process.cmdline())]
        oldest = min(matching, key=lambda process: process.create_time())
        oldest.kill()


def processes_of(workspace: Path) -> list[psutil.Process]:
    """All processes that work in this workspace."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()) == workspace:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def assert_nothing_is_half(workspace: Path) -> None:
    for report in workspace.glob("data/**/half.txt"):
        raise AssertionError(f"{report} was published")
    for folder in published(workspace):
        verify(folder)


def published(workspace: Path) -> list[Path]:
    """Every output that is there: data/STAGE or data/STAGE/PARTNER."""
    found: list[Path] = []
    for stage in sorted((workspace / "data").glob("*")):
        partners = [path for path in stage.iterdir() if path.is_dir()]
        found += partners if partners and not (stage / MANIFEST_NAME).exists() else [stage]
    return [folder for folder in found if folder.is_dir() and any(folder.iterdir())]


def sorted_lock(lock: bytes) -> list[bytes]:
    """The entries of dvc.lock whatever the order in which stages ended."""
    return sorted(lock.splitlines())


def test_two_runs_at_once_do_not_mix(workspace: Path, wanted_lock: bytes) -> None:
    runs = [start(workspace) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda run: run.communicate(timeout=115)[1], runs))
    assert [run.returncode for run in runs] == [0, 0], said
    assert sorted_lock((workspace / "dvc.lock").read_bytes()) == sorted_lock(wanted_lock)
