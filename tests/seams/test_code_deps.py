"""A stage that imports a file which dvc.yaml does not name would stay 'unchanged' when that file changes."""

import grimp
import pytest

from assets.graph import Graph, is_code
from dagster_project.dvc_graph import parse_graph
from latamgpt.stages import STAGES
from tests.conftest import ROOT

# Changes to these change how and not what.
FOUNDATION = {"errors", "params", "records", "store", "table_parts", "cache", "progress", "tracking", "launch", "budget"} | {
    "object_store"
}
WRITTEN = {"pages", "shards", "table_format"}  # of the files right under latamgpt/: what is published is written by them
PUBLISHED_OF_BUDGET = {"training_quote": {"latamgpt/budget/memory.py", "latamgpt/budget/need.py"}}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    graph = grimp.build_graph("latamgpt", cache_dir=None)
    for part in graph.find_descendants("latamgpt.budget"):
        for used in graph.find_modules_directly_imported_by(part):
            graph.remove_import(importer=part, imported=used)  # what only the budget needs changes no output either
    return graph


@pytest.fixture(scope="module")
def graph() -> Graph:
    return parse_graph(ROOT)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_dvc_yaml_names_every_file_that_a_stage_imports(stage, graph: Graph, imports: grimp.ImportGraph) -> None:
    module = f"latamgpt.{stage.function.partition(':')[0]}"
    reached = {module, *imports.find_upstream_modules(module)}
    needed = {path for name in reached if (path := file_of(name)) is not None}
    needed |= PUBLISHED_OF_BUDGET.get(stage.name, set())
    node = next(node for node in graph.stages if node.name == stage.name)
    named = set(filter(is_code, node.deps))
    unnamed = {path for path in needed if not any(path == dep or path.startswith(f"{dep}/") for dep in named)}
    assert unnamed == set(), f"dvc.yaml, {stage.name}: these are imported and not among its deps"


def file_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[1] in FOUNDATION or (len(parts) < 3 and parts[1] not in WRITTEN):
        return None
    path = "/".join(parts) + ".py"
    return path if (ROOT / path).is_file() else None
