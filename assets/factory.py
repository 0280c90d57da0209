"""One asset for each stage of dvc.yaml: its edges from there, its looks from the modules of this folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import dagster as dg

from assets.checks import CHECK_NAME, judge, mirrored_checks, mirrored_evaluation
from assets.graph import Graph, StageNode, code_version, read_params_text
from assets.links import corrections_link, data_docs_link, mlflow_link, page_links, receipt_links
from assets.lock import read_lock
from assets.provenance import input_tags, new_versions
from assets.quote_view import quote_metadata
from assets.report_view import report_metadata
from assets.shown import SOURCES, Shown
from latamgpt.errors import OperatorError
from latamgpt.records import Report
from latamgpt.store import Workspace


class Reproduction(Protocol):
    """The resource `dvc`: runs one stage through DVC, guarded. dagster_project provides it."""

    def reproduce(self, context: dg.AssetExecutionContext, address: str) -> None:
        """Bring one stage's output up to date, or raise dg.Failure or dg.RetryRequested."""
        ...


@dataclass(frozen=True)
class Factory:
    """The graph, where it lies, and how each stage is shown."""

    workspace: Workspace
    graph: Graph
    shown: Mapping[str, Shown]
    code_versions: Mapping[str, str]

    def assets(self) -> list[dg.AssetsDefinition | dg.AssetSpec]:
        """Every stage's output, and all that comes from outside."""
        return [*(self.stage_asset(node) for node in self.graph.stages), *source_specs(self.graph)]

    def checks(self) -> list[dg.AssetChecksDefinition]:
        """What gates judge and later stages count, shown on the asset that it is about."""
        return mirrored_checks(self.workspace, self.graph, self.shown)

    def stage_asset(self, node: StageNode) -> dg.AssetsDefinition:
        """The asset for one stage."""
        shown = self.shown[node.name]
        receipts = receipt_links(self.graph, node) if shown.has_receipt else {}
        specs = [dg.AssetCheckSpec(CHECK_NAME, asset=node.asset, blocking=True)] if shown.gate_of else []

        @dg.asset(
            key=node.asset,
            deps=list(self.graph.inputs(node)),
            code_version=self.code_versions[node.address],
            group_name=shown.group,
            kinds={"dvc", *shown.kinds},
            owners=list(shown.owners),
            description=shown.description,
            metadata={"dvc/stage": node.address, "dvc/command": node.cmd, "dvc/params": ", ".join(node.params), **receipts},
            check_specs=specs,
            required_resource_keys={"dvc"},
        )
        def build(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            dvc: Reproduction = context.resources.dvc
            dvc.reproduce(context, node.address)
            result = self.result(node)
            for event in self.seen_sources(context.instance, node):
                context.log_event(event)
            if shown.speaks_of:
                verdict = mirrored_evaluation(self.workspace, self.graph, node, self.shown)
                context.log_event(verdict)  # pyright: ignore[reportArgumentType]  (the type lags behind what it takes)
            context.log.info(Report.read(self.workspace.place(node.name, node.key)).summary)
            return result

        return build

    def result(self, node: StageNode) -> dg.MaterializeResult:
        """What is known of a stage's output now that dvc.lock holds it."""
        recorded = read_lock(self.workspace)[node.address]
        report = Report.read(self.workspace.place(node.name, node.key))
        shown = self.shown[node.name]
        metadata: dict[str, dg.MetadataValue] = {"dvc/md5": dg.MetadataValue.text(recorded.data_version)}
        metadata |= report_metadata(report, shown)
        if shown.has_run:
            metadata |= mlflow_link(self.workspace, node.name)
        if shown.has_page:
            metadata |= page_links(self.workspace, node.name)
        if shown.has_quote:
            metadata |= quote_metadata(self.workspace, report)
        if shown.has_scans:
            metadata |= corrections_link(node.key, report)
        if shown.gate_of:
            metadata["data_docs"] = data_docs_link(node)
        return dg.MaterializeResult(
            asset_key=node.asset,
            data_version=dg.DataVersion(recorded.data_version),
            metadata=metadata,
            tags=input_tags(self.graph, node, recorded),
            check_results=[judge(node, report)] if shown.gate_of else [],
        )

    def seen_sources(self, instance: dg.DagsterInstance, node: StageNode) -> list[dg.AssetMaterialization]:
        """What a stage read from outside, where Dagster last saw another version of it."""
        recorded = read_lock(self.workspace)[node.address]
        outs = self.graph.outs
        outside = {key: path for key, path in self.graph.inputs(node).items() if path not in outs}
        return new_versions(instance, {key: recorded.deps[path] for key, path in outside.items() if path in recorded.deps})


def build_factory(workspace: Workspace, graph: Graph, shown: Mapping[str, Shown]) -> Factory:
    """The factory over a graph.

    Raises:
        OperatorError: dvc.yaml has a stage that no module of assets/ shows.
    """
    unknown = sorted({node.name for node in graph.stages} - set(shown))
    if unknown:
        raise OperatorError(
            f"dvc.yaml has stages that assets/ does not show: {', '.join(unknown)}. Nothing would say what they are. Add each to "
            "the module of its part of the lifecycle."
        )
    params = read_params_text(workspace)
    versions = {node.address: code_version(workspace, node, params) for node in graph.stages}
    return Factory(workspace, graph, shown, versions)


def source_specs(graph: Graph) -> list[dg.AssetSpec]:
    """What comes from outside of the graph; its versions are observed, not made."""
    return [
        dg.AssetSpec(
            key,
            group_name=SOURCES[key.path[0]].group if key.path[0] in SOURCES else "intake",
            description=SOURCES[key.path[0]].description if key.path[0] in SOURCES else path,
            kinds={"file"},
            metadata={"path": path},
        )
        for key, path in graph.sources().items()
    ]
