"""The monthly retraining: a worktree and a branch of its own, the workspace that people use untouched."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from dagster_project.definitions import Location
from dagster_project.jobs import monthly_retrain
from dagster_project.retrain import add_worktree, commit_result, left_out, must_be_day, set_as_of, worktree_environment
from latamgpt.cache import keep, read_cached
from latamgpt.errors import OperatorError
from latamgpt.tracking.server import tracking_uri
from tests.dagster_project.small_factory import call
from tests.dagster_project.test_dvc_exec import root


def test_a_retraining_has_a_branch_and_a_cache_and_touches_nothing_here(built_factory: Location) -> None:
    here = root(built_factory)
    (here / "params.yaml").write_text((here / "params.yaml").read_text().replace("rights:\n", "rights: # the day\n"))
    call(here, "git", "add", "--all")
    call(here, "git", "commit", "--quiet", "--message", "built")
    before = call(here, "git", "rev-parse", "HEAD")

    keep(here, "scorecard", "base@culture+cl", "the base of last month", lambda kept: None)
    folder = add_worktree(built_factory.factory.workspace, "2026-12")
    set_as_of(folder, "2026-12-01")

    assert call(folder, "git", "branch", "--show-current").strip() == "retrain/2026-12"
    assert (folder / "data" / "corpus" / "report.json").read_bytes() == (here / "data" / "corpus" / "report.json").read_bytes()
    assert read_cached(folder, "scorecard", "base@culture+cl", "the base of last month") is not None
    assert "as_of: '2026-12-01'" in (folder / "params.yaml").read_text().replace('"', "'")
    assert "# the day" in (folder / "params.yaml").read_text()
    assert call(here, "git", "rev-parse", "HEAD") == before
    assert call(here, "git", "status", "--porcelain", "--untracked-files=no") == ""
    assert add_worktree(built_factory.factory.workspace, "2026-12") == folder
    environment = worktree_environment(built_factory.factory.workspace, folder, "the run")
    assert environment["MLFLOW_TRACKING_URI"] == tracking_uri(built_factory.factory.workspace)
    assert environment["LATAMGPT_DAGSTER_RUN"] == "the run"
    assert commit_result(folder, "2026-12-01")
    assert not commit_result(folder, "2026-12-01")
    assert call(folder, "git", "log", "-1", "--format=%s").strip() == "Retrain as of 2026-12-01"


def test_a_branch_that_is_there_is_never_written_over(built_factory: Location) -> None:
    here = root(built_factory)
    call(here, "git", "branch", "retrain/2026-12")
    with pytest.raises(OperatorError, match="branch retrain/2026-12 is there already"):
        add_worktree(built_factory.factory.workspace, "2026-12")


def test_what_is_not_committed_is_named(built_factory: Location) -> None:
    workspace = built_factory.factory.workspace
    assert left_out(workspace) == []
    (workspace.root / "samples" / "alpha" / "second").mkdir()
    (workspace.root / "samples" / "alpha" / "second" / "two.txt").write_text("new words")
    assert left_out(workspace) == ["?? samples/alpha/second/"]
    (workspace.root / "governance" / "withdrawals").mkdir(parents=True)
    (workspace.root / "governance" / "withdrawals" / "alpha.yaml").write_text("withdrawals: []\n")
    assert left_out(workspace) == ["?? governance/", "?? samples/alpha/second/"]


def test_a_worktree_that_a_kill_left_half_made_gets_the_shared_cache(built_factory: Location) -> None:
    workspace = built_factory.factory.workspace
    folder = add_worktree(workspace, "2026-12")
    (folder / ".dvc" / "config.local").unlink()
    add_worktree(workspace, "2026-12")
    assert str(workspace.root / ".dvc" / "cache") in (folder / ".dvc" / "config.local").read_text()


def test_a_tick_that_is_made_up_for_later_retrains_for_its_own_month() -> None:
    tick = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 12, 1, 3, tzinfo=UTC))
    (request,) = monthly_retrain.evaluate_tick(tick).run_requests
    assert request.run_config == {"ops": {"retrain_in_worktree": {"config": {"as_of": "2026-12-01"}}}}
    assert monthly_retrain.job_name == "retrain"


def test_a_day_that_is_none_is_refused_before_anything_is_made() -> None:
    with pytest.raises(OperatorError, match="as_of is 'December', not a day such as 2026-12-01"):
        must_be_day("December")
