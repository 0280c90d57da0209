"""Run a Python module in processes of this machine: they end when their parent ends, and their errors reach it in words."""

import ctypes
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site

FAILURE_VARIABLE = "LATAMGPT_FAILURE"
SECONDS_TO_END = 10
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
LINES_OF_LOG_SHOWN = 20
DRAINED = 85
"""Exit code of ranks that were asked to make room: all is saved, and they are to be started again."""


def run_processes(
    site: Site, module: str, arguments: Sequence[str], environment: Mapping[str, str], log_path: Path, *, processes: int = 1
) -> None:
    """Run `python -m module` in a process group of its own, under torchrun where there is more than one process.

    Steps: start; wait; end the whole group when this process is interrupted or the module fails. What the processes print,
    and why they failed, goes to `log_path`; a single process shows its progress on standard error.

    Raises:
        OperatorError: the site needs more than this machine, or the module raised one.
        RuntimeError: the module failed in another way; the end of its log is in the message.
    """
    if site.nodes > 1:
        raise OperatorError(
            f"this site spreads its work over {site.nodes} nodes, and this command starts processes of one machine only. Nothing "
            "was started. Training goes over nodes where the site's file has a section training (docs/training-on-slurm.md); "
            "to work on this machine, set LATAMGPT_SITE=laptop, with parameters that fit it."
        )
    log_path.parent.mkdir(parents=True, exist_ok=True)
    failure_path = log_path.with_suffix(".failure.json")
    failure_path.unlink(missing_ok=True)
    with log_path.open("wb") as log:
        child = subprocess.Popen(
            [*_command(module, processes), *arguments],
            env={**os.environ, **environment, FAILURE_VARIABLE: str(failure_path)},
            stdout=log,
            stderr=log if processes > 1 else None,  # torchrun adds pages of its own to every failure
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (one prctl call; nothing that could deadlock)
        )
        with _group_ends_with_us(child):
            child.wait()
    if child.returncode != 0:
        _explain_failure(module, child.returncode, failure_path, log_path)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, even by SIGKILL: no training goes on unseen."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


@contextmanager
def errors_for_parent() -> Generator[None]:
    """End with exit code 1 on an error: where it was raised goes to the log, an OperatorError's words to the parent process."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (told in the log, and by the exit code)
        path = os.environ.get(FAILURE_VARIABLE)
        if path and isinstance(error, OperatorError):
            Path(path).write_bytes(orjson.dumps({"message": str(error)}))
        traceback.print_exc(file=sys.stdout)
        sys.exit(1)


def _command(module: str, processes: int) -> list[str]:
    # One process needs no rendezvous: without torchrun it starts three seconds sooner and computes the same.
    if processes == 1:
        return [sys.executable, "-m", module]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *torchrun, "-m", module]


@contextmanager
def _group_ends_with_us(child: "subprocess.Popen[bytes]") -> Generator[None]:
    def interrupted(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, interrupted) if _in_main_thread() else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
        _end_group(child)


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        try:
            child.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            continue


def _in_main_thread() -> bool:
    import threading  # noqa: PLC0415

    return threading.current_thread() is threading.main_thread()


def _explain_failure(module: str, code: int, failure_path: Path, log_path: Path) -> None:
    if failure_path.is_file():
        message = orjson.loads(failure_path.read_bytes())["message"]
        failure_path.unlink()
        raise OperatorError(message)
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG_SHOWN:]
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    raise RuntimeError(f"{module} {how}; the end of {log_path}:\n" + "\n".join(lines))
