"""What is stale, as DVC says it and as Dagster's UI shows it."""

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from dagster_project.adopt import adopt, changed_sources
from dagster_project.definitions import Location, build_location


def stale_in_dvc(location: Location) -> set[str]:
    """Addresses that `dvc status` lists."""
    return set(location.door.status())


def not_fresh_in_ui(location: Location, instance: dg.DagsterInstance) -> set[str]:
    """Addresses that the UI shows as stale or missing, once the sources sensor has looked and the location was reloaded."""
    for event in changed_sources(location.factory, instance):
        instance.report_runless_asset_event(event)
    reloaded = build_location(location.factory.workspace)
    graph = reloaded.definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {node.address for node in reloaded.factory.graph.stages if resolver.get_status(node.asset) is not StaleStatus.FRESH}


def adopt_all(location: Location, instance: dg.DagsterInstance) -> int:
    """Adopt as `make run` does."""
    return adopt(location.factory, instance, location.factory.graph.downstream(stale_in_dvc(location)))
