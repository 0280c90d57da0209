"""A workspace with a copy of the project's registry, graph and some deliveries, in which an operator works."""

import shutil

import pytest

from latamgpt.store import Workspace
from tests.conftest import ROOT


@pytest.fixture
def office(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The registry of the project, no delivery; git names Rosa as who acts."""
    shutil.copytree(ROOT / "partners", workspace.root / "partners")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(workspace.root / "gitconfig"))
    (workspace.root / "gitconfig").write_text("[user]\n  name = Rosa Operadora\n", encoding="utf-8")
    monkeypatch.chdir(workspace.root)
    return workspace
