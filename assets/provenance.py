"""Which bytes a materialization was made from, as dvc.lock has it: what makes 'stale' in the UI mean what DVC means."""

import dagster as dg

from assets.graph import Graph, StageNode
from assets.lock import Recorded

DATA_VERSION = "dagster/data_version"
IS_PROVIDED = "dagster/data_version_is_user_provided"
CODE_VERSION = "dagster/code_version"
NO_EVENT = "NULL"
UNKNOWN = "unknown"


def version_tags(version: str) -> dict[str, str]:
    """Tags that give an event a data version."""
    return {DATA_VERSION: version, IS_PROVIDED: "true"}


def input_tags(graph: Graph, node: StageNode, recorded: Recorded) -> dict[str, str]:
    """Tags that name the version of every input, as dvc.lock recorded it when the stage ran."""
    return {
        f"dagster/input_data_version/{key.to_user_string()}": recorded.deps.get(path, UNKNOWN)
        for key, path in graph.inputs(node).items()
    }


def pointer_tags(graph: Graph, node: StageNode) -> dict[str, str]:
    """Tags that Dagster wants beside `input_tags` where no run made the output: no event to point to."""
    return {f"dagster/input_event_pointer/{key.to_user_string()}": NO_EVENT for key in graph.inputs(node)}


def recorded_tags(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, str]:
    """The tags of the last materialization that Dagster knows; empty where there is none."""
    record = instance.get_latest_data_version_record(key)
    if record is None:
        return {}
    event = record.event_log_entry.asset_materialization
    return dict(event.tags or {}) if event else {}


def recorded_version(instance: dg.DagsterInstance, key: dg.AssetKey) -> str:
    """The data version that Dagster last heard of; '' where it never did."""
    return recorded_tags(instance, key).get(DATA_VERSION, "")


def new_versions(instance: dg.DagsterInstance, versions: dict[dg.AssetKey, str]) -> list[dg.AssetMaterialization]:
    """Events for those sources whose version is not the one that Dagster last saw.

    Materializations, not observations: of an external asset the UI's staleness reads only these.
    """
    return [
        dg.AssetMaterialization(key, tags=version_tags(version), metadata={"md5": version})
        for key, version in versions.items()
        if version and version != recorded_version(instance, key)
    ]
