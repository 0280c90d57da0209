"""A rung and a trial each work in a small workspace of their own, on links to what this checkout has.

So a trial is made by the stages that make a release, unchanged: the same loop, launcher, rights, quote and ledger. What they
share with the checkout is linked; what they publish is theirs.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from latamgpt.records import MANIFEST_NAME, Frozen
from latamgpt.store import Workspace, replace_json

SHARED = (
    *("partners", "governance", "sites", "samples", "languages", "evaluation_sets", "profiles", "params.yaml", "dvc.yaml"),
    *("dvc.lock", "approvals"),
)
"""Read by stages: registry, texts, sites. Not there in every checkout."""

SHARED_VAR = ("base_models", "downloads", "mlflow", "locks", "slurm")
"""Of this machine, and used by all: what MLflow has not taken yet must outlive the workspace."""


class _Made(Frozen):
    """What a workspace was made for."""

    identity: str


def open_workspace(checkout: Workspace, root: Path, identity: str, ledger: str) -> Workspace:
    """A workspace for this work: the one that an earlier, killed process left, or a new one; another work's is cleared away."""
    made = root / "made.json"
    if root.is_dir() and (not made.is_file() or _Made.model_validate_json(made.read_bytes()).identity != identity):
        shutil.rmtree(root)
    (root / "var").mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        if (checkout.root / name).exists():
            _link(checkout.root / name, root / name)
    for name in SHARED_VAR:
        (checkout.root / "var" / name).mkdir(parents=True, exist_ok=True)
        _link(checkout.root / "var" / name, root / "var" / name)
    if not Path(ledger).is_absolute():
        place = root / ledger
        place.parent.mkdir(parents=True, exist_ok=True)
        for one in (place, place.with_suffix(".lock")):
            _link(checkout.root / one.relative_to(root), one)
    replace_json(made, _Made(identity=identity))
    return Workspace(root)


def link_outputs(source: Workspace, workspace: Workspace, stages: Iterable[str]) -> None:
    """Let a workspace read what these stages published elsewhere; what it has already stays."""
    (workspace.root / "data").mkdir(exist_ok=True)
    for stage in stages:
        if is_published(source, stage):
            _link(source.place(stage), workspace.place(stage))


def is_published(workspace: Workspace, stage: str) -> bool:
    """Whether a stage's output lies there whole; its bytes are verified by whoever reads it."""
    return (workspace.place(stage) / MANIFEST_NAME).is_file()


def _link(target: Path, place: Path) -> None:
    if not place.is_symlink() and not place.exists():
        place.symlink_to(target.absolute())
