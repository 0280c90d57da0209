"""What is watched, and what a look starts."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest

from dagster_project.definitions import Location
from dagster_project.sensors import build_sensors
from tests.dagster_project.staleness import adopt_all
from tests.dagster_project.test_dvc_exec import root


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as one:
        yield one


def look(location: Location, name: str, instance: dg.DagsterInstance, cursor: str | None = None, approved: str | None = None):
    (sensor,) = (one for one in build_sensors(location.factory, location.door, lambda: approved) if one.name == name)
    context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=location.definitions)
    return sensor.evaluate_tick(context)


def test_stale_stages_asks_for_exactly_what_dvc_lists(built_factory: Location, instance: dg.DagsterInstance) -> None:
    (root(built_factory) / "samples" / "beta" / "first" / "one.txt").write_text("new words")
    tick = look(built_factory, "stale_stages", instance)
    assert [request.asset_selection for request in tick.run_requests] == [[dg.AssetKey(["documents", "beta"])]]
    again = look(built_factory, "stale_stages", instance, cursor=tick.cursor)
    assert again.run_requests == []
    assert "stayed stale" in again.skip_message


def test_stale_stages_asks_for_nothing_when_nothing_changed(built_factory: Location, instance: dg.DagsterInstance) -> None:
    tick = look(built_factory, "stale_stages", instance)
    assert (tick.run_requests, tick.skip_message) == ([], "`dvc status`: nothing changed")


def test_a_new_delivery_is_taken_in_only_when_its_manifest_is_there(
    built_factory: Location, instance: dg.DagsterInstance
) -> None:
    first = look(built_factory, "new_deliveries", instance)
    assert first.run_requests == []
    delivery = root(built_factory) / "samples" / "gamma" / "second"
    delivery.mkdir()
    (delivery / "two.txt").write_text("more words")
    assert look(built_factory, "new_deliveries", instance, cursor=first.cursor).run_requests == []
    (delivery / "manifest-sha256.txt").write_text("")
    (request,) = look(built_factory, "new_deliveries", instance, cursor=first.cursor).run_requests
    assert request.run_key == "gamma: second"
    assert {key.path[0] for key in request.asset_selection} == {"documents", "clean_documents", "documents_gate"}
    assert {key.path[1] for key in request.asset_selection} == {"gamma"}


def test_an_approval_starts_the_release_of_that_candidate_once(built_factory: Location, instance: dg.DagsterInstance) -> None:
    assert look(built_factory, "approvals", instance).run_requests == []
    (request,) = look(built_factory, "approvals", instance, approved="abc").run_requests
    assert request.run_key == "abc"


def test_sources_notes_a_new_version_and_starts_nothing(built_factory: Location, instance: dg.DagsterInstance) -> None:
    adopt_all(built_factory, instance)
    assert list(look(built_factory, "sources", instance).asset_events) == []
    (root(built_factory) / "partners" / "alpha.yaml").write_text("id: alpha\nname: renamed\n")
    tick = look(built_factory, "sources", instance)
    assert [event.asset_key for event in tick.asset_events] == [dg.AssetKey(["partner_registry", "alpha"])]
    assert tick.run_requests == []


def test_only_looking_rehearsing_and_approvals_are_on_before_a_person_says_so(built_factory: Location) -> None:
    repository = built_factory.definitions.get_repository_def()
    on = {one.name for one in repository.sensor_defs if one.default_status is dg.DefaultSensorStatus.RUNNING}
    assert on == {"sources", "approvals"}
    by_schedule = {one.name for one in repository.schedule_defs if one.default_status is dg.DefaultScheduleStatus.RUNNING}
    assert by_schedule == {"weekly_withdrawal_drill"}


def test_cursor_of_deliveries_is_plain_json(built_factory: Location, instance: dg.DagsterInstance) -> None:
    assert json.loads(look(built_factory, "new_deliveries", instance).cursor) == {"alpha": [], "beta": [], "gamma": []}
