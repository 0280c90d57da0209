"""Watched processes: what hangs or dies is killed whole, told, and started again; what is asked to stop is drained."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from latamgpt.errors import DRAINED, DrainedError
from latamgpt.launch.local import Watched, run_processes
from latamgpt.launch.site import Site
from latamgpt.launch.vigil import Limits
from tests.conftest import ROOT

WATCHED = Watched(Limits(floor=1.0, patience=60.0), restarts=2)


def run(how: str, folder: Path, processes: int = 1) -> str:
    """What the processes printed."""
    log = folder / "child.log"
    run_processes(Site(), "tests.launch.beating", [how, str(folder)], {}, log, processes=processes, watched=WATCHED)
    return log.read_text()


def starts(folder: Path) -> int:
    return len((folder / "started").read_text().splitlines())


def test_hang_is_told_with_its_stack_and_started_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    printed = run("hangs", tmp_path)
    assert "in sleep_for_ever" in printed
    assert printed.endswith("went through all 40\n")
    (told,) = caplog.messages
    assert told.startswith("tests.launch.beating was killed: rank 0 gave no sign of life for 1.")
    assert "(step 30, process S (sleeping)); 1.0 s are the limit here. The stacks of all ranks are in the log" in told
    assert told.endswith("after step 30: it is started again, from its newest state")
    assert starts(tmp_path) == 2


def test_stopped_process_is_a_hang(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    printed = run("stops", tmp_path)
    assert "in go_wrong" in printed
    assert printed.endswith("went through all 40\n")
    assert "process T (stopped)" in caplog.text


def test_death_by_a_signal_is_told_and_started_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run("dies", tmp_path).endswith("went through all 40\n")
    assert "tests.launch.beating was ended by SIGKILL, after step 30: it is started again" in caplog.text
    assert starts(tmp_path) == 2


@pytest.mark.slow
def test_death_of_a_rank_ends_the_others_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run("rank dies", tmp_path, processes=2)
    (told,) = caplog.records
    assert "rank 1 of 2 ended, and the others would have waited for it" in told.message
    assert told.created - float((tmp_path / "died-at").read_text()) <= 5
    assert starts(tmp_path) == 4


@pytest.mark.slow
def test_a_rank_that_drains_since_another_died_does_not_hide_the_death(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert "went through all 40" in run("rank dies last", tmp_path, processes=2)
    assert "rank 1 of 2 ended" in caplog.text
    assert starts(tmp_path) == 4


def test_start_that_never_comes_further_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="was ended by SIGKILL"):
        run("always dies", tmp_path)
    assert starts(tmp_path) == 3


def test_bug_is_not_started_again(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with exit code 1.*nobody thought of this"):
        run("bug", tmp_path)
    assert starts(tmp_path) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_command_that_is_asked_to_stop_drains_its_processes(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from pathlib import Path;"
        "from tests.launch.test_watchdog import run; run('never ends', Path(sys.argv[1]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "beats").is_file():
        assert parent.poll() is None
        Event().wait(0.01)
    began = time.monotonic()
    parent.send_signal(number)
    _, told = parent.communicate(timeout=60)
    assert "DrainedError: it was drained after step 1. Run it again." in told
    assert time.monotonic() - began < 10


def test_drained_child_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-m", "tests.launch.beating", "never ends", str(tmp_path)], cwd=ROOT, stdout=-3)
    while not (tmp_path / "beats").is_file():
        assert child.poll() is None
        Event().wait(0.01)
    child.send_signal(signal.SIGUSR1)
    assert child.wait(60) == DRAINED == DrainedError.exit_code == 85
