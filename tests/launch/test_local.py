"""The launcher: what children print, how their errors reach the parent, and that they never outlive it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch.local import run_processes
from latamgpt.launch.site import Site
from tests.conftest import ROOT

START_AND_WAIT = (
    "import signal, sys; from pathlib import Path; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a shell ignores it for what it starts in the background
    "from latamgpt.launch.local import run_processes; from latamgpt.launch.site import Site; "
    "run_processes(Site(), 'tests.launch.child', ['wait', sys.argv[1]], {}, Path(sys.argv[2]))"
)


def test_child_gets_its_environment_and_its_words_are_kept(tmp_path: Path) -> None:
    run_processes(Site(), "tests.launch.child", ["well"], {"GREETING": "hola"}, tmp_path / "child.log")
    assert (tmp_path / "child.log").read_text() == "child says well hola\n"


def test_childs_mistake_reaches_the_parent_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"^the soup is cold. Nobody likes that. Warm it.$"):
        run_processes(Site(), "tests.launch.child", ["mistake"], {}, tmp_path / "child.log")


@pytest.mark.parametrize("processes", [1, 2])
def test_childs_traceback_is_in_the_log_and_not_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], processes: int
) -> None:
    log = tmp_path / "child.log"
    with pytest.raises(OperatorError, match=r"^the soup is cold"):
        run_processes(Site(), "tests.launch.child", ["mistake"], {}, log, processes=processes)
    assert capfd.readouterr() == ("", "")
    assert "latamgpt.errors.OperatorError: the soup is cold" in log.read_text()


def test_childs_crash_is_explained_by_the_end_of_its_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with exit code 1; the end of .*ValueError: nobody thought of this"):
        run_processes(Site(), "tests.launch.child", ["crash"], {}, tmp_path / "child.log")
    assert capfd.readouterr() == ("", "")


def test_childs_bug_shows_exit_code_and_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"ended with exit code 3; the end of .*\nchild says bug"):
        run_processes(Site(), "tests.launch.child", ["bug"], {}, tmp_path / "child.log")


def test_site_of_several_nodes_is_refused_here(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="spreads its work over 12 nodes"):
        run_processes(Site(nodes=12), "tests.launch.child", ["well"], {}, tmp_path / "child.log")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_child_ends_with_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", START_AND_WAIT, str(note), str(tmp_path / "child.log")], cwd=ROOT, stderr=-3)
    while not (note.is_file() and note.read_text()):
        assert parent.poll() is None
        Event().wait(0.01)
    child = os.pidfd_open(int(note.read_text()))
    parent.send_signal(number)
    parent.wait(30)
    import select

    assert select.select([child], [], [], 30)[0], "the child lives on"
