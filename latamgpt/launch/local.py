"""Run a Python module in processes of this machine: they end when their parent ends, and their errors reach it in words."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from latamgpt.errors import DRAINED, DrainedError, OperatorError
from latamgpt.launch.heartbeat import HEARTBEATS_VARIABLE
from latamgpt.launch.site import Site
from latamgpt.launch.vigil import Limits
from latamgpt.launch.watchdog import watch

FAILURE_VARIABLE = "LATAMGPT_FAILURE"
SECONDS_TO_END = 10
SECONDS_TO_DRAIN = 120  # as long as a spot machine has after its notice
DRAIN_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
LINES_OF_LOG_SHOWN = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watched:
    """How processes are watched that give signs of life, and can go on from where they were killed."""

    limits: Limits = field(default_factory=Limits)
    restarts: int = 3  # in a row that came no further than the one before


def run_processes(
    site: Site,
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log_path: Path,
    *,
    processes: int = 1,
    watched: Watched | None = None,
) -> None:
    """Run `python -m module` in a process group of its own, under torchrun where there is more than one process.

    Steps: start; wait; end the whole group when this process is interrupted or the module fails. What the processes print,
    and why they failed, goes to `log_path`; a single process shows its progress on standard error. Where they are `watched`, they
    give signs of life, save what they did when they are asked to stop, and are started again when they hang or die of a signal.

    Raises:
        OperatorError: the site needs more than this machine, or the module raised one.
        DrainedError: the processes were asked to stop, and the next run goes on.
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
    command = [*_command(module, processes), *arguments]
    log_path.unlink(missing_ok=True)
    furthest, in_vain = 0, 0
    while True:
        failure_path.unlink(missing_ok=True)
        told_to = {**environment, FAILURE_VARIABLE: str(failure_path)}
        ended = _run_once(command, told_to, log_path, alone=processes == 1, watched=watched)
        if ended.code == 0:
            return
        if watched is None or not (ended.is_sudden and not failure_path.is_file()):
            break
        in_vain = 0 if ended.step > furthest else in_vain + 1
        furthest = max(furthest, ended.step)
        if in_vain >= watched.restarts:
            break
        log.warning("%s, after step %s: it is started again, from its newest state", ended.explain(module), ended.step)
    _explain_failure(ended.explain(module), failure_path, log_path)


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
        if path and not _is_loss_of_a_peer(error):
            told = _Failure(str(error), isinstance(error, OperatorError), isinstance(error, DrainedError))
            Path(path).write_bytes(orjson.dumps(told))
        traceback.print_exc(file=sys.stdout)
        sys.stdout.flush()
        sys.exit(DRAINED if isinstance(error, DrainedError) else 1)


@dataclass(frozen=True)
class _Ended:
    """How the processes ended: the exit code, or why they were killed, and the step they were at."""

    code: int
    alone: bool  # one process, no torchrun between it and us
    step: int = 0
    reason: str = ""

    @property
    def is_sudden(self) -> bool:
        """Whether it was not the program's own doing: a hang, a signal, or a rank under torchrun, which does not say how."""
        return bool(self.reason) or self.code < 0 or not self.alone

    def explain(self, module: str) -> str:
        """In words."""
        if self.reason:
            return f"{module} was killed: {self.reason}"
        how = f"was ended by {signal.Signals(-self.code).name}" if self.code < 0 else f"ended with exit code {self.code}"
        return f"{module} {how}"


def _run_once(
    command: Sequence[str], environment: Mapping[str, str], log_path: Path, *, alone: bool, watched: Watched | None
) -> _Ended:
    with log_path.open("ab") as log_file, tempfile.TemporaryDirectory(prefix="heartbeats-") as heartbeats:
        child = subprocess.Popen(
            command,
            env={**os.environ, **environment, HEARTBEATS_VARIABLE: heartbeats},
            stdout=log_file,
            stderr=None if alone else log_file,  # torchrun adds pages of its own to every failure
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (one prctl call; nothing that could deadlock)
        )
        with _group_ends_with_us(child, SECONDS_TO_DRAIN if watched else SECONDS_TO_END, log_path.with_suffix(".failure.json")):
            if watched is None:
                return _Ended(child.wait(), alone)
            ending = watch(child, Path(heartbeats), watched.limits)
            if ending.reason:
                _forget_drained(log_path.with_suffix(".failure.json"))
            return _Ended(child.wait(), alone, ending.step, ending.reason)


def _command(module: str, processes: int) -> list[str]:
    # One process needs no rendezvous: without torchrun it starts three seconds sooner and computes the same.
    if processes == 1:
        return [sys.executable, "-m", module]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *torchrun, "-m", module]


@contextmanager
def _group_ends_with_us(child: "subprocess.Popen[bytes]", seconds: float, failure_path: Path) -> Generator[None]:
    def interrupted(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, interrupted) for number in DRAIN_SIGNALS} if _in_main_thread() else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _end_group(child, seconds)
        failure = _read_failure(failure_path)
        if failure is not None and failure.is_drained:
            failure_path.unlink()
            raise DrainedError(failure.message)


def _end_group(child: "subprocess.Popen[bytes]", seconds: float) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def _in_main_thread() -> bool:
    import threading  # noqa: PLC0415

    return threading.current_thread() is threading.main_thread()


@dataclass(frozen=True)
class _Failure:
    """Why a process failed, as it told its parent."""

    message: str
    is_operators: bool
    is_drained: bool


def _is_loss_of_a_peer(error: Exception) -> bool:
    """Whether a process failed only since another had ended: that one tells why, if it can."""
    words = f"{type(error).__name__} {error}".lower()
    return any(word in words for word in ("gloo", "nccl", "connection closed by peer", "connection reset by peer"))


def _read_failure(path: Path) -> _Failure | None:
    return _Failure(**orjson.loads(path.read_bytes())) if path.is_file() else None


def _forget_drained(path: Path) -> None:
    """Where a rank died, torchrun asks the others to stop, and one may have: nobody asked for an end of all."""
    failure = _read_failure(path)
    if failure is not None and failure.is_drained:
        path.unlink()


def _explain_failure(how: str, failure_path: Path, log_path: Path) -> None:
    failure = _read_failure(failure_path)
    failure_path.unlink(missing_ok=True)
    if failure is not None and failure.is_operators:
        raise OperatorError(failure.message)
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG_SHOWN:]
    raise RuntimeError(f"{how}; the end of {log_path}:\n" + "\n".join(lines))
