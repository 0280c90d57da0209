"""A smoke test's clone shares this checkout's packages: it is refused while what is to be installed is not committed."""

import subprocess
from pathlib import Path

import pytest

from tests.smoke import conftest
from tests.smoke.conftest import INSTALLS, fresh_clone


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository in place of the project, all that is installed and one other file committed."""
    root = tmp_path / "checkout"
    for name in (*INSTALLS, "README.md"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("committed\n")
    git(root, "init", "--quiet")
    commit(root)
    monkeypatch.setattr(conftest, "ROOT", root)
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "-c", "user.name=tests", "-c", "user.email=tests@localhost", "commit", "--quiet", "--message", "state")


@pytest.mark.parametrize("name", INSTALLS)
@pytest.mark.parametrize("staging", [(), ("add", "--all")], ids=["changed", "staged"])
def test_a_clone_is_refused_while_what_is_installed_is_not_committed(
    checkout: Path, tmp_path: Path, name: str, staging: tuple[str, ...]
) -> None:
    (checkout / name).write_text("changed\n")
    if staging:
        git(checkout, *staging)
    with pytest.raises(pytest.fail.Exception, match=rf"^{name} differ from what is committed.*Commit them"):
        fresh_clone(tmp_path)
    assert not (tmp_path / "clone").exists()


def test_a_clone_holds_what_is_committed_whatever_else_is_changed(checkout: Path, tmp_path: Path) -> None:
    (checkout / "constraints.txt").write_text("changed\n")
    commit(checkout)
    (checkout / "README.md").write_text("changed\n")
    clone = fresh_clone(tmp_path)
    assert clone.read("constraints.txt") == "changed\n"
    assert clone.read("README.md") == "committed\n"
