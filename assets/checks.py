"""What a later stage says of an asset, as a check on it: a gate's verdict, or that all of it was counted.

A check reads the report that the later stage left; it judges nothing itself.
"""

from collections.abc import Mapping

import dagster as dg

from assets.graph import Graph, StageNode
from assets.links import data_docs_link
from assets.lock import read_lock
from assets.report_view import expectation_table, table_markdown, tables_metadata
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
            **tables_metadata(report),
            "data_docs": data_docs_link(node),
        },
    )


def counted(report: Report) -> dg.AssetCheckResult:
    """The tables of what a later stage counted."""
    metadata = tables_metadata(report)
    return dg.AssetCheckResult(passed=True, severity=dg.AssetCheckSeverity.WARN, description=report.summary, metadata=metadata)


def mirrored_checks(workspace: Workspace, graph: Graph, shown: Mapping[str, Shown]) -> list[dg.AssetChecksDefinition]:
    """What each later stage says of the asset that it judges or counts.

    Not blocking there: it reads that asset, so Dagster would wait for itself. The check of a gate's own asset blocks.
    """
    later = [node for node in graph.stages if shown[node.name].speaks_of]
    return [_mirrored_check(workspace, node, node_spoken_of(graph, node, shown), shown) for node in later]


def node_spoken_of(graph: Graph, later: StageNode, shown: Mapping[str, Shown]) -> StageNode:
    """The stage whose output a later one judges or counts."""
    return next(node for node in graph.stages if node.name == shown[later.name].speaks_of and node.key in ("", later.key))


def read_verdict(workspace: Workspace, later: StageNode, judged: StageNode, shown: Mapping[str, Shown]) -> dg.AssetCheckResult:
    """What is said of the bytes that lie there now; a warning where it was said of other bytes, or nothing was."""
    lock = read_lock(workspace)
    path = judged.outs[0]
    seen = lock[later.address].deps.get(path) if later.address in lock else None
    if seen is None or judged.address not in lock or seen != lock[judged.address].outs[path]:
        verb = "judged" if shown[later.name].gate_of else "counted"
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{later.address} has not {verb} this version yet: materialize it",
        )
    report = Report.read(workspace.place(later.name, later.key))
    return judge(later, report) if shown[later.name].gate_of else counted(report)


def mirrored_evaluation(
    workspace: Workspace, graph: Graph, later: StageNode, shown: Mapping[str, Shown]
) -> dg.AssetCheckEvaluation:
    """What a later stage says as an event of the asset of which it says it.

    Its own step reports it: where a gate fails, Dagster never comes to the check.
    """
    judged = node_spoken_of(graph, later, shown)
    return evaluation(judged.asset, later.name, read_verdict(workspace, later, judged, shown), blocking=False)


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


def _mirrored_check(
    workspace: Workspace, later: StageNode, judged: StageNode, shown: Mapping[str, Shown]
) -> dg.AssetChecksDefinition:
    said = f"the verdict of {later.address}" if shown[later.name].gate_of else f"what {later.address} counted of it"

    @dg.asset_check(asset=judged.asset, name=later.name, additional_deps=[later.asset], description=said)
    def verdict() -> dg.AssetCheckResult:
        return read_verdict(workspace, later, judged, shown)

    return verdict
