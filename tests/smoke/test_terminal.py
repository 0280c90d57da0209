"""`make run` on a terminal: bars while it works, whole lines when it is done, a clean end at Ctrl-C and the way on."""

import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from assets.lock import read_lock, source_version
from dagster_project.run import INTERRUPTED
from latamgpt.store import Workspace
from tests.smoke.conftest import Clone, FinishedRun
from tests.terminal import BAR, Shown

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

COLUMNS, ROWS = 80, 40
CTRL_C = b"\x03"
RETOUCHED = "latamgpt/training/resume.py"  # read by the checkpoint stage alone


@pytest.fixture
def clone(tiny_run: FinishedRun, tmp_path: Path) -> Clone:
    made = tiny_run.copy(tmp_path / "clone", TERM="xterm-256color")
    with (made.root / RETOUCHED).open("a", encoding="utf-8") as code:
        code.write("# so that the checkpoint is stale, and comes out as it was\n")
    return made


def run_on_terminal(clone: Clone, press: Callable[[str], bytes]) -> tuple[int, str]:
    """The exit code of `make run`'s program and all that it showed; `press` says which key a person hits after that much."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(clone.root)
        os.execvpe(sys.executable, [sys.executable, "-m", "dagster_project.run"], clone.environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    said = b""
    while True:
        try:
            said += os.read(terminal, 1 << 16)
        except OSError:  # a terminal whose program has ended
            break
        if key := press(said.decode(errors="ignore")):
            os.write(terminal, key)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.decode()


def once(moment: str, key: bytes) -> Callable[[str], bytes]:
    """Hit a key when these words show, once."""
    left = [key]
    return lambda shown: left.pop() if left and moment in shown else b""


def processes_in(folder: Path) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(clone: Clone) -> None:
    workspace = Workspace(clone.root)
    before = read_lock(workspace)["checkpoint"]
    num_tokens = workspace.report("checkpoint").counts["num_tokens"]
    code, said = run_on_terminal(clone, once(f"of {num_tokens:,} tokens", CTRL_C))
    screen = Shown(COLUMNS).feed(said)
    assert code == INTERRUPTED
    words = " ".join(screen.text.split())
    assert "checkpoint: stopped" in words
    assert "latamgpt: stopped. Nothing was left half-published; the same command goes on from here." in words
    assert "Traceback" not in said
    assert BAR not in screen.text
    assert screen.cursor_is_shown
    assert processes_in(clone.root) == []
    assert list((clone.root / "var" / "unpublished").iterdir()) == []
    assert read_lock(workspace)["checkpoint"] == before
    assert source_version(workspace.place("checkpoint")) == before.data_version

    code, said = run_on_terminal(clone, lambda _: b"")
    screen = Shown(COLUMNS).feed(said)
    assert code == 0
    assert BAR in said
    assert BAR not in screen.text
    lines = [line.rstrip() for line in screen.lines]
    assert [line for line in lines if line.startswith("the release lies in data/release")]
    assert [line for line in lines if line.startswith("bits_per_byte/gug ") and line.endswith(("gained", "lost", "cannot tell"))]
    after = read_lock(workspace)["checkpoint"]
    assert after.deps != before.deps
    assert after.data_version == before.data_version
