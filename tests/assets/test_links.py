"""Links from an asset's page: to its partner's receipt, and the command that makes it."""

import pytest

from assets.factory import build_factory
from assets.graph import Graph
from assets.lifecycle import SHOWN
from assets.links import page_links, receipt_links
from latamgpt.store import Workspace
from tests.assets.test_graph import node

PARTNERS = ("archivo-uno", "museo-dos")
GRAPH = Graph(
    stages=(
        *(node("documents", (f"partners/{one}.yaml",), one) for one in PARTNERS),
        *(node("clean_documents", (f"data/documents/{one}",), one) for one in PARTNERS),
        node("corpus", tuple(f"data/clean_documents/{one}" for one in PARTNERS)),
        node("release", ("data/corpus",)),
    )
)


def test_what_a_partner_gave_leads_to_its_receipt_and_the_command(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATAMGPT_DOCS_URL", "http://127.0.0.1:6001")
    factory = build_factory(workspace, GRAPH, SHOWN)
    for address in ("documents@museo-dos", "clean_documents@museo-dos"):
        (shown,) = factory.stage_asset(GRAPH.find(address)).specs
        assert shown.metadata["receipt"].value == "http://127.0.0.1:6001/receipts/museo-dos/receipt.html"
        assert shown.metadata["receipt/command"].value == "latamgpt receipt museo-dos"
    (corpus,) = factory.stage_asset(GRAPH.find("corpus")).specs
    assert not [name for name in corpus.metadata if name.startswith("receipt")]


def test_a_release_leads_to_the_receipts_of_all_partners() -> None:
    table = str(receipt_links(GRAPH, GRAPH.find("release"))["receipts"].value)
    for partner in PARTNERS:
        assert f"| [{partner}](http://127.0.0.1:5001/receipts/{partner}/receipt.html) | `latamgpt receipt {partner}` |" in table


def test_a_scorecard_leads_to_its_page_in_each_language(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SHOWN["scorecard"].has_page
    assert page_links(workspace, "scorecard") == {}
    workspace.place("scorecard").mkdir(parents=True)
    for name in ("scorecard.es.html", "scorecard.pt.html", "scorecard.json"):
        (workspace.place("scorecard") / name).touch()
    monkeypatch.setenv("LATAMGPT_DOCS_URL", "http://127.0.0.1:6001")
    assert {name: link.value for name, link in page_links(workspace, "scorecard").items()} == {
        "page/es": "http://127.0.0.1:6001/scorecard/scorecard.es.html",
        "page/pt": "http://127.0.0.1:6001/scorecard/scorecard.pt.html",
    }
