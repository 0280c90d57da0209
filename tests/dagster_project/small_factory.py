"""A factory of the same shape as the real one, small enough that a test runs all of it: its own git and DVC workspace."""

import shutil
import subprocess
import sys
from pathlib import Path

from latamgpt.store import Workspace

PROGRAM = Path(__file__).parent / "small_stage.py"
PARTNERS = ("alpha", "beta", "gamma")

INSTITUTION = """
id: {partner}
name: {partner}
country: PE
kind: archive
contact: office
data_steward: office
sample: true
agreements:
  - id: {partner}-1
    title: words
    licence: CC0-1.0
    consent: holder
    purposes: [train, release]
    valid_from: 2025-01-01
    valid_until: 2027-12-31
    attribution: {partner}
"""

PER_PARTNER = """
  {name}:
    matrix:
      partner: ${{partners}}
    cmd: {python} code/stage.py {name} ${{item.partner}}
    deps:
{deps}
      - code/stage.py
{params}
    outs:
      - data/{name}/${{item.partner}}
"""

SINGLE = """
  {name}:
    cmd: {python} code/stage.py {name}
    deps:
{deps}
      - code/stage.py
{params}
    outs:
      - data/{name}
"""


def make(root: Path, partners: tuple[str, ...] = PARTNERS) -> Workspace:
    """A workspace with deliveries and nothing run."""
    for partner in partners:
        delivery = root / "samples" / partner / "first"
        delivery.mkdir(parents=True)
        (delivery / "one.txt").write_text(f"words of {partner}\n")
        (root / "partners").mkdir(exist_ok=True)
        (root / "partners" / f"{partner}.yaml").write_text(INSTITUTION.format(partner=partner))
    (root / "code").mkdir()
    shutil.copy(PROGRAM, root / "code" / "stage.py")
    (root / "approvals").mkdir()
    (root / "approvals" / "approval.yaml").write_text("reviewer: nobody\n")
    names = "".join(f"\n  - {partner}" for partner in partners)
    (root / "params.yaml").write_text(
        f'partners:{names}\nrights:\n  as_of: "2026-11-21"\nclean_documents:\n  times: 1\ncheckpoint:\n  rate: 3\n'
    )
    (root / "dvc.yaml").write_text(graph_text(partners))
    (root / ".gitignore").write_text("/data/\n/var/\n")
    call(root, "git", "init", "--quiet")
    call(root, "git", "config", "user.email", "test@example.org")
    call(root, "git", "config", "user.name", "test")
    call(root, sys.executable, "-m", "dvc", "init", "--quiet")
    for setting in ("core.analytics=false", "core.autostage=false", "core.check_update=false"):
        call(root, sys.executable, "-m", "dvc", "config", *setting.split("="))
    call(root, "git", "add", "--all")
    call(root, "git", "commit", "--quiet", "--message", "small factory")
    return Workspace(root)


def graph_text(partners: tuple[str, ...]) -> str:
    """dvc.yaml in the shape of the real one."""
    each = [f"data/clean_documents/{p}" for p in partners] + [f"data/documents_gate/{p}" for p in partners]
    item = "${item.partner}"
    registry = [f"partners/{p}.yaml" for p in partners]
    stages = [
        stage(PER_PARTNER, "documents", [f"partners/{item}.yaml", f"samples/{item}"], ["rights"]),
        stage(PER_PARTNER, "clean_documents", [f"data/documents/{item}"], ["clean_documents"]),
        stage(PER_PARTNER, "documents_gate", [f"data/clean_documents/{item}", f"partners/{item}.yaml"], []),
        stage(SINGLE, "corpus", [*each, *registry], ["partners", "rights"]),
        stage(SINGLE, "checkpoint", ["data/corpus", *registry], ["checkpoint"]),
        stage(SINGLE, "release_candidate", ["data/checkpoint", *registry], []),
        stage(SINGLE, "release", ["approvals/approval.yaml", "data/release_candidate", *registry], []),
    ]
    return "vars:\n  - params.yaml\n\nstages:" + "".join(stages)


def stage(template: str, name: str, deps: list[str], params: list[str]) -> str:
    """One stage's entry."""
    return template.format(
        name=name,
        python=sys.executable,
        deps="\n".join(f"      - {dep}" for dep in deps),
        params="    params:\n" + "\n".join(f"      - {section}" for section in params) if params else "",
    )


def call(root: Path, *command: str) -> str:
    """Run a command in the workspace; its output."""
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
