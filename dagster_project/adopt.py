"""Tell Dagster what dvc.lock says: work done by `dvc repro` in a terminal, or on a fresh clone, shows in the UI as it is.

A stage whose data version and code version Dagster knows already is left alone, so adopting twice adds nothing. The current code
version is claimed only where `dvc status` finds nothing changed.
"""

from collections.abc import Iterable

import dagster as dg

from assets.checks import CHECK_NAME, evaluation, mirrored_evaluation
from assets.factory import Factory
from assets.graph import StageNode
from assets.lock import Recorded, read_lock, source_version
from assets.provenance import CODE_VERSION, UNKNOWN, input_tags, new_versions, pointer_tags, recorded_tags, version_tags
from latamgpt.records import REPORT_NAME


def changed_sources(factory: Factory, instance: dg.DagsterInstance) -> list[dg.AssetMaterialization]:
    """What came from outside and is not what Dagster last saw: events to report."""
    root = factory.workspace.root
    return new_versions(instance, {key: source_version(root / path) for key, path in factory.graph.sources().items()})


def adopt(factory: Factory, instance: dg.DagsterInstance, changed: Iterable[str]) -> int:
    """Report what dvc.lock holds and Dagster does not know; returns how many stages that were.

    `changed` are the addresses that `dvc status` lists.
    """
    for event in changed_sources(factory, instance):
        instance.report_runless_asset_event(event)
    lock = read_lock(factory.workspace)
    unclean = set(changed)
    adopted = 0
    for node in factory.graph.stages:
        if node.address in lock and (factory.workspace.place(node.name, node.key) / REPORT_NAME).is_file():
            tags = _tags(factory, node, lock[node.address], clean=node.address not in unclean)
            known = recorded_tags(instance, node.asset)
            if any(known.get(name) != value for name, value in tags.items() if "event_pointer" not in name):
                _report(factory, instance, node, tags)
                adopted += 1
    return adopted


def _tags(factory: Factory, node: StageNode, recorded: Recorded, *, clean: bool) -> dict[str, str]:
    return {
        **input_tags(factory.graph, node, recorded),
        **pointer_tags(factory.graph, node),
        **version_tags(recorded.data_version),
        CODE_VERSION: factory.code_versions[node.address] if clean else UNKNOWN,
    }


def _report(factory: Factory, instance: dg.DagsterInstance, node: StageNode, tags: dict[str, str]) -> None:
    result = factory.result(node)
    instance.report_runless_asset_event(dg.AssetMaterialization(node.asset, metadata=result.metadata or {}, tags=tags))
    for found in result.check_results or []:
        instance.report_runless_asset_event(evaluation(node.asset, CHECK_NAME, found, blocking=True))
    if factory.shown[node.name].speaks_of:
        instance.report_runless_asset_event(mirrored_evaluation(factory.workspace, factory.graph, node, factory.shown))
