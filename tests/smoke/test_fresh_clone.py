"""A smoke test's clone: refused while what is to be installed is not committed, since it shares it; its run is made once."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tests.smoke import conftest
from tests.smoke.conftest import INSTALLS, Clone, finished_run, fresh_clone


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
    (root / ".git" / "info" / "exclude").write_text("/.venv/\n")
    set_up(root)
    monkeypatch.setattr(conftest, "ROOT", root)
    return root


def set_up(root: Path) -> None:
    """What scripts/setup.sh leaves behind when it is done."""
    (root / ".venv").mkdir(exist_ok=True)
    wanted = sha256(b"".join((root / name).read_bytes() for name in INSTALLS)).hexdigest()
    (root / ".venv" / "installed").write_text(f"{wanted}\n")


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
    set_up(checkout)
    (checkout / "README.md").write_text("changed\n")
    clone = fresh_clone(tmp_path)
    assert clone.read("constraints.txt") == "changed\n"
    assert clone.read("README.md") == "committed\n"


def test_a_clone_is_refused_while_what_is_committed_is_not_installed(checkout: Path, tmp_path: Path) -> None:
    (checkout / "constraints.txt").write_text("changed\n")
    commit(checkout)
    with pytest.raises(pytest.fail.Exception, match="does not hold what constraints.txt, .* ask for.*Run `make setup`"):
        fresh_clone(tmp_path)
    assert not (tmp_path / "clone").exists()


def test_the_mark_of_the_setup_is_read_as_the_setup_writes_it() -> None:
    script = (conftest.ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    assert f"wanted=$(cat {' '.join(INSTALLS)} | sha256sum | cut -c 1-64)" in script
    assert 'echo "$wanted" >.venv/installed' in script


def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str) -> Path:
    """Where a run is to be kept, of a clone whose `make run` is this script."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, script in (("latamgpt", "true"), ("make", run)):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)

    def made(folder: Path) -> Clone:
        (folder / "clone").mkdir()
        return Clone(folder / "clone", {"PATH": f"{programs}:/usr/bin:/bin", "PORT": "1"})

    monkeypatch.setattr(conftest, "fresh_clone", made)
    return tmp_path / "shared" / "newcomer"


def test_the_run_is_made_once_and_copies_are_of_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = newcomer(tmp_path, monkeypatch, "echo made >>made; echo released")
    first = finished_run(folder)
    (first.clone.root / "made").write_text("changed by a test")
    second = finished_run(folder)
    assert second == first
    assert second.printed == "released\n"
    copied = second.copy(tmp_path / "copy", PORT="2")
    assert copied.read("made") == "made\n"
    assert (copied.environment["PORT"], copied.environment["PYTHONPATH"]) == ("2", str(copied.root))


def test_a_run_that_failed_is_not_begun_again_by_the_next_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = newcomer(tmp_path, monkeypatch, "echo no room left; exit 2")
    with pytest.raises(pytest.fail.Exception, match="make run ended with 2:(.|\n)*no room left"):
        finished_run(folder)
    with pytest.raises(pytest.fail.Exception, match="did not end well: the first test that asked for it shows how"):
        finished_run(folder)
