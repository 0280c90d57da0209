"""What a command costs with all processes that it starts: CPU seconds, peak memory, and the time on the wall. Linux only.

    python -m scripts.curation_bench.process_tree COST.json -- COMMAND ...

The command runs below a process of its own that adopts whatever the command leaves behind (PR_SET_CHILD_SUBREAPER), so the
kernel's own account of its children is complete when none is left. Memory is PSS: what processes share counts once.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36
SECONDS_BETWEEN_SAMPLES = 0.25  # a peak that is shorter may be missed
SECONDS_TO_END = 30.0  # for what the command leaves behind
KIB = 1024


@dataclass(frozen=True)
class Cost:
    """What a command and all that it started took, and how it ended."""

    cpu_seconds: float  # user and system
    wall_seconds: float
    peak_pss_bytes: int
    returncode: int
    num_killed: int = 0  # processes that went on after the command had ended


def cost_of(command: list[str], cwd: Path, environment: dict[str, str], log: Path) -> Cost:
    """Run a command to its end; what it prints goes to a log.

    Raises:
        RuntimeError: the command failed; the end of its log says why.
    """
    answer = log.with_suffix(".cost.json")
    with log.open("wb") as output:
        watch = [sys.executable, "-m", "scripts.curation_bench.process_tree", str(answer), "--", *command]
        subprocess.run(watch, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT, check=True)
    cost = Cost(**json.loads(answer.read_text()))
    if cost.returncode:
        end = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with exit code {cost.returncode}; the end of {log}:\n{end}")
    return cost


def watch(command: list[str]) -> Cost:
    """Run a command below this process and account for it and all its descendants."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.perf_counter()
    main = subprocess.Popen(command)
    peak, cpu_seconds, returncode, ended_at, num_killed = 0, 0.0, 0, 0.0, 0
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid:
            cpu_seconds += usage.ru_utime + usage.ru_stime
            if pid == main.pid:
                returncode, ended_at = os.waitstatus_to_exitcode(status), time.perf_counter()
            continue
        peak = max(peak, pss_of_children())
        if ended_at and time.perf_counter() - ended_at > SECONDS_TO_END:
            num_killed += kill_children()
        time.sleep(SECONDS_BETWEEN_SAMPLES)
    main.returncode = returncode  # it was waited for here, so that Popen need not
    return Cost(round(cpu_seconds, 3), round((ended_at or time.perf_counter()) - start, 3), peak, returncode, num_killed)


def pss_of_children() -> int:
    """Bytes of memory of all descendants of this process; pages that several of them map are shared out among them."""
    return sum(pss_of(process.pid) for process in psutil.Process().children(recursive=True))


def pss_of(pid: int) -> int:
    """Proportional set size of a process in bytes; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # it ended meanwhile
        return 0
    return sum(int(line.split()[1]) * KIB for line in lines if line.startswith("Pss:"))


def kill_children() -> int:
    """Kill what is left below this process; how many there were."""
    left = psutil.Process().children(recursive=True)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return len(left)


def main() -> None:
    """Watch a command and write its cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answer", type=Path)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    options.answer.write_text(json.dumps(asdict(watch(options.command))))


if __name__ == "__main__":
    main()
