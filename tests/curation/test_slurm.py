"""A partner's documents cleaned by workers in jobs of a real Slurm: the same bytes, whatever happens to the workers."""

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import dask
import pyarrow as pa
import pytest

from latamgpt.curation import clean_documents
from latamgpt.curation.cleaning import Task, clean_to_tables
from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, read_table
from tests.conftest import ROOT
from tests.servers.slurm import BRIDGE, NODE_INTERFACE, ask, cut_power, restore_power, slurm, why_not

PARTNER = "catedra-curriculo"
DOCS_PER_TASK = 8
NUMBER_OF_ACCIDENT = 11  # the task in whose middle it happens: of 24, so that others come before, beside and after
SECONDS_TO_BEGIN = 60

pytestmark = [
    pytest.mark.slow,
    pytest.mark.requires_slurm,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

SITE = """country: CL
workers: {workers}
engine: slurm
slurm:
  partition: work
  walltime_minutes: 10
  workers_per_job: 2
  memory_mib_per_worker: 1000
  scheduler_interface: {bridge}
  worker_interface: {node}
  wait_minutes: {wait}
  directives: ["--exclusive"{more}]  # one job per node: a job of two workers would fit twice
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Where a Slurm of two nodes keeps its files; this process' commands ask it."""
    folder = tmp_path_factory.mktemp("slurm")
    with slurm(folder) as configuration, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(configuration))
        patch.setenv("PYTHONPATH", str(ROOT))  # the workers find the tests' own functions
        yield folder


@pytest.fixture
def office(workspace: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with one of the samples' partners, read in, and a site file for its clean documents."""
    for folder in (f"samples/{PARTNER}", "partners", "governance"):
        shutil.copytree(ROOT / folder, workspace.root / folder)
    run_stage(workspace, params, "documents", PARTNER)
    monkeypatch.delenv("LATAMGPT_WORKERS", raising=False)
    return workspace


def write_site(workspace: Workspace, *, workers: int, wait: float = 5, more: str = "") -> None:
    text = SITE.format(workers=workers, bridge=BRIDGE, node=NODE_INTERFACE, wait=wait, more=more)
    (workspace.root / "sites" / "laptop.yaml").write_text(text)


def cleaned(workspace: Workspace, params: Params, workers: int) -> dict[str, bytes]:
    """All files that the stage publishes, worked out anew."""
    shutil.rmtree(workspace.root / "var" / "cache", ignore_errors=True)
    write_site(workspace, workers=workers)
    few = params.clean_documents.model_copy(update={"docs_per_task": DOCS_PER_TASK})
    clean_documents.run(workspace, params.model_copy(update={"clean_documents": few}), PARTNER)
    folder = workspace.read("clean_documents", PARTNER)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def no_job_is_left() -> bool:
    """None waits or runs; one that was cancelled takes a moment to be gone."""
    return within(20, lambda: ask("squeue", "--noheader") == "")


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def meets_accident(mark: Path, first_row: str, happens: Callable[[], None], task: Task) -> dict[str, pa.Table]:
    """`clean_to_tables`, and in the middle of one task, once, an accident."""
    assert isinstance(task.rows, pa.Table)
    if task.rows["doc_id"][0].as_py() == first_row and not mark.exists():
        mark.with_suffix(".draft").write_text(f"{socket.gethostname()} {os.environ['SLURM_JOB_ID']}")
        mark.with_suffix(".draft").rename(mark)
        happens()
    return clean_to_tables(task)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def long_work() -> None:
    time.sleep(600)


def plan_accident(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> Path:
    """Have it happen in the middle of the run; gives the file that then says on which node and in which job."""
    documents = read_table(workspace.read("documents", PARTNER) / "documents.parquet")
    first_row = documents["doc_id"][NUMBER_OF_ACCIDENT * DOCS_PER_TASK].as_py()
    mark = workspace.root / "accident"
    monkeypatch.setattr(clean_documents, "clean_to_tables", partial(meets_accident, mark, first_row, happens))
    return mark


def watch(mark: Path, act: Callable[[str, str], None]) -> threading.Thread:
    """As soon as the accident's task has begun, do this with its node and its job."""

    def wait_and_act() -> None:
        if within(SECONDS_TO_BEGIN, mark.exists):
            act(*mark.read_text().split())

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


@pytest.fixture
def serial(office: Workspace, params: Params) -> dict[str, bytes]:
    """What one process makes of the documents."""
    found = cleaned(office, params, workers=1)
    assert {"documents.parquet", "exclusions.parquet", "report.json", "manifest.json"} <= set(found)
    return found


def test_a_worker_killed_in_the_middle_of_its_task_changes_no_byte(
    lab: Path, office: Workspace, params: Params, serial: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = plan_accident(office, monkeypatch, killed)
    assert cleaned(office, params, workers=4) == serial
    assert mark.exists()
    assert no_job_is_left()


def test_a_job_that_is_requeued_and_one_that_is_cancelled_cost_only_their_tasks(
    lab: Path, office: Workspace, params: Params, serial: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def take_both(_: str, job: str) -> None:
        """The job of the task is preempted, and nobody else works: the other is gone for good."""
        for other in ask("squeue", "--noheader", "--format=%i").split():
            ask("scancel", other) if other != job else ask("scontrol", "requeue", job)
            done.append(other)

    mark = plan_accident(office, monkeypatch, long_work)
    watcher = watch(mark, take_both)
    assert cleaned(office, params, workers=4) == serial
    watcher.join()
    assert len(done) == 2
    assert no_job_is_left()


def test_a_node_without_power_costs_only_its_tasks(
    lab: Path, office: Workspace, params: Params, serial: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes: list[str] = []

    def cut(node: str, _: str) -> None:
        cut_power(lab, node)
        nodes.append(node)

    watcher = watch(plan_accident(office, monkeypatch, long_work), cut)
    silence = dask.config.set({"distributed.comm.timeouts.tcp": "12s"})  # of a connection, after which it is given up; else 30 s
    try:
        with silence:
            assert cleaned(office, params, workers=4) == serial
    finally:
        watcher.join()
        for node in nodes:
            restore_power(lab, node)
    assert nodes
    assert no_job_is_left()


def test_jobs_that_wait_for_ever_are_cancelled_and_squeue_s_words_said(lab: Path, office: Workspace, params: Params) -> None:
    write_site(office, workers=4, wait=0.05, more=', "--hold"')
    few = params.clean_documents.model_copy(update={"docs_per_task": DOCS_PER_TASK})
    with pytest.raises(OperatorError, match=r"no worker of 2 jobs latamgpt-clean_documents-catedra-curriculo .*JobHeldUser"):
        clean_documents.run(office, params.model_copy(update={"clean_documents": few}), PARTNER)
    assert no_job_is_left()


def test_a_job_that_slurm_refuses_is_told_in_slurm_s_words(lab: Path, office: Workspace, params: Params) -> None:
    write_site(office, workers=4, more=', "--partition=nowhere"')
    few = params.clean_documents.model_copy(update={"docs_per_task": DOCS_PER_TASK})
    with pytest.raises(OperatorError, match="Slurm refuses the workers' jobs: .*invalid partition specified: nowhere"):
        clean_documents.run(office, params.model_copy(update={"clean_documents": few}), PARTNER)
