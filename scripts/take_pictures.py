"""Take README's pictures from the running user interfaces of this checkout, after `make run`."""

import json
import math
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

from mlflow import MlflowClient
from playwright.sync_api import Browser, Page, expect

from latamgpt.stages import STAGES
from latamgpt.tracking.server import EXPERIMENT
from tests.servers.ports import free_ports
from tests.servers.ui import Pages, browser, user_interfaces

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1100, 985  # README shows them at about 900 pixels
SHARPNESS = 1.5  # pixels of a picture per pixel of the page
ROOM_FOR_SEARCH_BAR = 80  # pixels; the bar lies over the top of the graph, and centring puts half of the room there
MS_TO_SHOW = 60_000
MS_TO_SETTLE = 4_000

ONE_PARTNER = '+key:"release" and key:"documents/academia-quechua"+'
RELEASE = '+key:"release" and (key:"checkpoint"+ or key:"approval")'
LANGUAGES = ("arn", "en", "es", "guc", "gug", "pt", "que", "yua")  # two rows of four charts
ASSISTANT_CLOSED = {"mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true", "mlflow.assistant.panelOpen_v1": "false"}


def main() -> None:
    """Open each page, arrange it as a person would, and keep the picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **free_ports()}
    with user_interfaces(ROOT, environment) as pages, browser() as chromium:
        must_be_fresh(pages)
        lineage(chromium, pages, ONE_PARTNER, ["checks"], "graph.png")
        lineage(chromium, pages, RELEASE, ["description", "checks", "status"], "release.png")
        comparison(chromium, pages, "comparison.png")


def must_be_fresh(pages: Pages) -> None:
    """Refuse to take pictures of a graph that is not what the code makes.

    Raises:
        SystemExit: an asset is missing or stale.
    """
    answer = pages.ask_dagster("{ assetNodes { isMaterializable staleStatus assetKey { path } } }")
    nodes = cast(list[dict[str, Any]], answer["assetNodes"])
    stages = {stage.name for stage in STAGES}  # a sweep stands beside the factory's graph
    made = [node for node in nodes if node["isMaterializable"] and node["assetKey"]["path"][0] in stages]
    behind = ["/".join(node["assetKey"]["path"]) for node in made if node["staleStatus"] != "FRESH"]
    if behind:
        sys.exit(
            f"pictures: {len(behind)} assets are missing or stale (the first is {behind[0]}), and README would show them so. "
            "Run `make run`, then `make pictures` again."
        )


def lineage(chromium: Browser, pages: Pages, selection: str, shown: list[str], name: str) -> None:
    """Part of Dagster's graph, top to bottom, its groups open; of an asset what `shown` names, where there is room."""
    settings = {"asset-graph-direction": json.dumps("vertical"), "asset-node-facets": json.dumps(shown)}
    with visit(chromium, settings) as tab:
        tab.goto(f"{pages.dagster}/asset-groups~{quote(selection, safe='')}/")
        tab.locator("svg[class*=svgContainer]").wait_for(timeout=MS_TO_SHOW)
        tab.wait_for_timeout(MS_TO_SETTLE)
        tab.keyboard.press("Alt+e")  # Dagster's key for all groups
        tab.get_by_text("Hide navigation").click()
        tab.get_by_placeholder("Jump to").locator("xpath=following::button[1]").click()  # hides the list of assets
        tab.wait_for_timeout(MS_TO_SETTLE)
        fit(tab)
        tab.wait_for_timeout(MS_TO_SETTLE)
        tab.screenshot(path=PICTURES / name)


def fit(tab: Page) -> None:
    """Make the page as high as the graph at full width, then centre the graph: Dagster's answer to a double click beside it."""
    graph = tab.locator("svg[class*=svgContainer]")
    wide, high = (float(graph.get_attribute(side) or "nan") for side in ("width", "height"))
    left, top, width = graph.locator("xpath=../..").evaluate(
        "view => Object.values(view.getBoundingClientRect().toJSON()).slice(0, 3)"
    )
    height = math.ceil(top + ROOM_FOR_SEARCH_BAR + high * min(1, width / wide))
    tab.set_viewport_size({"width": WIDTH, "height": height})
    tab.wait_for_timeout(MS_TO_SETTLE)
    tab.mouse.dblclick(left + 10, height - 10)


def comparison(chromium: Browser, pages: Pages, name: str) -> None:
    """MLflow's charts of the last two scorecards: bits per byte of the base and of the candidate, a chart per language."""
    with visit(chromium, ASSISTANT_CLOSED) as tab:
        tab.goto(charts_of_scorecards(pages))
        search = tab.get_by_placeholder("Search metric charts")
        search.wait_for(timeout=MS_TO_SHOW)
        search.fill(f"bits_per_byte/({'|'.join(LANGUAGES)})$")
        tab.locator('[data-component-id="mlflow_header.toggle_sidebar_button"]').click()
        tab.locator('[data-component-id="mlflow.experiment_page.table_resizer.collapse"]').dispatch_event("click")
        tab.wait_for_timeout(MS_TO_SETTLE)
        shrink_charts(tab)
        expect(tab.get_by_test_id("experiment-view-compare-runs-card")).to_have_count(len(LANGUAGES))
        tab.wait_for_timeout(MS_TO_SETTLE)
        tab.screenshot(path=PICTURES / name)


def charts_of_scorecards(pages: Pages) -> str:
    """The address of the charts, for the latest run of each scorecard."""
    client = MlflowClient(pages.mlflow)
    experiments = [each.experiment_id for each in client.search_experiments(filter_string=f"name = '{EXPERIMENT}'")]
    runs = client.search_runs(experiments, "attributes.run_name LIKE 'scorecard %'", order_by=["attributes.start_time ASC"])
    latest = {run.info.run_name: run.info.run_id for run in runs}
    view = {
        "workflowType": "machine_learning",
        "compareRunsMode": "CHART",
        "orderByKey": "attributes.start_time",
        "orderByAsc": "true",
        "searchFilter": f"attributes.run_id IN ({', '.join(repr(run) for run in sorted(latest.values()))})",
    }
    return f"{pages.mlflow}/#/experiments/{experiments[0]}/runs?{urlencode(view, quote_via=quote)}"


def shrink_charts(tab: Page) -> None:
    """Drag the first chart's corner until four stand in a row; MLflow gives all charts of a section one size."""
    x, y, width, height = tab.get_by_test_id("experiment-view-compare-runs-card").first.evaluate(
        "card => Object.values(card.getBoundingClientRect().toJSON()).slice(0, 4)"
    )
    corner = x + width - 8, y + height - 8
    tab.mouse.move(*corner)
    tab.mouse.down()
    tab.mouse.move(corner[0] - 60, corner[1] - 70, steps=10)
    tab.mouse.up()
    tab.mouse.move(x, 5)


@contextmanager
def visit(chromium: Browser, settings: Mapping[str, str]) -> Generator[Page]:
    """A first-time visitor's page, with these of the user interface's own settings already made."""
    visitor = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SHARPNESS)
    visitor.add_init_script(f"for (const item of Object.entries({json.dumps(dict(settings))})) localStorage.setItem(...item)")
    try:
        yield visitor.new_page()
    finally:
        visitor.close()


if __name__ == "__main__":
    main()
