"""Take README's pictures from the running user interfaces of this checkout, after `make run`."""

import json
import os
from pathlib import Path
from urllib.parse import quote

from mlflow import MlflowClient
from playwright.sync_api import Page

from latamgpt.store import Workspace
from latamgpt.tracking.server import EXPERIMENT, tracking_uri
from tests.servers.ui import Pages, browser, free_ports, user_interfaces

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
MS_TO_SHOW = 60_000
MS_TO_SETTLE = 4_000


def main() -> None:
    """Open each page, wait until it shows what it is for, and keep the picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **free_ports()}
    with user_interfaces(ROOT, environment) as pages, browser() as chromium:
        tab = chromium.new_page(viewport={"width": 1800, "height": 1000})
        keep(tab, f"{pages.dagster}/asset-groups", "curation", "graph.png", expand=True)
        keep(tab, f"{pages.dagster}/assets/corpus", "Metadata", "asset.png")
        keep(tab, compared(pages), "bits_per_byte", "comparison.png")
        keep(tab, f"{pages.docs}/corpus_gate/", "Expectation", "data-docs.png")


def compared(pages: Pages) -> str:
    """MLflow's comparison of the base's scorecard with the candidate's."""
    client = MlflowClient(tracking_uri(Workspace(ROOT)))
    experiment = client.get_experiment_by_name(EXPERIMENT)
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])
    latest = {run.info.run_name: run.info.run_id for run in reversed(runs) if run.info.run_name.startswith("scorecard")}
    ids, experiments = json.dumps(sorted(latest.values())), json.dumps([experiment.experiment_id])
    return f"{pages.mlflow}/#/compare-runs?runs={quote(ids)}&experiments={quote(experiments)}"


def keep(tab: Page, address: str, text: str, name: str, *, expand: bool = False) -> None:
    """One picture, once a text shows on the page and the page had time to lay itself out."""
    tab.goto("about:blank")  # MLflow's pages differ after the '#', which alone loads nothing
    tab.goto(address)
    tab.get_by_text(text).first.wait_for(timeout=MS_TO_SHOW)
    tab.wait_for_timeout(MS_TO_SETTLE)
    if expand:  # Dagster's key for all groups of the graph
        tab.keyboard.press("Alt+e")
        tab.wait_for_timeout(MS_TO_SETTLE)
    tab.screenshot(path=PICTURES / name)


if __name__ == "__main__":
    main()
