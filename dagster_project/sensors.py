"""What is watched: sources, what DVC calls stale, new deliveries, approvals.

Watching is on; starting work is off until a person switches it on, but for an approval, which is a person's word already.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from assets.factory import Factory
from dagster_project.adopt import changed_sources
from dagster_project.dvc_door import DvcDoor
from dagster_project.jobs import FACTORY_JOB, RELEASE, RELEASE_JOB

DELIVERY_MARK = "manifest-sha256.txt"  # a partner's fixity manifest is written last
Approve = Callable[[], "str | None"]  # names an approval that waits for its release, if any


def build_sensors(factory: Factory, door: DvcDoor, newly_approved: Approve) -> list[dg.SensorDefinition]:
    """The sensors over a factory."""
    sensors = [_watch_sources(factory), _watch_stale(factory, door), _watch_deliveries(factory)]
    if any(node.name == RELEASE for node in factory.graph.stages):
        sensors.append(_watch_approvals(newly_approved))
    return sensors


def stale_keys(factory: Factory, changed: set[str]) -> list[dg.AssetKey]:
    """The assets of the stages that `dvc status` lists; a release waits for its approval."""
    return [node.asset for node in factory.graph.stages if node.address in changed and node.name != RELEASE]


def complete_deliveries(root: Path, partners: list[str]) -> dict[str, list[str]]:
    """The deliveries that lie complete in samples/PARTNER, by partner."""
    return {
        partner: sorted(place.parent.name for place in (root / "samples" / partner).glob(f"*/{DELIVERY_MARK}"))
        for partner in partners
    }


def _watch_sources(factory: Factory) -> dg.SensorDefinition:
    @dg.sensor(
        name="sources",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notes a new version of a delivery, a registry entry or an approval. Starts nothing.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        events = changed_sources(factory, context.instance)
        return dg.SensorResult(asset_events=events) if events else dg.SkipReason("all sources are as last seen")

    return watch


def _watch_stale(factory: Factory, door: DvcDoor) -> dg.SensorDefinition:
    @dg.sensor(
        name="stale_stages",
        job_name=FACTORY_JOB,
        minimum_interval_seconds=120,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Materializes exactly what `dvc status` lists as changed; where the bytes come out the same, the wave ends.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs_count(dg.RunsFilter(job_name=FACTORY_JOB, statuses=UNFINISHED)):
            return dg.SkipReason("a run of the factory is under way")
        status = door.status()
        keys = stale_keys(factory, set(status))
        if not keys:
            return dg.SkipReason("`dvc status`: nothing changed")
        if context.cursor == (asked := json.dumps(status, sort_keys=True)):
            return dg.SkipReason("the same stages were asked for already, and stayed stale: look at their last run")
        context.update_cursor(asked)
        return dg.RunRequest(asset_selection=keys)

    return watch


def _watch_deliveries(factory: Factory) -> dg.SensorDefinition:
    partners = sorted({node.key for node in factory.graph.stages if node.key})

    @dg.sensor(
        name="new_deliveries",
        job_name=FACTORY_JOB,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Takes in a partner's documents once a new delivery lies complete in samples/PARTNER.",
    )
    def watch(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found = complete_deliveries(factory.workspace.root, partners)
        known: dict[str, list[str]] = json.loads(context.cursor) if context.cursor else found
        context.update_cursor(json.dumps(found, sort_keys=True))
        for partner, deliveries in found.items():
            new = sorted(set(deliveries) - set(known.get(partner, [])))
            if new:
                keys = [node.asset for node in factory.graph.stages if node.key == partner]
                yield dg.RunRequest(run_key=f"{partner}: {', '.join(new)}", asset_selection=keys)
        if found == known:
            yield dg.SkipReason("no new delivery")

    return watch


def _watch_approvals(newly_approved: Approve) -> dg.SensorDefinition:
    @dg.sensor(
        name="approvals",
        job_name=RELEASE_JOB,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Releases the candidate that a reviewer approved: by the alias 'approved' in MLflow, or `latamgpt approve`.",
    )
    def watch() -> dg.RunRequest | dg.SkipReason:
        approval = newly_approved()
        return dg.RunRequest(run_key=approval) if approval else dg.SkipReason("no approval waits for its release")

    return watch


UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
