"""What people do in the open pages: a reviewer approves in MLflow, an engineer materializes in Dagster.

On a copy of the finished clone, since other tests look at the original.
"""

from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page

from assets.lock import read_lock, source_version
from latamgpt.release.approval import read_approval
from latamgpt.store import Workspace, digest_of, verify
from tests.servers.ui import Pages, user_interfaces
from tests.smoke.conftest import Clone, FinishedRun
from tests.smoke.engineer import clone_of_an_engineer, next_run, set_param, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MODEL = "latam-gpt-sample"
STALE = """{ assetNodes { assetKey { path } staleStatus assetMaterializations(limit: 1) { runId
  metadataEntries { label ... on TextMetadataEntry { text } } } } }"""


@pytest.fixture(scope="module")
def clone(tiny_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return clone_of_an_engineer(tiny_run, tmp_path_factory.mktemp("people") / "clone")


@pytest.fixture(scope="module")
def pages(clone: Clone) -> Generator[Pages]:
    with user_interfaces(clone.root, clone.environment) as running:
        yield running


def open_version(page: Page, pages: Pages, alias: str) -> dict[str, object]:
    version = pages.version(MODEL, alias)
    page.goto(f"{pages.mlflow}/#/models/{MODEL}/versions/{version['version']}")
    page.get_by_title("Edit aliases").wait_for()
    return version


def tag_row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=name, exact=True))


def add_tag(page: Page, name: str, value: str) -> None:
    page.get_by_placeholder("Name", exact=True).fill(name)
    page.get_by_placeholder("Value", exact=True).fill(value)
    page.get_by_role("button", name="Add", exact=True).click()
    tag_row(page, name).wait_for()


def change_tag(page: Page, name: str, value: str) -> None:
    tag_row(page, name).get_by_test_id("editable-table-button-edit").click()
    page.get_by_test_id("editable-table-edited-input").fill(value)
    page.get_by_test_id("editable-table-button-save").click()
    tag_row(page, name).get_by_role("cell", name=value, exact=True).wait_for()


def set_alias(page: Page, alias: str) -> None:
    page.get_by_title("Edit aliases").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill(alias)
    dialog.get_by_role("combobox").press("Enter")
    dialog.get_by_role("button", name="Save aliases").click()
    dialog.wait_for(state="hidden")


def must_be_released(clone: Clone, pages: Pages, run_id: str, reviewer: str) -> None:
    """The present candidate, by this run, in this name and no sample reviewer's: in the files, in Dagster, DVC and MLflow."""
    workspace = Workspace(clone.root)
    folder = workspace.place("release")
    verify(folder)
    approval = read_approval(workspace)
    assert (approval.reviewer, approval.sample) == (reviewer, False)
    assert approval.candidate == digest_of(workspace.place("release_candidate"))
    card = (folder / "RELEASE.md").read_text()
    assert f"- Reviewer: {reviewer}\n" in card
    assert "sample approval" not in card
    assert "Sample Reviewer" not in card
    made = {node["assetKey"]["path"][0]: node for node in pages.ask_dagster(STALE)["assetNodes"]}
    ((seen,), (released,)) = (made[name]["assetMaterializations"] for name in ("approval", "release"))
    approved = source_version(clone.root / "approvals" / "approval.yaml")
    assert {"label": "md5", "text": approved} in seen["metadataEntries"]
    assert read_lock(workspace)["release"].deps["approvals/approval.yaml"] == approved
    assert released["runId"] == run_id
    assert made["release"]["staleStatus"] == "FRESH"
    assert pages.version(MODEL, "released")["tags"]["release_sha256"] == digest_of(folder)


def test_a_person_takes_the_sample_reviewers_place_by_tags_in_mlflows_page(clone: Clone, pages: Pages, page: Page) -> None:
    version = open_version(page, pages, "approved")
    assert version["tags"]["sample"] == "true"
    add_tag(page, "reviewer", "Beatriz Condori")
    add_tag(page, "role", "head of evaluation")
    add_tag(page, "statement", "Compared both runs.")
    run_id = next_run(pages, "release_approved", lambda: change_tag(page, "sample", "false"))
    must_be_released(clone, pages, run_id, "Beatriz Condori")


def test_an_alias_set_in_mlflows_page_releases_the_candidate_and_claims_no_name(clone: Clone, pages: Pages, page: Page) -> None:
    set_param(clone, "release_candidate", "version", "0.1.1")
    told = clone.call("python", "-m", "dagster_project.run").stderr
    assert "the candidate waits for a reviewer" in told
    assert read_approval(Workspace(clone.root)).candidate != digest_of(Workspace(clone.root).place("release_candidate"))
    open_version(page, pages, "candidate")
    run_id = next_run(pages, "release_approved", lambda: set_alias(page, "approved"))
    must_be_released(clone, pages, run_id, "a reviewer in MLflow who gave no name")


def test_the_button_materializes_what_an_edit_made_stale(clone: Clone, pages: Pages, page: Page) -> None:
    def status() -> str:
        return next(n["staleStatus"] for n in pages.ask_dagster(STALE)["assetNodes"] if n["assetKey"]["path"] == ["mixture"])

    workspace = Workspace(clone.root)
    before = read_lock(workspace)
    assert status() == "FRESH"
    set_param(clone, "mixture", "seed", "14")
    wait_until("the page to know of the edit", lambda: status() == "STALE")
    page.goto(f"{pages.dagster}/assets/mixture")
    button = page.get_by_role("button", name="Materialize").first
    run_id = next_run(pages, "__ASSET_JOB", button.click)
    page.goto(f"{pages.dagster}/runs/{run_id}")
    page.get_by_text("Success", exact=True).first.wait_for()

    after = read_lock(workspace)
    assert {stage for stage in after if after[stage] != before[stage]} == {"mixture"}
    assert after["mixture"].data_version == source_version(workspace.place("mixture")) != before["mixture"].data_version
    verify(workspace.place("mixture"))
    assert status() == "FRESH"
    listed = set(clone.call("dvc", "status", "--json").stdout.split('"')) & set(after)
    assert "mixture" not in listed
    assert "checkpoint" in listed
