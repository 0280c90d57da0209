"""A fresh clone of what is committed, an empty home, and the tests' profile taken from raw deliveries to a release, once."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page

from latamgpt.store import held
from tests.conftest import ROOT, shared_by_all
from tests.servers.ports import free_ports
from tests.servers.ui import browser

SECONDS_FOR_A_RUN = 3000
MS_TO_SHOW = 60_000


@dataclass(frozen=True)
class Clone:
    """A clone of the project whose commands run the clone's code with this checkout's packages."""

    root: Path
    environment: dict[str, str]

    def call(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone; on an unexpected failure the test shows what it printed."""
        run = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=SECONDS_FOR_A_RUN, check=False
        )
        if check and run.returncode:
            pytest.fail(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout[-3000:]}\n{run.stderr[-6000:]}")
        return run

    def read(self, name: str) -> str:
        """The text of a file of the clone."""
        return (self.root / name).read_text(encoding="utf-8")


INSTALLS = ("constraints.txt", "pyproject.toml", "scripts/setup.sh")


def uncommitted_installs(root: Path) -> list[str]:
    """The files that say what is installed, where they differ from what is committed."""
    asked = ["git", "diff", "HEAD", "--name-only", "--", *INSTALLS]
    return subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True).stdout.split()


def is_set_up(root: Path) -> bool:
    """Whether what is installed is what these files ask for; scripts/setup.sh leaves their sha256 behind."""
    wanted = hashlib.sha256(b"".join((root / name).read_bytes() for name in INSTALLS)).hexdigest()
    installed = root / ".venv" / "installed"
    return installed.is_file() and installed.read_text(encoding="utf-8").strip() == wanted


def fresh_clone(folder: Path) -> Clone:
    """Clone the committed state into a folder that has never seen the project."""
    if changed := uncommitted_installs(ROOT):
        pytest.fail(
            f"{', '.join(changed)} differ from what is committed: the clone shares this checkout's packages, and its setup would "
            "install what is committed over them. Commit them, then run the smoke tests."
        )
    if not is_set_up(ROOT):
        pytest.fail(
            f"{ROOT / '.venv'} does not hold what {', '.join(INSTALLS)} ask for: the clone shares it, and its setup would "
            "install into it, the clone in place of this checkout. Run `make setup`, then the smoke tests."
        )
    target, home = folder / "clone", folder / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    (target / ".venv").symlink_to(ROOT / ".venv")
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "DAGSTER_", "LATAMGPT_", "PYTEST_"))
    }
    environment = {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": str(target),
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "2",
        "HF_HUB_OFFLINE": "1",
        **free_ports(),
    }
    return Clone(target, environment)


@dataclass(frozen=True)
class FinishedRun:
    """A clone after `make run`, what that printed, and the clone as it was then, whatever others do in it meanwhile."""

    clone: Clone
    printed: str
    kept: Path

    def copy(self, root: Path, **environment: str) -> Clone:
        """The finished clone at another place, to change."""
        shutil.copytree(self.kept, root, symlinks=True)
        return Clone(root, {**self.clone.environment, "PYTHONPATH": str(root), **environment})


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """The tests' profile, from raw deliveries to a release, by the command that a newcomer types; once for all that ask."""
    return finished_run(shared_by_all(tmp_path_factory) / "newcomer")


def finished_run(folder: Path) -> FinishedRun:
    """The run in this folder, made if nobody has begun it; whoever comes meanwhile waits."""
    with held(folder.parent, "newcomer"):
        if not folder.exists():
            _run_as_a_newcomer(folder)
    finished = folder / "finished.json"
    if not finished.is_file():
        pytest.fail("the newcomer's run did not end well: the first test that asked for it shows how")
    told = orjson.loads(finished.read_bytes())
    return FinishedRun(Clone(folder / "clone", told["environment"]), told["printed"], folder / "kept")


def _run_as_a_newcomer(folder: Path) -> None:
    folder.mkdir()
    clone = fresh_clone(folder)
    clone.call("latamgpt", "profile", "tiny")
    printed = clone.call("make", "run").stdout
    shutil.copytree(clone.root, folder / "kept", symlinks=True)
    (folder / "finished.json").write_bytes(orjson.dumps({"environment": clone.environment, "printed": printed}))


@pytest.fixture(scope="module")
def opened() -> Generator[Browser]:
    """A real browser."""
    with browser() as chromium:
        yield chromium


@pytest.fixture
def page(opened: Browser) -> Generator[Page]:
    """A tab of it."""
    tab = opened.new_page(viewport={"width": 1600, "height": 1000})
    tab.set_default_timeout(MS_TO_SHOW)
    yield tab
    tab.close()
