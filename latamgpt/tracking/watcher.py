"""Beside a long run, in a session of its own: send its spool, sample the machine, and say how it ended when it no longer can.

`python -m latamgpt.tracking.watcher ROOT KEY`. Nothing of MLflow runs in the process that trains, and what ends that process,
SIGKILL of its whole group included, does not end this one.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.store import Workspace
from latamgpt.tracking.sending import Sender, send_left
from latamgpt.tracking.server import tracking_uri
from latamgpt.tracking.spool import Follower, Sent, Spool

if TYPE_CHECKING:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_SENDS = 5.0
SECONDS_TO_TRY = 600  # after the run's end, for a server that is away; then the next run of this checkout sends
SECONDS_BETWEEN_SYSTEM_METRICS = 10
SYSTEM_METRICS_THREAD = "SystemMetricsMonitor"  # MLflow's name for it
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A job's end goes to all of its processes; a watcher ends last, and by itself."""


def start_watcher(spool: Spool) -> "subprocess.Popen[bytes]":
    """Have the run of this process watched; what the watcher says goes to var/logs/tracking.log."""
    path = spool.root / "var" / "logs" / "tracking.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "latamgpt.tracking.watcher", str(spool.root), spool.key]
    with path.open("ab") as said, _held_back(ENDING):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)


def watch(workspace: Workspace, spool: Spool) -> None:
    """Until the run has ended and MLflow has all of it, or another process goes on with the run, or the server stays away."""
    send_left(workspace)
    sender, machine = Sender(workspace, spool), Machine(workspace)
    follower = Follower(spool)
    mine = follower.look()[0]
    sent_at = gone_at = 0.0
    while mine is not None and spool.lines.is_file():
        start, end = follower.look()
        now = time.monotonic()
        if start != mine:
            break
        if end is None and not mine.owner.lives():
            spool.bury(mine.owner, int(time.time() * 1000))
            continue
        gone_at = gone_at or (now if end else 0.0)
        if (gone_at == now) or now - sent_at > SECONDS_BETWEEN_SENDS:
            _flush(spool)
            sent, sent_at = sender.send(), now
            if end and (_has_all(spool, sent) or now - gone_at > SECONDS_TO_TRY):
                break
            if not end and not sent.problem:
                machine.sample(sent)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    machine.stop()


class Machine:
    """Samples of processors, memory, disk and network; its thread gives up where the server is away; it is begun anew."""

    def __init__(self, workspace: Workspace):
        self._uri = tracking_uri(workspace)
        self._monitor: SystemMetricsMonitor | None = None

    def sample(self, sent: Sent) -> None:
        """See that the machine is sampled."""
        if any(thread.name == SYSTEM_METRICS_THREAD for thread in threading.enumerate()):
            return
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        logging.getLogger("mlflow.system_metrics.system_metrics_monitor").setLevel(logging.WARNING)
        self._monitor = SystemMetricsMonitor(
            sent.run_id, SECONDS_BETWEEN_SYSTEM_METRICS, resume_logging=True, tracking_uri=self._uri
        )
        self._monitor.start()

    def stop(self) -> None:
        """End the thread."""
        if self._monitor is not None:
            self._monitor.finish()


def _has_all(spool: Spool, sent: Sent) -> bool:
    return sent.offset >= spool.lines.stat().st_size


@contextmanager
def _held_back(signals: tuple[signal.Signals, ...]) -> Generator[None]:
    """What is started meanwhile does not hear these until it ignores them; this process hears them right after."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _flush(spool: Spool) -> None:
    """Bring the spool to the disk: here, so that the run never waits for one."""
    handle = os.open(spool.lines, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main() -> None:
    """Watch the run that the arguments name."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    watch(Workspace(Path(sys.argv[1])), Spool(Path(sys.argv[1]), sys.argv[2]))


if __name__ == "__main__":
    main()
