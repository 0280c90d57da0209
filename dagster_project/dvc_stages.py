"""Stages as forks of a process that has loaded what they need: Python and its packages are paid once, not once a stage.

DVC starts a shell, and that a Python, for each stage: 0.5 s of CPU, and 2.5 s where Great Expectations is loaded. Here the child
that reproduces a stage forks instead. The fork has forgotten the project's own modules and imports them anew: what runs is the
code that lies there now, whose digest DVC records. What trains or evaluates starts in a process of its own, as DVC has it: its
arithmetic must meet torch freshly loaded.
"""

import atexit
import importlib
import logging
import multiprocessing
import os
import shlex
import signal
import sys
import weakref
from pathlib import Path
from types import ModuleType
from typing import Protocol

import dvc.stage.run
from dvc.stage.exceptions import StageCmdFailedError

from dagster_project.dvc_lockfile import parse_once
from latamgpt.errors import OperatorError
from latamgpt.stages import find_stage

COMMAND = ["latamgpt", "stage"]
STARTED_FRESH = ("training.", "evaluation.")  # packages of the domain that load torch
PROJECT = "latamgpt"


class _Run(Protocol):
    def __call__(self, executable: str | None, cmd: str, **settings: object) -> None: ...


_run_in_shell: _Run = dvc.stage.run._run  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def install() -> None:
    """Make the DVC of this process run stages as described above."""
    dvc.stage.run._run = run_command  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def load_ahead(root: Path, address: str) -> None:
    """Load the packages that a stage will need, before a child is forked for it; what cannot be loaded it will say itself."""
    name = address.partition("@")[0]
    if not _is_forked(name):
        return
    try:
        if not _is_ours(_command(root, name)):
            return
        importlib.import_module(f"{PROJECT}.{find_stage(name).module}")
        if name.endswith("_gate"):
            importlib.import_module(f"{PROJECT}.gates.suite").load_great_expectations()
    except Exception as error:  # noqa: BLE001  (a file that somebody is editing, a package that is missing)
        logging.getLogger(__name__).info("%s was not loaded ahead: %s", name, error)


def run_command(executable: str | None, cmd: str, **settings: object) -> None:
    """What DVC does for each command of a stage; our own stages are forked, any other command goes DVC's way.

    Raises:
        StageCmdFailedError: it ended with another exit code than 0.
    """
    words = shlex.split(cmd)
    if not (_is_ours(cmd) and _is_forked("".join(words[2:3]))):
        _run_in_shell(executable, cmd, **settings)
        return
    stage = multiprocessing.get_context("fork").Process(
        target=_be_stage, args=(words, settings["cwd"], settings["env"]), name=cmd
    )
    waiting = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        stage.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, waiting)
    stage.join()
    if stage.exitcode != 0:
        raise StageCmdFailedError(cmd, stage.exitcode)


def _command(root: Path, name: str) -> str:
    path = root / "dvc.yaml"
    return parse_once(path.read_text(encoding="utf-8"), str(path))["stages"][name]["cmd"]


def _is_ours(cmd: str) -> bool:
    return shlex.split(cmd)[:2] == COMMAND


def _is_forked(name: str) -> bool:
    try:
        return not find_stage(name).function.startswith(STARTED_FRESH)
    except OperatorError:
        return False


def _be_stage(words: list[str], folder: str, environment: dict[str, str]) -> None:
    """What a new Python would do; ends with the exit code of the command."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    weakref.finalize._registered_with_atexit = False  # noqa: SLF001  # pyright: ignore[reportAttributeAccessIssue]  (ours are)
    atexit._clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (what the parent would do at its end)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    sys.modules["__main__"] = ModuleType("__main__")  # else processes that the stage spawns would load the server again
    Path("/proc/self/comm").write_text(words[2], encoding="utf-8")  # so that `ps` and `top` say which stage it is
    for name in [name for name in sys.modules if name.partition(".")[0] == PROJECT]:
        del sys.modules[name]
    importlib.invalidate_caches()
    try:
        code = importlib.import_module(f"{PROJECT}.cli").main(words[1:])
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (multiprocessing does not)
    sys.exit(code)
