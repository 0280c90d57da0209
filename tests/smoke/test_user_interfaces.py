"""What people see: Dagster's graph with its checks, MLflow's comparison of two runs, Data Docs, in a real browser."""

import json
from collections.abc import Generator
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect  # noqa: A004

from assets.sweep import FIT, TRIAL
from latamgpt.curation.by_delivery import TABLE as DELIVERIES
from latamgpt.curation.by_delivery import WHOLE
from latamgpt.stages import STAGES
from latamgpt.store import Workspace
from latamgpt.tracking.server import EXPERIMENT
from tests.servers.ui import Pages, user_interfaces
from tests.smoke.conftest import MS_TO_SHOW, FinishedRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

FROM_THE_CHECKPOINT_ON = '+key:"release" and (key:"checkpoint"+ or key:"approval")'
TRIES = 6
ASSETS = """{ assetNodes { assetKey { path } isMaterializable staleStatus
  assetMaterializations(limit: 1) { runId } } }"""
CHECKS = """{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks { name blocking
  executionForLatestMaterialization { status evaluation { severity } } } } } } }"""


@pytest.fixture(scope="module")
def pages(tiny_run: FinishedRun) -> Generator[Pages]:
    with user_interfaces(tiny_run.clone.root, tiny_run.clone.environment) as running:
        yield running


def runs_of(pages: Pages) -> dict[str, dict[str, object]]:
    """MLflow's runs by name."""
    return {run["info"]["run_name"]: run for run in pages.runs(EXPERIMENT)}


def show_markdown(page: Page, entry: str, wanted: Locator) -> None:
    """Open what an asset's metadata says under `entry`; again, where the page drew itself anew meanwhile and closed it."""
    button = page.locator("tr", has=page.get_by_text(entry, exact=True)).first.get_by_text("Show Markdown")
    for _ in range(TRIES):
        button.click()
        try:
            wanted.wait_for(timeout=MS_TO_SHOW / TRIES)
        except TimeoutError:
            page.keyboard.press("Escape")
        else:
            return


def test_every_asset_is_materialized_by_a_run_and_none_is_stale(pages: Pages) -> None:
    stages = {stage.name for stage in STAGES}
    shown = [node for node in pages.ask_dagster(ASSETS)["assetNodes"] if node["isMaterializable"]]
    assert {node["assetKey"]["path"][0] for node in shown} == stages | {TRIAL, FIT}
    made = [node for node in shown if node["assetKey"]["path"][0] in stages]  # a sweep stands beside the factory's graph
    assert [node["assetKey"]["path"] for node in made if not node["assetMaterializations"]] == []
    assert [node["assetKey"]["path"] for node in made if node["staleStatus"] != "FRESH"] == []


def test_every_gate_shows_a_blocking_check_in_which_nothing_critical_failed(pages: Pages) -> None:
    found = pages.ask_dagster(CHECKS)["assetNodes"]
    gates = {"/".join(node["assetKey"]["path"]): node["assetChecksOrError"]["checks"] for node in found}
    for name in ("corpus_gate", "shards_gate", "mixture_gate", "ability_gate", "culture_gate", "documents_gate/academia-quechua"):
        (check,) = gates[name]
        assert check["blocking"]
        last = check["executionForLatestMaterialization"]
        assert last["status"] == "SUCCEEDED" or last["evaluation"]["severity"] == "WARN", name


def test_the_browser_shows_the_graph_materialized_with_its_checks(pages: Pages, page: Page, tiny_run: FinishedRun) -> None:
    page.set_viewport_size({"width": 1600, "height": 1800})  # where there is less room, cards show a name only
    for setting, value in (("asset-graph-direction", "vertical"), ("asset-node-facets", ["checks", "status"])):
        page.add_init_script(f"localStorage.setItem({json.dumps(setting)}, {json.dumps(json.dumps(value))})")
    page.goto(f"{pages.dagster}/asset-groups~{quote(FROM_THE_CHECKPOINT_ON, safe='')}/")
    page.locator("svg[class*=svgContainer]").wait_for(timeout=MS_TO_SHOW)
    page.keyboard.press("Alt+e")  # opens all groups
    expect(page.get_by_text("Materialized", exact=True)).to_have_count(7, timeout=MS_TO_SHOW)
    reports = [Workspace(tiny_run.clone.root).report(name) for name in ("ability_gate", "culture_gate")]
    without_warning = sum(all(one.passed for one in report.expectations) for report in reports)  # chance may warn of one probe
    expect(page.get_by_text("1 / 1 Passed", exact=True)).to_have_count(without_warning, timeout=MS_TO_SHOW)
    if without_warning == len(reports):
        expect(page.get_by_text("2 / 2 Passed", exact=True)).to_have_count(1, timeout=MS_TO_SHOW)
    for name in ("checkpoint", "scorecard", "ability_gate", "culture_gate", "release_candidate", "approval", "release"):
        assert page.get_by_text(name, exact=True).count(), name


