"""Runs of the small factory through Dagster: two stages at once, failures told in a sentence, gates that hold."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator

import dagster as dg
import pytest

from dagster_project.definitions import Location
from dagster_project.dvc_door import DvcDoor
from dagster_project.executor import is_cancelled
from dagster_project.materialize import Outcome, execute
from dagster_project.run_processes import process_tags
from tests.dagster_project.small_factory import PARTNERS
from tests.dagster_project.test_dvc_exec import mark, place, root, wait_for


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as one:
        yield one


def all_but_release(location: Location) -> set[str]:
    return {node.address for node in location.factory.graph.stages} - {"release"}


def test_the_whole_factory_runs_and_every_asset_carries_its_report(empty_factory: Location, instance: dg.DagsterInstance) -> None:
    outcome = execute(empty_factory, instance, "factory", all_but_release(empty_factory))
    assert outcome.failures == {}
    assert outcome.succeeded
    assert set(empty_factory.door.status()) == {"release"}
    event = instance.get_latest_materialization_event(dg.AssetKey(["clean_documents", "alpha"]))
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert metadata["summary"].value == "kept 14 characters"
    assert "| es | 14 |" in str(metadata["table/languages"].value)
    assert str(metadata["plot/languages"].value).startswith("![languages: documents](data:image/png;base64,")


@pytest.mark.slow
def test_two_stages_run_at_once_and_a_third_waits(empty_factory: Location, instance: dg.DagsterInstance) -> None:
    for partner in PARTNERS:
        mark(empty_factory, f"hold-documents@{partner}")
    outcomes: list[Outcome] = []
    addresses = {f"documents@{partner}" for partner in PARTNERS}
    running = threading.Thread(target=lambda: outcomes.append(execute(empty_factory, instance, "factory", addresses)))
    running.start()
    for partner in PARTNERS[:2]:
        wait_for(root(empty_factory) / "var" / f"held-documents@{partner}")
    assert not (root(empty_factory) / "var" / f"held-documents@{PARTNERS[2]}").exists()
    (root(empty_factory) / "var" / f"hold-documents@{PARTNERS[2]}").unlink()
    empty_factory.door.stop_all()
    running.join(60)
    (outcome,) = outcomes
    assert set(outcome.failures) == {f"documents@{partner}" for partner in PARTNERS[:2]}
    assert place(empty_factory, f"documents/{PARTNERS[2]}").is_dir()


@pytest.mark.slow
def test_a_failed_stage_is_told_in_its_own_words_and_stops_only_what_needs_it(
    empty_factory: Location, instance: dg.DagsterInstance
) -> None:
    mark(empty_factory, "fail-documents@alpha")
    outcome = execute(empty_factory, instance, "factory", all_but_release(empty_factory))
    assert not outcome.succeeded
    assert outcome.failures == {"documents@alpha": "documents@alpha: 2 of 3 files are broken. Mend them and run again."}
    assert place(empty_factory, "documents_gate/beta").is_dir()
    assert not place(empty_factory, "corpus").exists()


@pytest.mark.slow
def test_a_failed_gate_stops_what_follows_in_this_run_and_in_the_next(
    empty_factory: Location, instance: dg.DagsterInstance
) -> None:
    (root(empty_factory) / "samples" / "alpha" / "first" / "one.txt").write_text("a BAD word")
    outcome = execute(empty_factory, instance, "factory", all_but_release(empty_factory))
    assert not outcome.succeeded
    assert not place(empty_factory, "corpus").exists()
    for key, name in ((["documents_gate", "alpha"], "passed"), (["clean_documents", "alpha"], "documents_gate")):
        check = dg.AssetCheckKey(dg.AssetKey(key), name)
        (record,) = instance.event_log_storage.get_asset_check_execution_history(check, limit=1)
        assert record.event is not None
        evaluation = record.event.asset_check_evaluation
        assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)
        assert evaluation.metadata["failed"].value == "expect_no_bad (critical): 1 bad words"
    again = execute(empty_factory, instance, "factory", {"corpus"})
    assert list(again.failures) == ["corpus"]
    assert again.failures["corpus"].startswith("documents_gate alpha did not pass: expect_no_bad (1 bad words)")


@pytest.mark.slow
def test_a_failed_gate_is_told_by_its_summary_and_what_failed(empty_factory: Location, instance: dg.DagsterInstance) -> None:
    (root(empty_factory) / "samples" / "alpha" / "first" / "one.txt").write_text("a BAD word")
    outcome = execute(
        empty_factory, instance, "factory", {"documents@alpha", "clean_documents@alpha", "documents_gate@alpha", "corpus"}
    )
    assert outcome.failures["documents_gate@alpha"] == (
        "the gate did not pass: kept 0 characters. Failed: expect_no_bad (critical): 1 bad words. Nothing after it was run."
    )


def test_every_run_names_its_process_whoever_started_it(built_factory: Location, instance: dg.DagsterInstance) -> None:
    run = instance.get_run_by_id(execute(built_factory, instance, "factory", {"documents@alpha"}).run_id)
    assert run is not None
    assert process_tags(run.run_id).items() <= run.tags.items()


@pytest.mark.slow
def test_a_check_does_not_repeat_a_verdict_on_other_bytes(built_factory: Location, instance: dg.DagsterInstance) -> None:
    from assets.checks import read_verdict

    factory = built_factory.factory
    graph, workspace, shown = factory.graph, factory.workspace, factory.shown
    gate, gated = graph.find("documents_gate@alpha"), graph.find("clean_documents@alpha")
    assert read_verdict(workspace, gate, gated, shown).passed
    (root(built_factory) / "samples" / "alpha" / "first" / "one.txt").write_text("unjudged words")
    assert execute(built_factory, instance, "factory", {"documents@alpha", "clean_documents@alpha"}).succeeded
    verdict = read_verdict(workspace, gate, gated, shown)
    assert (verdict.passed, verdict.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "has not judged this version yet" in (verdict.description or "")


def test_a_missing_delivery_is_named_before_anything_is_touched(built_factory: Location, instance: dg.DagsterInstance) -> None:
    shutil.rmtree(root(built_factory) / "samples" / "beta")
    before = (root(built_factory) / "dvc.lock").read_bytes()
    outcome = execute(built_factory, instance, "factory", {"documents@beta"})
    assert outcome.failures["documents@beta"] == (
        "documents@beta reads samples/beta, and nothing is there. No stage makes it, so nothing was run; the last good output "
        "stands. Put it back; if it was committed: git checkout -- samples/beta"
    )
    assert (place(built_factory, "documents/beta") / "text.txt").read_text() == "words of beta"
    assert (root(built_factory) / "dvc.lock").read_bytes() == before


def test_a_full_disk_at_a_step_is_told_in_a_sentence(
    built_factory: Location, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(DvcDoor, "reproduce", full)
    outcome = execute(built_factory, instance, "factory", {"documents@beta"})
    assert not outcome.succeeded
    assert outcome.failures["documents@beta"].startswith(f"the disk that holds {root(built_factory)} is full (")


def test_a_run_is_cancelled_when_somebody_cancelled_it_and_not_when_its_process_ends(instance: dg.DagsterInstance) -> None:
    @dg.job
    def nothing() -> None: ...

    run = instance.create_run_for_job(job_def=nothing)
    assert not is_cancelled(instance, run.run_id)
    instance.report_run_canceling(run)
    assert is_cancelled(instance, run.run_id)
