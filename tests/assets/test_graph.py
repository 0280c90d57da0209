"""The graph in the words of assets: keys, sources, what follows from what, versions of code."""

from pathlib import Path

import dagster as dg
import pytest

from assets.factory import build_factory
from assets.graph import Graph, StageNode, code_version
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace


def node(name: str, deps: tuple[str, ...], key: str = "", params: tuple[str, ...] = ()) -> StageNode:
    address = f"{name}@{key}" if key else name
    out = f"data/{name}/{key}" if key else f"data/{name}"
    return StageNode(address=address, name=name, key=key, cmd=f"latamgpt stage {name}", deps=deps, params=params, outs=(out,))


GRAPH = Graph(
    stages=(
        node("documents", ("partners/uta.yaml", "samples/uta", "latamgpt/intake/documents.py"), "uta"),
        node("corpus", ("data/documents/uta", "samples/base_text")),
        node("release", ("data/corpus", "approvals/approval.yaml")),
    )
)


def test_outputs_and_sources_have_the_keys_of_the_design() -> None:
    assert GRAPH.find("documents@uta").asset == dg.AssetKey(["documents", "uta"])
    assert {key.to_user_string(): path for key, path in GRAPH.sources().items()} == {
        "partner_registry/uta": "partners/uta.yaml",
        "deliveries/uta": "samples/uta",
        "base_text": "samples/base_text",
        "approval": "approvals/approval.yaml",
    }


def test_program_text_is_no_input() -> None:
    assert list(GRAPH.inputs(GRAPH.find("documents@uta"))) == [
        dg.AssetKey(["partner_registry", "uta"]),
        dg.AssetKey(["deliveries", "uta"]),
    ]


def test_downstream_is_everything_that_reads_it_however_far() -> None:
    assert GRAPH.downstream({"documents@uta"}) == {"documents@uta", "corpus", "release"}
    assert GRAPH.downstream({"release"}) == {"release"}


@pytest.mark.parametrize(
    ("change", "version"),
    [("own program text", "moves"), ("own params", "moves"), ("other params", "stays"), ("other program text", "stays")],
)
def test_code_version_follows_exactly_what_the_stage_is_made_of(tmp_path: Path, change: str, version: str) -> None:
    (tmp_path / "own.py").write_text("one")
    (tmp_path / "other.py").write_text("one")
    stage = node("corpus", ("own.py", "data/documents/uta"), params=("corpus.bands",))
    params: dict[str, object] = {"corpus": {"bands": 1, "rows": 1}}
    before = code_version(Workspace(tmp_path), stage, params)
    if change.endswith("text"):
        (tmp_path / f"{change.split()[0]}.py").write_text("two")
    else:
        params = {"corpus": {"bands": 2, "rows": 1} if change == "own params" else {"bands": 1, "rows": 2}}
    assert (code_version(Workspace(tmp_path), stage, params) != before) is (version == "moves")


def test_a_stage_that_nobody_shows_is_named(workspace: Workspace) -> None:
    with pytest.raises(OperatorError, match=r"dvc.yaml has stages that assets/ does not show: corpus, documents, release\."):
        build_factory(workspace, GRAPH, {})
