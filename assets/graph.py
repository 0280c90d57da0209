"""The graph as dvc.yaml has it, in the words of assets: which stage reads what, and which version of the code it has."""

import hashlib
from pathlib import Path

import dagster as dg
import yaml

from latamgpt.records import Frozen
from latamgpt.store import Workspace


class StageNode(Frozen):
    """One stage of dvc.yaml, its matrix and its templates resolved."""

    address: str  # as DVC calls it: 'corpus', 'documents@academia-quechua'
    name: str
    key: str  # the partner, or ''
    cmd: str
    deps: tuple[str, ...]  # paths
    params: tuple[str, ...]  # sections of params.yaml
    outs: tuple[str, ...]  # paths

    @property
    def asset(self) -> dg.AssetKey:
        """The asset that is this stage's output."""
        return dg.AssetKey([self.name, self.key] if self.key else [self.name])


class Graph(Frozen):
    """All stages, each after those that it reads."""

    stages: tuple[StageNode, ...]

    @property
    def outs(self) -> dict[str, StageNode]:
        """Which stage publishes a path."""
        return {out: node for node in self.stages for out in node.outs}

    def sources(self) -> dict[dg.AssetKey, str]:
        """What comes from outside of the graph, by asset, with its path."""
        outs = self.outs
        paths = sorted({dep for node in self.stages for dep in node.deps if dep not in outs})
        return {self.source_key(path): path for path in paths if not is_code(path)}

    def inputs(self, node: StageNode) -> dict[dg.AssetKey, str]:
        """The assets that a stage reads, with their paths."""
        outs = self.outs
        return {
            outs[path].asset if path in outs else self.source_key(path): path
            for path in node.deps
            if path in outs or not is_code(path)
        }

    def source_key(self, path: str) -> dg.AssetKey:
        """The asset for a path that no stage publishes: a partner's registry entry, its deliveries, a text ...."""
        parts = Path(path).with_suffix("").parts
        folder = {"partners": "partner_registry", "samples": "deliveries", "governance": "withdrawals"}.get(parts[0])
        is_partners = any(node.key == parts[-1] for node in self.stages)
        return dg.AssetKey([folder, parts[-1]] if folder and is_partners else [parts[-1]])

    def downstream(self, addresses: set[str]) -> set[str]:
        """These stages and all that depend on them."""
        reached = set(addresses)
        outs = self.outs
        for node in self.stages:
            if any(dep in outs and outs[dep].address in reached for dep in node.deps):
                reached.add(node.address)
        return reached

    def find(self, address: str) -> StageNode:
        """The stage of this address."""
        return next(node for node in self.stages if node.address == address)


FROM_PEOPLE = (
    *("data", "partners", "governance", "samples", "approvals", "evaluation_sets"),
    *("evaluation_peers", "peer_results"),
)
"""Folders of what goes in and comes out; all others hold the program."""


def is_code(path: str) -> bool:
    """Whether a dependency is program text, and so part of the code version, not an asset."""
    return path.partition("/")[0] not in FROM_PEOPLE


def code_version(workspace: Workspace, node: StageNode, params: dict[str, object]) -> str:
    """A hash of the command, of the stage's sections of params.yaml and of the program text it depends on."""
    digest = hashlib.sha256(node.cmd.encode())
    for section in node.params:
        digest.update(repr((section, _look_up(params, section))).encode())
    for path in sorted(path for path in node.deps if is_code(path)):
        for file in _program_files(workspace.root / path):
            digest.update(file.relative_to(workspace.root).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def read_params_text(workspace: Workspace) -> dict[str, object]:
    """params.yaml as plain values: only hashed here, the stages check it."""
    return yaml.load((workspace.root / "params.yaml").read_bytes(), Loader=yaml.CSafeLoader)


def _look_up(values: object, dotted: str) -> object:
    for part in dotted.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def _program_files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [path] if path.is_file() else []
