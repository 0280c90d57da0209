"""Map tasks over workers: in order, whoever does them; a worker's death costs its tasks and no more."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import distributed
import psutil
import pytest

from latamgpt.curation.clusters import DaskCluster, SlurmCluster
from latamgpt.curation.engine import IMPORTED_BEFORE, TASKS_WORTH_A_POOL, Executor, ProcessPool, Serial, choose, read_workers_site
from latamgpt.curation.in_order import in_order
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Engine, Site
from latamgpt.launch.slurm import Slurm
from latamgpt.store import Workspace
from tests.conftest import ROOT

JOBS = Slurm(
    partition="work",
    walltime_minutes=10,
    workers_per_job=2,
    memory_mib_per_worker=500,
    scheduler_interface="eth0",
    worker_interface="eth0",
)


def squared(number: int) -> int:
    time.sleep(0.02 * (number % 3))  # so that later tasks are done before earlier ones
    return number * number


def dies_once(mark: Path) -> str:
    if mark.exists():
        return mark.name
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def always_dies(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def is_mistaken(_: int) -> int:
    raise OperatorError("the soup is cold. Nobody likes that. Warm it.")


@pytest.mark.parametrize(
    "executor", [Serial(), ProcessPool(1), ProcessPool(3), DaskCluster(2)], ids=lambda one: type(one).__name__
)
def test_results_come_in_the_order_of_the_tasks(executor: Executor) -> None:
    assert list(executor.map(squared, range(20))) == [n * n for n in range(20)]


def name_of_command(_: int) -> str:
    return sys.modules["__mp_main__"].__name__


def test_a_worker_does_not_import_the_command_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", sys.modules[Site.__module__].__spec__)
    assert set(ProcessPool(2).map(name_of_command, range(4))) == {"__main__"}  # where it imports it: __mp_main__


@pytest.mark.parametrize("make", [ProcessPool, DaskCluster])
def test_a_killed_worker_costs_its_tasks_and_nothing_else(make: Callable[[int], Executor], tmp_path: Path) -> None:
    marks = [tmp_path / f"task-{n}" for n in range(8)]
    marks[0].touch()
    for mark in marks[2:]:
        mark.touch()
    assert list(make(2).map(dies_once, marks)) == [mark.name for mark in marks]


@pytest.mark.parametrize("make", [ProcessPool, DaskCluster])
def test_a_task_that_kills_every_worker_is_named(make: Callable[[int], Executor]) -> None:
    with pytest.raises(OperatorError, match=r"died 3 times over task 1 of 5.*(LATAMGPT_WORKERS|memory)"):
        list(make(2).map(always_dies, range(5)))


@pytest.mark.parametrize("make", [ProcessPool, DaskCluster])
def test_a_tasks_mistake_reaches_the_operator_in_its_own_words(make: Callable[[int], Executor]) -> None:
    with pytest.raises(OperatorError, match=r"^the soup is cold. Nobody likes that. Warm it.$"):
        list(make(2).map(is_mistaken, range(5)))


def test_few_tasks_are_ahead_of_the_result_that_is_waited_for() -> None:
    submitted: list[int] = []

    def submit(number: int) -> Callable[[], int]:
        submitted.append(number)
        return lambda: number

    for number in in_order(submit, range(50), 3):
        assert len(submitted) <= number + 1 + 2 * 3
    assert len(submitted) == 50


def test_workers_end_with_the_process_that_asked_them() -> None:
    script = (
        "import time\nfrom latamgpt.curation.engine import ProcessPool\nimport psutil, os\n"
        "results = ProcessPool(2).map(time.sleep, [0.01, 60, 60])\nnext(results)\n"
        "print(*[child.pid for child in psutil.Process().children(recursive=True)], flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout
    children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(children) >= 3
    parent.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    parent.communicate()


def test_workers_are_started_only_where_there_is_enough_for_them() -> None:
    assert isinstance(choose(1, Site(workers=8)), Serial)
    assert isinstance(choose(2, Site(workers=2)), Serial)
    assert isinstance(choose(100, Site(workers=1)), Serial)
    assert isinstance(choose(TASKS_WORTH_A_POOL - 1, Site(workers=2)), Serial)
    assert isinstance(choose(TASKS_WORTH_A_POOL, Site(workers=2)), ProcessPool)
    assert isinstance(choose(65, Site(workers=64)), ProcessPool)
    assert isinstance(choose(64, Site(workers=64)), Serial)
    assert isinstance(choose(3, Site(workers=2, engine=Engine.DASK)), DaskCluster)
    assert isinstance(choose(3, Site(workers=2, engine=Engine.SLURM, slurm=JOBS)), SlurmCluster)


def test_what_workers_share_is_there_to_be_imported() -> None:
    """The process that they are forked from says nothing of a module that it does not find."""
    assert all(find_spec(module) for module in IMPORTED_BEFORE)


def test_jobs_carry_the_work_s_name_and_as_many_are_asked_for_as_hold_the_workers() -> None:
    cluster = choose(9, Site(workers=5, engine=Engine.SLURM, slurm=JOBS), "clean_documents-archivo")
    assert isinstance(cluster, SlurmCluster)
    assert (cluster.job_name, cluster.num_jobs) == ("latamgpt-clean_documents-archivo", 3)


def addresses_listened_on(process: int) -> list[str]:
    """Of a process and all that it started."""
    family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    found = [connection for member in family for connection in member.net_connections() if connection.status == "LISTEN"]
    return [connection.laddr.ip for connection in found]


def test_a_cluster_listens_on_this_machine_only() -> None:
    (found,) = DaskCluster(1).map(addresses_listened_on, [os.getpid()])
    assert len(found) >= 3  # the scheduler, the worker, a dashboard
    assert set(found) == {"127.0.0.1"}


def test_a_cluster_of_jobs_lets_nobody_in_without_its_own_key(tmp_path: Path) -> None:
    here = JOBS.model_copy(update={"scheduler_interface": "lo", "worker_interface": "lo", "log_folder": str(tmp_path)})
    with SlurmCluster(2, here, "")._cluster() as cluster:
        assert cluster.scheduler_address.startswith("tls://127.0.0.1:")
        (folder,) = tmp_path.iterdir()
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        with distributed.Client(cluster) as client:
            assert client.scheduler_info()["workers"] == {}
        with pytest.raises(OSError, match=r"(?i)timed out|certificate"):
            distributed.Client(cluster.scheduler_address, security=distributed.Security.temporary(), timeout=3)
    assert not folder.exists()


def test_ctrl_c_stays_a_failure_where_workers_are_jobs() -> None:
    script = (
        "import signal\nfrom latamgpt.curation.clusters import _jobqueue\nbefore = signal.getsignal(signal.SIGINT)\n"
        "_jobqueue()\nassert signal.getsignal(signal.SIGINT) is before, 'another handler'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


def test_the_number_of_workers_is_the_environment_s_or_the_site_s(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATAMGPT_SITE", raising=False)
    monkeypatch.delenv("LATAMGPT_WORKERS", raising=False)
    (workspace.root / "sites").mkdir(exist_ok=True)
    (workspace.root / "sites" / "laptop.yaml").write_text("workers: 5\n")
    assert read_workers_site(workspace.root).workers == 5
    monkeypatch.setenv("LATAMGPT_WORKERS", "3")
    assert read_workers_site(workspace.root).workers == 3
    monkeypatch.setenv("LATAMGPT_WORKERS", "many")
    with pytest.raises(OperatorError, match="LATAMGPT_WORKERS is 'many'"):
        read_workers_site(workspace.root)


@pytest.mark.parametrize(
    ("engine", "num_tasks", "said"),
    [
        (Engine.DASK, 8, "clean_documents-x: 8 tasks for 8 workers of dask: too few to share, so they are done here\n"),
        (Engine.SLURM, 3, "clean_documents-x: 3 tasks for 8 workers of slurm: too few to share, so they are done here\n"),
        (Engine.DASK, 9, ""),
        (Engine.POOL, 3, ""),
    ],
)
def test_a_cluster_that_is_not_asked_for_is_named(
    engine: Engine, num_tasks: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    choose(num_tasks, Site(workers=8, engine=engine, slurm=JOBS if engine is Engine.SLURM else None), "clean_documents-x")
    assert capsys.readouterr().err == said
