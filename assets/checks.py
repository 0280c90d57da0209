"""Gates as asset checks. A check reads the report that the gate's stage left; it judges nothing itself."""

from collections.abc import Mapping

import dagster as dg

from assets.graph import Graph, StageNode
from assets.links import data_docs_link
from assets.lock import read_lock
from assets.report_view import expectation_table, table_markdown
from assets.shown import Shown
from latamgpt.records import Report
from latamgpt.store import Workspace

CHECK_NAME = "passed"


def judge(node: StageNode, report: Report) -> dg.AssetCheckResult:
    """A gate's report as a check result: an error where a critical expectation failed, a warning for any other."""
    failed = [e for e in report.expectations if not e.passed]
    severity = dg.AssetCheckSeverity.WARN if report.passed else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        passed=not failed,
        severity=severity,
        description=report.summary,
        metadata={
            "failed": "; ".join(f"{e.kind} ({e.severity}): {e.observed}" for e in failed) or "none",
            "expectations": dg.MetadataValue.md(table_markdown(expectation_table(report))),
            "data_docs": data_docs_link(node),
        },
    )


def mirrored_checks(workspace: Workspace, graph: Graph, shown: Mapping[str, Shown]) -> list[dg.AssetChecksDefinition]:
    """Each gate's verdict on the asset that it judges.

    Not blocking there: the gate reads that asset, so Dagster would wait for itself. The check of the gate's own asset blocks.
    """
    gates = [node for node in graph.stages if shown[node.name].gate_of]
    return [_mirrored_check(workspace, node, gated_node(graph, node, shown)) for node in gates]


def gated_node(graph: Graph, gate: StageNode, shown: Mapping[str, Shown]) -> StageNode:
    """The stage whose output a gate judges."""
    return next(node for node in graph.stages if node.name == shown[gate.name].gate_of and node.key in ("", gate.key))


def read_verdict(workspace: Workspace, gate: StageNode, gated: StageNode) -> dg.AssetCheckResult:
    """The gate's verdict on the bytes that lie there now; a warning where it has judged other bytes, or none."""
    lock = read_lock(workspace)
    path = gated.outs[0]
    judged = lock[gate.address].deps.get(path) if gate.address in lock else None
    if judged is None or gated.address not in lock or judged != lock[gated.address].outs[path]:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{gate.address} has not judged this version yet: materialize it",
        )
    return judge(gate, Report.read(workspace.place(gate.name, gate.key)))


def mirrored_evaluation(
    workspace: Workspace, graph: Graph, gate: StageNode, shown: Mapping[str, Shown]
) -> dg.AssetCheckEvaluation:
    """A gate's verdict as an event of the asset that it judges.

    The gate's own step reports it: where the gate fails, Dagster never comes to the check.
    """
    gated = gated_node(graph, gate, shown)
    return evaluation(gated.asset, gate.name, read_verdict(workspace, gate, gated), blocking=False)


def evaluation(key: dg.AssetKey, name: str, found: dg.AssetCheckResult, *, blocking: bool) -> dg.AssetCheckEvaluation:
    """A check's result as an event."""
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=name,
        passed=found.passed,
        severity=found.severity,
        description=found.description,
        metadata=found.metadata,
        blocking=blocking,
    )


def _mirrored_check(workspace: Workspace, gate: StageNode, gated: StageNode) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=gated.asset, name=gate.name, additional_deps=[gate.asset], description=f"the verdict of {gate.address}")
    def verdict() -> dg.AssetCheckResult:
        return read_verdict(workspace, gate, gated)

    return verdict
