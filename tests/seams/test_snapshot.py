"""Nobody changes the graph without seeing it."""

from dagster_project.definitions import build_location
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.seams.snapshot import GOLDEN, graph_text, groups


def test_the_graph_is_the_one_in_the_golden_file() -> None:
    assert graph_text(Workspace(ROOT)) == GOLDEN.read_text(encoding="utf-8"), "if meant: python -m tests.seams.snapshot"


def test_the_groups_are_the_parts_of_the_lifecycle() -> None:
    found = groups(build_location(Workspace(ROOT)).definitions)
    assert found == {"intake", "curation", "gates", "tokens", "training", "evaluation", "release"}
