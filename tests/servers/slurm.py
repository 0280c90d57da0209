"""A Slurm of the tests' own, two nodes, started and ended by the repository's scripts."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT

LOCK = Path(tempfile.gettempdir()) / "latamgpt-tests-slurm.lock"
SCRIPTS = ROOT / "scripts" / "slurm"
PROGRAMS = ("sbatch", "slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "ip")
BRIDGE, NODE_INTERFACE = "slurmlab", "eth0"  # as scripts/slurm/network.sh and node.sh name them


def why_not() -> str:
    """Why no Slurm can be started here; '' where one can."""
    places = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [program for program in PROGRAMS if shutil.which(program, path=places) is None]
    if missing:
        return f"{', '.join(missing)} not installed: `make setup-slurm`"
    return "" if os.geteuid() == 0 else "a Slurm of one's own needs root, for its network namespaces"


@contextmanager
def slurm(folder: Path) -> Generator[Path]:
    """Two idle nodes; gives what SLURM_CONF must name. One stands at a time: another process' tests wait for theirs."""
    with LOCK.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _run("up.sh", str(folder), "2")
            yield folder / "etc" / "slurm.conf"
        finally:
            _run("down.sh", str(folder))


def cut_power(folder: Path, node: str) -> None:
    """End a node and all that ran on it; nobody is told."""
    _run("node.sh", str(folder), node.removeprefix("node"), "down")


def restore_power(folder: Path, node: str) -> None:
    """Start a node again."""
    _run("node.sh", str(folder), node.removeprefix("node"), "up")


def ask(*command: str) -> str:
    """What one of Slurm's commands prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _run(script: str, *arguments: str) -> None:
    done = subprocess.run([SCRIPTS / script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