def test_the_browser_shows_a_report_with_its_tables_and_links(pages: Pages, page: Page) -> None:
    page.goto(f"{pages.dagster}/assets/checkpoint")
    page.get_by_text("Metadata").first.wait_for(timeout=MS_TO_SHOW)
    link = page.locator(f"a[href^='{pages.mlflow}']").first
    link.wait_for(timeout=MS_TO_SHOW)
    page.goto(link.get_attribute("href") or "")
    page.get_by_text("train/loss").first.wait_for(timeout=MS_TO_SHOW)


def test_the_browser_shows_of_each_delivery_what_is_in_the_corpus_and_why_the_rest_is_not(pages: Pages, page: Page) -> None:
    page.goto(f"{pages.dagster}/assets/corpus")
    show_markdown(page, f"table/{DELIVERIES}", page.get_by_role("cell", name="cuadernos-campo", exact=True).first)
    for delivery, cells in (
        ("cuadernos-campo", ["archivo-litoral", "", "0", "1", f"documents: licence_contradiction 1 ({WHOLE})"]),
        ("bncc", ["catedra-curriculo", "147", "146", "1", "corpus: near_duplicate 1"]),
    ):
        row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=delivery, exact=True))
        row.wait_for(timeout=MS_TO_SHOW)
        assert row.get_by_role("cell").all_inner_texts() == [cells[0], delivery, *cells[1:]]


def test_the_browser_leads_from_a_partner_s_texts_to_its_receipt(pages: Pages, page: Page, tiny_run: FinishedRun) -> None:
    tiny_run.clone.call("latamgpt", "receipt", "archivo-litoral", "--lang", "es")
    for asset in ("documents/archivo-litoral", "release"):
        page.goto(f"{pages.dagster}/assets/{asset}")
        link = page.locator(f"a[href='{pages.docs}/receipts/archivo-litoral/receipt.html']").first
        if asset == "release":
            show_markdown(page, "receipts", link)
        link.wait_for(timeout=MS_TO_SHOW)
        page.goto(link.get_attribute("href") or "")
        page.get_by_text("cuadernos-campo").first.wait_for(timeout=MS_TO_SHOW)


def test_the_browser_shows_two_runs_compared(pages: Pages, page: Page) -> None:
    runs = runs_of(pages)
    scorecards = [run for name, run in sorted(runs.items()) if name.startswith("scorecard")]
    assert len(scorecards) == 2
    ids = json.dumps([run["info"]["run_id"] for run in scorecards])
    experiments = json.dumps([scorecards[0]["info"]["experiment_id"]])
    page.goto(f"{pages.mlflow}/#/compare-runs?runs={quote(ids)}&experiments={quote(experiments)}")
    page.get_by_text("abstained/hallucination", exact=True).first.wait_for(timeout=MS_TO_SHOW)  # of 200 the page shows the first
    for run in scorecards:
        assert "bits_per_byte/gug" in {metric["key"] for metric in run["data"]["metrics"]}


def test_runs_lead_back_to_dagster_and_to_git(pages: Pages) -> None:
    for name, run in runs_of(pages).items():
        tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
        assert tags["dagster.run_url"].endswith(f"/runs/{tags['dagster.run_id']}"), name
        assert len(tags["git.revision"]) == 40
        assert tags["dvc.stage"] in {stage.name for stage in STAGES}
        assert run["info"]["status"] == "FINISHED"


def test_data_docs_are_served(pages: Pages, page: Page) -> None:
    page.goto(f"{pages.docs}/corpus_gate/")
    page.get_by_text("Expectation").first.wait_for(timeout=MS_TO_SHOW)


def test_a_port_in_use_is_explained(pages: Pages, tiny_run: FinishedRun) -> None:
    port = pages.dagster.rpartition(":")[2]
    environment = {**tiny_run.clone.environment, "LATAMGPT_DAGSTER_PORT": port}
    run = type(tiny_run.clone)(tiny_run.clone.root, environment).call("python", "-m", "dagster_project.ui", check=False)
    assert run.returncode == 2
    assert f"port {port} on 127.0.0.1 is in use" in run.stderr
    assert "Traceback" not in run.stderr
