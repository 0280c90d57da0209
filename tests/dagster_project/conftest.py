"""A small factory for each test: nothing run yet, or everything run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.definitions import Location, build_location
from latamgpt.store import Workspace, held
from tests.conftest import shared_by_all
from tests.dagster_project import small_factory


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("small") / "empty"
    root.mkdir()
    return small_factory.make(root).root


@pytest.fixture(scope="session")
def built_template(empty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything run, by DVC alone; built once for all processes that test, since it takes 15 s of CPU."""
    shared = shared_by_all(tmp_path_factory)
    root = shared / "built"
    with held(shared, "built"):
        if not root.exists():
            draft = shared / "built-draft"
            shutil.copytree(empty_template, draft, symlinks=True)
            small_factory.call(draft, small_factory.sys.executable, "-m", "dvc", "repro", "--quiet")
            draft.rename(root)
    return root


@pytest.fixture
def empty_factory(empty_template: Path, tmp_path: Path) -> Iterator[Location]:
    yield from _copy(empty_template, tmp_path)


@pytest.fixture
def built_factory(built_template: Path, tmp_path: Path) -> Iterator[Location]:
    yield from _copy(built_template, tmp_path)


def _copy(template: Path, tmp_path: Path) -> Iterator[Location]:
    root = tmp_path / "workspace"
    shutil.copytree(template, root, symlinks=True)
    location = build_location(Workspace(root))
    yield location
    location.door.close()
