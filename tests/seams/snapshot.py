"""The graph as Dagster has it, as text: `python -m tests.seams.snapshot` writes tests/golden/graph.txt anew."""

from pathlib import Path

import dagster as dg

from dagster_project.definitions import build_location
from latamgpt.store import Workspace
from tests.conftest import ROOT

GOLDEN = Path(__file__).parent.parent / "golden" / "graph.txt"


def graph_text(workspace: Workspace) -> str:
    """One line for each asset with its group, kinds and checks, and one for each of its inputs; then jobs and what watches."""
    definitions = build_location(workspace).definitions
    graph = definitions.resolve_asset_graph()
    lines: list[str] = []
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        kind = "source" if node.is_external else ", ".join(sorted(node.kinds))
        lines.append(f"{key.to_user_string()}  [{node.group_name}] {kind}")
        lines += [f"    <- {parent.to_user_string()}" for parent in sorted(node.parent_keys)]
        for check in sorted(node.check_keys):
            blocking = " (blocking)" if graph.get_check_spec(check).blocking else ""
            lines.append(f"    check {check.name}{blocking}")
    repository = definitions.get_repository_def()
    lines += [f"job {job.name}" for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)]
    lines += [
        f"sensor {one.name}: {one.default_status.value}" for one in sorted(repository.sensor_defs, key=lambda one: one.name)
    ]
    lines += [
        f"schedule {one.name}: {one.cron_schedule}, {one.default_status.value}"
        for one in sorted(repository.schedule_defs, key=lambda one: one.name)
    ]
    return "\n".join(lines) + "\n"


def groups(definitions: dg.Definitions) -> set[str]:
    """The groups that the UI shows."""
    graph = definitions.resolve_asset_graph()
    return {graph.get(key).group_name for key in graph.get_all_asset_keys()}


if __name__ == "__main__":
    GOLDEN.write_text(graph_text(Workspace(ROOT)), encoding="utf-8")
