"""dvc.yaml as DVC itself reads it, kept under var/graph so that a step which imports the code location need not ask again."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from assets.graph import Graph, StageNode
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, write_json

if TYPE_CHECKING:
    from dvc.exceptions import DvcException
    from dvc.stage import PipelineStage


def load_graph(workspace: Workspace) -> Graph:
    """The graph of a workspace: from var/graph where dvc.yaml and params.yaml are the same as then, else parsed by DVC."""
    digest = hashlib.sha256()
    for name in ("dvc.yaml", "params.yaml"):
        digest.update((workspace.root / name).read_bytes())
    kept = workspace.root / "var" / "graph" / f"{digest.hexdigest()[:16]}.json"
    if not kept.is_file():
        graph = parse_graph(workspace.root)
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(".draft")
        write_json(draft, graph)
        draft.replace(kept)
    return Graph.model_validate_json(kept.read_bytes())


def parse_graph(root: Path) -> Graph:
    """All stages of dvc.yaml, matrix and templates resolved by DVC, each after those that it reads.

    Raises:
        OperatorError: DVC cannot read dvc.yaml.
    """
    from dvc.exceptions import DvcException  # noqa: PLC0415  (0.4 s)
    from dvc.repo import Repo  # noqa: PLC0415
    from dvc.stage import PipelineStage  # noqa: PLC0415

    try:
        with Repo(str(root)) as repo:
            nodes = [_node(stage) for stage in repo.index.stages if isinstance(stage, PipelineStage)]
    except DvcException as error:
        raise OperatorError(explain_unread(root, error)) from error
    return Graph(stages=tuple(_in_order(nodes)))


def explain_unread(root: Path, error: "DvcException") -> str:
    """Which file DVC could not read and why, and what to do, in a sentence."""
    from dvc.exceptions import NotDvcRepoError  # noqa: PLC0415

    if isinstance(error, NotDvcRepoError) or not (root / ".git").exists():
        return (
            f"{root} is no git checkout ({error}): without one, nobody could say which version of the code made what. Clone the "
            "repository with git and run there."
        )
    reason = f"{error} {error.__cause__ or ''}".strip()
    name = "dvc.lock" if "dvc.lock" in reason else "dvc.yaml"
    merged = (
        " Left over from a merge? `git merge --abort`, or mend the lines between <<<<<<< and >>>>>>>."
        if _merged(root / name)
        else ""
    )
    return (
        f"DVC cannot read {root / name}: {reason}. Without it there is no graph, and nothing was run.{merged} Mend the line "
        f"that it names, or restore the file with `git checkout {name}`."
    )


def _merged(path: Path) -> bool:
    return path.is_file() and "\n<<<<<<< " in "\n" + path.read_text(encoding="utf-8", errors="replace")


def _node(stage: "PipelineStage") -> StageNode:
    from dvc.dependency import ParamsDependency  # noqa: PLC0415

    address = str(stage.name)  # not `addressing`, which depends on the folder one stands in
    name, _, key = address.partition("@")
    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    return StageNode(
        address=address,
        name=name,
        key=key,
        cmd=str(stage.cmd),
        deps=tuple(sorted(dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency))),
        params=tuple(sorted(section for dep in params for section in dep.params)),
        outs=tuple(sorted(out.def_path for out in stage.outs)),
    )


def _in_order(nodes: list[StageNode]) -> list[StageNode]:
    """Every stage after those that it reads, in the order of dvc.yaml otherwise (DVC has refused circles)."""
    made = {out for node in nodes for out in node.outs}
    there: set[str] = set()
    ordered: list[StageNode] = []
    waiting = list(nodes)
    while waiting:
        ready = next(node for node in waiting if all(dep in there for dep in node.deps if dep in made))
        waiting.remove(ready)
        ordered.append(ready)
        there.update(ready.outs)
    return ordered
