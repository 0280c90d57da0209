"""Which process a run belongs to, so that another can tell whether it still lives: on Linux, by /proc."""

import os
import socket
from pathlib import Path

from latamgpt.records import Frozen

BOOT = Path("/proc/sys/kernel/random/boot_id")
BEGAN_FIELD = 22  # of /proc/PID/stat, counted from 1: when the process began, in clock ticks since boot
AFTER_STATE = 4  # the field behind the name, which may hold blanks, and the state
ENDED = {"Z", "X"}  # dead, and perhaps not yet waited for


class Owner(Frozen):
    """A process, among all that any machine ever had: a process id alone is soon given to another."""

    host: str
    boot: str
    pid: int
    ticks: int  # since boot, when it began

    def is_here(self) -> bool:
        """Whether it was begun on this machine, before or after its last boot."""
        return self.host == socket.gethostname()

    def lives(self) -> bool:
        """Whether it still runs; to be asked on its own machine only."""
        return self.boot == _boot() and _began(self.pid) == self.ticks


def this_process() -> Owner:
    """The process that asks."""
    pid = os.getpid()
    return Owner(host=socket.gethostname(), boot=_boot(), pid=pid, ticks=_began(pid) or 0)


def _boot() -> str:
    return BOOT.read_text(encoding="ascii").strip()


def _began(pid: int) -> int | None:
    """When a process began; None where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in ENDED else int(fields[BEGAN_FIELD - AFTER_STATE])
