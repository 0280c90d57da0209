"""Watch processes from outside: a death is seen at once, a hang by its silence; the stacks go to the log, then all are killed."""

import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from latamgpt.launch.heartbeat import Activity, Beat, read_beats
from latamgpt.launch.vigil import Limits, Vigil

SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_TO_DUMP = 1.0
SECONDS_TO_DIE = 60.0  # a killed process gives its memory back first
DUMP_SIGNAL = signal.SIGUSR2  # faulthandler, registered by the processes, writes every thread's stack to the log

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ending:
    """How watched processes ended."""

    step: int  # that all had begun
    reason: str  # why they were killed, or which ended before the others were done; '' where all ended by themselves


def watch(child: "subprocess.Popen[bytes]", folder: Path, limits: Limits) -> Ending:
    """Wait for the child; kill it, and all whose signs of life lie in `folder`, when one of these dies or hangs."""
    vigil, named = Vigil(limits), set[int]()
    with ExitStack() as stack:
        handles: dict[int, int] = {}  # of a rank: readable once its process has ended
        while child.poll() is None:
            beats = read_beats(folder)
            vigil.look(beats, time.monotonic())
            for beat in beats:
                if beat.rank not in handles and (handle := _open(beat.pid)) is not None:
                    handles[beat.rank] = handle
                    stack.callback(os.close, handle)
            if reason := _dead(handles, beats) or _hung(vigil):
                kill(child, beats)
                return Ending(vigil.step, reason)
            for straggler in vigil.stragglers():
                if straggler.rank not in named:
                    named.add(straggler.rank)
                    log.warning("%s", straggler)
            with suppress(subprocess.TimeoutExpired):
                child.wait(SECONDS_BETWEEN_LOOKS)
        beats = read_beats(folder)
        vigil.look(beats, time.monotonic())
        return Ending(vigil.step, _dead(handles, beats) if child.returncode else "")


def kill(child: "subprocess.Popen[bytes]", beats: Iterable[Beat]) -> None:
    """End the child's group and every process that gave a sign of life, by SIGKILL."""
    handles = [handle for beat in beats if (handle := _open(beat.pid)) is not None]
    for send, number in ((os.killpg, child.pid), *((os.kill, beat.pid) for beat in beats)):
        with suppress(ProcessLookupError):
            send(number, signal.SIGKILL)
    child.wait()
    for handle in handles:  # what follows must not find a lock that is still held
        select.select([handle], [], [], SECONDS_TO_DIE)
        os.close(handle)


def _open(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _dead(handles: dict[int, int], beats: "list[Beat]") -> str:
    """A sentence that names the ranks that ended while others have still to go on; '' where none did."""
    at_work = {beat.rank for beat in beats if beat.activity is not Activity.END}
    ended = [rank for rank in sorted(at_work) if rank not in handles or select.select([handles[rank]], [], [], 0)[0]]
    if not ended or len(ended) == len(beats):  # all of them: the child, which waits for them or is the only one, tells how
        return ""
    return f"rank {', '.join(map(str, ended))} of {len(beats)} ended, and the others would have waited for it"


def _hung(vigil: Vigil) -> str:
    """A sentence on the processes that hang, whose stacks are then in the log; '' where none does."""
    silent = vigil.silent()
    if not silent:
        return ""
    words = [
        f"rank {beat.rank} gave no sign of life for {seconds:.1f} s ({beat.activity} {beat.step}, process {_state(beat.pid)})"
        for beat, seconds in silent
    ]
    for beat in vigil.last.values():
        for number in (DUMP_SIGNAL, signal.SIGCONT):  # one that was stopped has to run to write its stacks
            with suppress(ProcessLookupError):
                os.kill(beat.pid, number)
    time.sleep(SECONDS_TO_DUMP)
    limit = vigil.limit(silent[0][0])
    return f"{'; '.join(words)}; {limit:.1f} s are the limit here. The stacks of all ranks are in the log"


def _state(pid: int) -> str:
    """What the kernel says of a process, such as 'S (sleeping)' or 'T (stopped)'."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("State:"):
                return line.removeprefix("State:").strip()
    return "gone"
