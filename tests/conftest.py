"""Fixtures that every test may use: a workspace of its own, and the parameters of the tests' run."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from latamgpt.params import Params, read_params
from latamgpt.store import Workspace

# Property tests draw the same examples every time, and take their time on a busy machine: before any of them is imported.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

ROOT = Path(__file__).parent.parent
NEWCOMER = ("tests/smoke/test_raw_to_release.py", "tests/smoke/test_user_interfaces.py")
LONGEST_FIRST = (
    *(*NEWCOMER, "tests/training/test_checkpoint.py", "tests/faults/", "tests/intake/test_memory.py"),
    *("tests/smoke/", "tests/dagster_project/", "tests/training/"),
)
"""Where the slow tests take longest: begun last, they would run on alone.

The newcomer's run takes minutes: it is begun first, and what looks at a copy of it comes when it should be done.
"""


class OneFinishedRun(LoadScopeScheduling):
    """A file's tests run in one process, and those in the same that look at the newcomer's run itself, not at a copy.

    Marks would say it as well (`xdist_group`), but pytest-xdist 3.8 loses them under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return NEWCOMER[0] if path in NEWCOMER else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """How tests are given to processes."""
    return OneFinishedRun(config, log)


def pytest_configure() -> None:
    """Nothing is found because the one who runs the tests has an activated environment: `make test` is called without."""
    if sys.prefix == sys.base_prefix:
        return
    activated = Path(sys.executable).parent.resolve()
    places = os.environ["PATH"].split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join(place for place in places if Path(place).resolve() != activated)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(
        key=lambda item: next((n for n, path in enumerate(LONGEST_FIRST) if item.nodeid.startswith(path)), len(LONGEST_FIRST))
    )


def shared_by_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this session that every process that tests sees; whoever makes something in it holds a lock meanwhile."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace: the project's parameters, thresholds and graph, no data."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("languages", "profiles", "sites"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def params() -> Params:
    """The parameters of the tests' run, without the tagger of names: a small workspace has none; what reads one trains it."""
    params = read_params(ROOT, "tiny")
    return params.model_copy(update={"clean_documents": params.clean_documents.model_copy(update={"name_tagger": None})})
