"""Slurm's commands without a Slurm."""

from pathlib import Path

import pytest

from tests.launch.fakes import Fakes


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """A controller that knows no job and takes every one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    found = Fakes(folder)
    monkeypatch.setenv("PATH", found.path)
    for name in ("squeue", "sacct", "scancel"):
        found.answers(name, "")
    found.answers("scontrol", "node1\n")
    found.answers("sbatch", "7\n")
    return found
