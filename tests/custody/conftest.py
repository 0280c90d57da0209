"""A workspace with a copy of the project's registry, graph and some deliveries, in which an operator works."""

import shutil
from pathlib import Path

import pytest

from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.custody.sending import STORY
from tests.intake.deliveries import register


@pytest.fixture
def office(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The registry of the project, no delivery; git names Rosa as who acts."""
    shutil.copytree(ROOT / "partners", workspace.root / "partners")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(workspace.root / "gitconfig"))
    (workspace.root / "gitconfig").write_text("[user]\n  name = Rosa Operadora\n", encoding="utf-8")
    monkeypatch.chdir(workspace.root)
    return workspace


@pytest.fixture
def sent(office: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two plain files that a partner of the registry sent, outside of the workspace."""
    register(office)
    folder = tmp_path_factory.mktemp("sent")
    (folder / "rio.txt").write_text(STORY, encoding="utf-8")
    (folder / "hojas").mkdir()
    (folder / "hojas" / "piedra.txt").write_text(STORY.replace("río", "arroyo"), encoding="utf-8")
    return folder
