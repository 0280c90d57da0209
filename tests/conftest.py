"""Fixtures that every test may use: a workspace of its own, and the parameters of the tests' run."""

import shutil
from pathlib import Path

import pytest

from latamgpt.params import Params, read_params
from latamgpt.store import Workspace

ROOT = Path(__file__).parent.parent


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace: the project's parameters and graph, no data."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("profiles", "sites"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Workspace(tmp_path)


@pytest.fixture
def params() -> Params:
    """The parameters of the tests' run."""
    return read_params(ROOT, "tiny")
