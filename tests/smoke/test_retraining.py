"""A retraining that an engineer launches in Dagster's page, on a copy of the finished clone."""

from collections.abc import Generator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from assets.lock import source_version
from latamgpt.store import Workspace, digest_of
from latamgpt.tracking.server import EXPERIMENT
from tests.servers.ui import Pages, user_interfaces
from tests.smoke.conftest import Clone, FinishedRun
from tests.smoke.engineer import clone_of_an_engineer, next_run, set_param

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MODEL = "latam-gpt-sample"
OUTCOME = """{ logsForRun(runId: "%s") { ... on EventConnection { events { ... on ExecutionStepOutputEvent {
  metadataEntries { label ... on TextMetadataEntry { text } ... on PathMetadataEntry { path } } } } } } }"""


@pytest.fixture(scope="module")
def clone(tiny_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return clone_of_an_engineer(tiny_run, tmp_path_factory.mktemp("retraining") / "clone")


@pytest.fixture(scope="module")
def pages(clone: Clone) -> Generator[Pages]:
    with user_interfaces(clone.root, clone.environment) as running:
        yield running


def test_a_retraining_works_beside_the_checkout_and_is_seen_in_both_pages(clone: Clone, pages: Pages, page: Page) -> None:
    set_param(clone, "checkpoint", "learning_rate", "0.0011")
    clone.call("git", "commit", "--quiet", "--all", "--message", "another learning rate")
    workspace, here = Workspace(clone.root), state(clone)
    known = {run["info"]["run_id"] for run in pages.runs(EXPERIMENT)}
    config = quote("ops:\n  retrain_in_worktree:\n    config:\n      as_of: '2026-11-21'\n")
    page.goto(f"{pages.dagster}/locations/latamgpt/jobs/retrain/playground/setup?config={config}")
    page.get_by_text("'2026-11-21'").wait_for()
    run_id = next_run(pages, "retrain", page.get_by_role("button", name="Launch run").click)

    assert state(clone) == here
    worktree = Workspace(clone.root / "var" / "retrain" / "2026-11")
    made = digest_of(worktree.place("release_candidate"))
    assert made != digest_of(workspace.place("release_candidate"))
    assert clone.call("git", "log", "-1", "--format=%s", "retrain/2026-11").stdout == "Retrain as of 2026-11-21\n"

    new = [run for run in pages.runs(EXPERIMENT) if run["info"]["run_id"] not in known]
    tags = [{tag["key"]: tag["value"] for tag in run["data"]["tags"]} for run in new]
    assert sorted(tag["dvc.stage"] for tag in tags) == ["checkpoint", "scorecard", "scorecard"]
    assert {tag["dagster.run_url"] for tag in tags} == {f"{pages.dagster}/runs/{run_id}"}
    assert pages.version(MODEL, "candidate")["tags"]["candidate_sha256"] == made

    told = outcome(pages, run_id)
    assert told["branch"] == "retrain/2026-11"
    assert told["scorecard"] == worktree.report("scorecard").summary
    page.goto(f"{pages.dagster}/runs/{run_id}")
    page.get_by_text("Success", exact=True).first.wait_for()

    clone.call("git", "merge", "--quiet", told["branch"])
    clone.call("python", "-m", "dagster_project.run", "--without-release")
    assert digest_of(workspace.place("release_candidate")) == made
    assert {run["info"]["run_id"] for run in pages.runs(EXPERIMENT)} == known | {run["info"]["run_id"] for run in new}


def state(clone: Clone) -> tuple[str, ...]:
    """What a person would see of this checkout: its commit, its changes, its data."""
    data = source_version(clone.root / "data")
    asked = (("rev-parse", "HEAD"), ("branch", "--show-current"), ("status", "--porcelain"))
    return data, *(clone.call("git", *one).stdout for one in asked)


def outcome(pages: Pages, run_id: str) -> dict[str, str]:
    """What a run's step left as metadata."""
    events = pages.ask_dagster(OUTCOME % run_id)["logsForRun"]["events"]
    entries = [entry for event in events for entry in event.get("metadataEntries", [])]
    return {entry["label"]: entry.get("text", "") or entry.get("path", "") for entry in entries}
