"""The monthly retraining: a worktree and a branch of its own, the workspace that people use untouched."""

import pytest

from dagster_project.definitions import Location
from dagster_project.retrain import add_worktree, commit_result, set_as_of, worktree_environment
from latamgpt.errors import OperatorError
from latamgpt.tracking.server import tracking_uri
from tests.dagster_project.small_factory import call
from tests.dagster_project.test_dvc_exec import root


def test_a_retraining_has_a_branch_and_a_cache_and_touches_nothing_here(built_factory: Location) -> None:
    here = root(built_factory)
    (here / "params.yaml").write_text((here / "params.yaml").read_text() + "rights: # the day\n  as_of: '2026-11-21'\n")
    call(here, "git", "add", "--all")
    call(here, "git", "commit", "--quiet", "--message", "built")
    before = call(here, "git", "rev-parse", "HEAD")

    folder = add_worktree(built_factory.factory.workspace, "2026-12")
    set_as_of(folder, "2026-12-01")

    assert call(folder, "git", "branch", "--show-current").strip() == "retrain/2026-12"
    assert (folder / "data" / "corpus" / "report.json").read_bytes() == (here / "data" / "corpus" / "report.json").read_bytes()
    assert "as_of: '2026-12-01'" in (folder / "params.yaml").read_text().replace('"', "'")
    assert "# the day" in (folder / "params.yaml").read_text()
    assert call(here, "git", "rev-parse", "HEAD") == before
    assert call(here, "git", "status", "--porcelain", "--untracked-files=no") == ""
    assert add_worktree(built_factory.factory.workspace, "2026-12") == folder
    assert worktree_environment(built_factory.factory.workspace, folder)["MLFLOW_TRACKING_URI"] == tracking_uri(
        built_factory.factory.workspace
    )
    assert commit_result(folder, "2026-12-01")
    assert not commit_result(folder, "2026-12-01")
    assert call(folder, "git", "log", "-1", "--format=%s").strip() == "Retrain as of 2026-12-01"


def test_a_branch_that_is_there_is_never_written_over(built_factory: Location) -> None:
    here = root(built_factory)
    call(here, "git", "branch", "retrain/2026-12")
    with pytest.raises(OperatorError, match="branch retrain/2026-12 is there already"):
        add_worktree(built_factory.factory.workspace, "2026-12")
