"""A workspace whose one stage, `checkpoint`, is done by a job of a Slurm."""

import sys
from pathlib import Path

from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.dagster_project.small_factory import call

GRAPH = """stages:
  checkpoint:
    cmd: {python} -m tests.dagster_project.followed_stage
    deps:
      - words.txt
    outs:
      - data/checkpoint
"""


def make(root: Path, site: str) -> Workspace:
    """The workspace, committed, with nothing run; `site` is the text of sites/lab.yaml."""
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "lab.yaml").write_text(site)
    (root / "words.txt").write_text("two ranks\n")
    (root / "params.yaml").write_text("rights:\n  as_of: '2026-11-21'\n")
    (root / "dvc.yaml").write_text(GRAPH.format(python=sys.executable))
    (root / "workspace.yaml").write_text((ROOT / "workspace.yaml").read_text())
    (root / ".gitignore").write_text("/data/\n/var/\n")
    call(root, "git", "init", "--quiet")
    call(root, sys.executable, "-m", "dvc", "init", "--quiet")
    for setting in ("core.analytics=false", "core.autostage=false", "core.check_update=false"):
        call(root, sys.executable, "-m", "dvc", "config", *setting.split("="))
    return Workspace(root)
