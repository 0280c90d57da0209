"""Which stages of the graph a changed file makes stale, as dvc.yaml says it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from latamgpt.params import read_params

PARTNER = "${item.partner}"


@dataclass(frozen=True)
class _Step:
    address: str  # as DVC calls it: 'corpus', 'documents@academia-quechua'
    deps: tuple[str, ...]
    outs: tuple[str, ...]


def stale_stages(root: Path, changed: Collection[str]) -> list[str]:
    """The stages that read one of these files, and all that stand on them, in the order of dvc.yaml.

    DVC does not run one of them where what it reads comes out the same.
    """
    steps = list(_steps(root))
    paths, reached = set(changed), set[str]()
    while True:
        found = [step for step in steps if step.address not in reached and _reads(step, paths)]
        if not found:
            return [step.address for step in steps if step.address in reached]
        for step in found:
            reached.add(step.address)
            paths.update(step.outs)


def _reads(step: _Step, paths: Collection[str]) -> bool:
    return any(path == dep or path.startswith(f"{dep}/") for path in paths for dep in step.deps)


def _steps(root: Path) -> Iterator[_Step]:
    partners = read_params(root).partners
    stages: dict[str, dict[str, Any]] = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for name, stage in stages.items():
        for key in partners if "matrix" in stage else ("",):
            deps, outs = (tuple(path.replace(PARTNER, key) for path in stage.get(part, ())) for part in ("deps", "outs"))
            yield _Step(f"{name}@{key}" if key else name, deps, outs)
