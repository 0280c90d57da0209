"""'Stale' in the UI means what `dvc status` means, and no more is done than is stale."""

import shutil
from collections.abc import Iterator

import dagster as dg
import pytest

from assets.lock import read_lock
from dagster_project.definitions import Location
from dagster_project.dvc_graph import parse_graph
from dagster_project.materialize import execute
from latamgpt.params import read_params
from tests.conftest import ROOT
from tests.dagster_project.small_factory import PARTNERS, call, sys
from tests.dagster_project.staleness import adopt_all, not_fresh_in_ui, stale_in_dvc


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as one:
        yield one


def test_adopt_on_an_empty_instance_shows_everything_fresh(built_factory: Location, instance: dg.DagsterInstance) -> None:
    stages = {node.address for node in built_factory.factory.graph.stages}
    assert not_fresh_in_ui(built_factory, instance) == stages
    assert adopt_all(built_factory, instance) == len(stages)
    assert not_fresh_in_ui(built_factory, instance) == set()


def test_adopt_leaves_alone_what_lost_its_report(built_factory: Location, instance: dg.DagsterInstance) -> None:
    (built_factory.factory.workspace.place("corpus") / "report.json").unlink()
    assert adopt_all(built_factory, instance) == len(built_factory.factory.graph.stages) - 1


def test_adopt_twice_adds_nothing(built_factory: Location, instance: dg.DagsterInstance) -> None:
    adopt_all(built_factory, instance)
    assert adopt_all(built_factory, instance) == 0


def test_adopt_reports_every_gate_on_itself_and_on_what_it_judges(built_factory: Location, instance: dg.DagsterInstance) -> None:
    adopt_all(built_factory, instance)
    for partner in PARTNERS:
        for key, name in ((["documents_gate", partner], "passed"), (["clean_documents", partner], "documents_gate")):
            check = dg.AssetCheckKey(dg.AssetKey(key), name)
            (record,) = instance.event_log_storage.get_asset_check_execution_history(check, limit=1)
            assert record.event is not None
            assert record.event.asset_check_evaluation.passed, check


@pytest.mark.slow
def test_adopt_claims_no_code_version_for_a_stage_whose_code_changed(
    built_factory: Location, instance: dg.DagsterInstance
) -> None:
    root = built_factory.factory.workspace.root
    (root / "params.yaml").write_text((root / "params.yaml").read_text().replace("rate: 3", "rate: 4"))
    adopt_all(built_factory, instance)
    assert not_fresh_in_ui(built_factory, instance) >= {"checkpoint"}


@pytest.mark.slow
def test_work_done_in_a_terminal_is_adopted(built_factory: Location, instance: dg.DagsterInstance) -> None:
    adopt_all(built_factory, instance)
    root = built_factory.factory.workspace.root
    (root / "samples" / "alpha" / "first" / "one.txt").write_text("other words")
    call(root, sys.executable, "-m", "dvc", "repro", "--quiet")
    assert not_fresh_in_ui(built_factory, instance) != set()
    assert adopt_all(built_factory, instance) == 7  # alpha's three, and the four that follow
    assert not_fresh_in_ui(built_factory, instance) == set()


@pytest.mark.slow
def test_a_changed_delivery_makes_stale_exactly_what_reads_it(built_factory: Location, instance: dg.DagsterInstance) -> None:
    adopt_all(built_factory, instance)
    (built_factory.factory.workspace.root / "samples" / "beta" / "first" / "one.txt").write_text("new words of beta")
    assert stale_in_dvc(built_factory) == not_fresh_in_ui(built_factory, instance) == {"documents@beta"}
    assert run_to_the_end(built_factory, instance) == [
        {"documents@beta"},
        {"clean_documents@beta"},
        {"documents_gate@beta", "corpus"},
        {"checkpoint"},
        {"release_candidate"},
        {"release"},
    ]
    assert not_fresh_in_ui(built_factory, instance) == set()


