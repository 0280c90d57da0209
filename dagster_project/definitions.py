"""The code location: everything that Dagster knows of this workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from assets.factory import Factory, build_factory
from assets.lifecycle import SHOWN
from assets.shown import Shown
from assets.sweep import sweep_assets
from dagster_project.drill import drill_job, drill_spec, weekly_drill
from dagster_project.dvc_door import DvcDoor, DvcResource
from dagster_project.dvc_graph import load_graph
from dagster_project.executor import thread_executor
from dagster_project.jobs import build_jobs, monthly_retrain
from dagster_project.sensors import build_sensors
from dagster_project.trial_door import TrialDoor
from latamgpt.params import read_params
from latamgpt.store import Workspace, find_workspace


@dataclass(frozen=True)
class Location:
    """A workspace as Dagster has it."""

    factory: Factory
    door: DvcDoor
    definitions: dg.Definitions


def build_location(workspace: Workspace, shown: Mapping[str, Shown] = SHOWN) -> Location:
    """Assets, checks, jobs, schedule, sensors and resources over the graph of a workspace."""
    factory = build_factory(workspace, load_graph(workspace), shown)
    door = DvcDoor(workspace)
    trials = TrialDoor(workspace)

    def stop_all(*, is_cancelled: bool) -> None:
        door.stop_all(is_cancelled=is_cancelled)
        trials.stop_all(is_cancelled=is_cancelled)

    executor = thread_executor(stop_all)
    definitions = dg.Definitions(
        assets=[*factory.assets(), drill_spec(), *sweep_assets(workspace)],
        asset_checks=factory.checks(),
        jobs=[*build_jobs(factory.graph, executor), drill_job(workspace)],
        schedules=[monthly_retrain, weekly_drill],
        sensors=build_sensors(factory, door, lambda: newly_approved(workspace)),
        resources={
            "dvc": dg.ResourceDefinition.hardcoded_resource(DvcResource(door)),
            "trials": dg.ResourceDefinition.hardcoded_resource(trials),
        },
        executor=executor,
    )
    return Location(factory, door, definitions)


def newly_approved(workspace: Workspace) -> str | None:
    """What names an approval of the present candidate that no release shows yet, wherever it was given; else None.

    Read from what lies there, so that an approval is not lost with a look that was cut short.
    """
    if not workspace.place("release_candidate").is_dir():
        return None
    from latamgpt.release.approving import approval_from_alias  # noqa: PLC0415  (imports MLflow: 2.6 s)
    from latamgpt.release.signed import unreleased_approval  # noqa: PLC0415

    approval_from_alias(workspace, read_params(workspace.root).release_candidate.name)
    return unreleased_approval(workspace)


@dg.definitions
def defs() -> dg.Definitions:
    """What workspace.yaml points to."""
    return build_location(find_workspace(Path.cwd())).definitions