@pytest.mark.slow
def test_an_expired_agreement_makes_stale_exactly_what_asks_for_it_and_leaves_the_next_corpus(
    built_factory: Location, instance: dg.DagsterInstance
) -> None:
    adopt_all(built_factory, instance)
    workspace = built_factory.factory.workspace
    assert "words of beta" in (workspace.place("corpus") / "text.txt").read_text()
    registry = workspace.root / "partners" / "beta.yaml"
    registry.write_text(registry.read_text().replace("valid_until: 2027-12-31", "valid_until: 2026-06-30"))
    asking = {"documents@beta", "documents_gate@beta", "corpus", "checkpoint", "release_candidate", "release"}
    assert stale_in_dvc(built_factory) == not_fresh_in_ui(built_factory, instance) == asking
    run_to_the_end(built_factory, instance)
    for stage in ("corpus", "checkpoint", "release_candidate"):
        text = (workspace.place(stage) / "text.txt").read_text()
        assert "beta" not in text, stage
        assert "words of alpha" in text
        assert "words of gamma" in text
    assert not_fresh_in_ui(built_factory, instance) == set()


def test_in_the_real_graph_an_agreement_is_asked_for_at_every_edge_and_nowhere_else() -> None:
    graph = parse_graph(ROOT)
    for partner in read_params(ROOT).partners:
        asking = {node.address for node in graph.stages if f"partners/{partner}.yaml" in node.deps}
        own = {f"documents@{partner}", f"documents_gate@{partner}"}
        assert asking == own | {"corpus", "tokenizer", "token_shards", "checkpoint", "scorecard", "release_candidate", "release"}


def test_identical_bytes_stop_the_wave(built_factory: Location, instance: dg.DagsterInstance) -> None:
    adopt_all(built_factory, instance)
    lock = read_lock(built_factory.factory.workspace)
    (built_factory.factory.workspace.root / "samples" / "beta" / "first" / "one.txt").write_text("words of beta   \n\n")
    outcome = execute(built_factory, instance, "factory", {"documents@beta"})
    assert outcome.failures == {}
    assert outcome.succeeded
    after = read_lock(built_factory.factory.workspace)
    assert after["documents@beta"].deps != lock["documents@beta"].deps
    assert after["documents@beta"].outs == lock["documents@beta"].outs
    assert stale_in_dvc(built_factory) == not_fresh_in_ui(built_factory, instance) == set()


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("rate: 3", "rate: 4", {"checkpoint"}),
        ("times: 1", "times: 2", {f"clean_documents@{partner}" for partner in PARTNERS}),
    ],
)
def test_a_params_edit_touches_only_the_stages_of_its_section(
    built_factory: Location, instance: dg.DagsterInstance, old: str, new: str, stale: set[str]
) -> None:
    adopt_all(built_factory, instance)
    path = built_factory.factory.workspace.root / "params.yaml"
    path.write_text(path.read_text().replace(old, new))
    assert stale_in_dvc(built_factory) == not_fresh_in_ui(built_factory, instance) == stale


def test_a_stage_that_did_not_change_is_not_run_again(built_factory: Location) -> None:
    code, words = built_factory.door.reproduce("corpus")
    assert code == 0
    assert "didn't change" in words


@pytest.mark.slow
def test_a_fresh_clone_gives_the_committed_lock_bit_for_bit(built_factory: Location, tmp_path) -> None:
    root = built_factory.factory.workspace.root
    call(root, "git", "add", "--all")
    call(root, "git", "commit", "--quiet", "--message", "built")
    clone = tmp_path / "clone"
    call(tmp_path, "git", "clone", "--quiet", str(root), str(clone))
    assert not (clone / "data").exists()
    shutil.rmtree(clone / ".dvc" / "cache", ignore_errors=True)
    call(clone, sys.executable, "-m", "dvc", "repro", "--force", "--no-run-cache", "--quiet")
    assert (clone / "dvc.lock").read_bytes() == (root / "dvc.lock").read_bytes()


def run_to_the_end(location: Location, instance: dg.DagsterInstance) -> list[set[str]]:
    """Materialize what `dvc status` lists until it lists nothing: as the sensor does, if it is switched on."""
    waves: list[set[str]] = []
    while stale := stale_in_dvc(location):
        waves.append(stale)
        for job, wanted in (("factory", stale - {"release"}), ("release_approved", stale & {"release"})):
            assert not wanted or execute(location, instance, job, wanted).succeeded
    return waves
