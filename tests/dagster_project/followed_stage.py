"""The stage `checkpoint` of a workspace with one stage: its work is a job of Slurm, as a training's is."""

import os
import sys
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.launch.claims import Work
from latamgpt.launch.ranks import Ranks, run_ranks
from latamgpt.launch.site import read_site
from latamgpt.records import Report
from latamgpt.store import Workspace, write_report
from tests.conftest import ROOT

STAGE = "checkpoint"


def main(root: Path) -> None:
    """Have two ranks wait until ROOT/enough is there, and publish."""
    work = Work(STAGE, "0", root)
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    ranks = Ranks("tests.launch.rank", ["wait", str(root)], environment, root / "log", root / "outcome.json")
    with Workspace(root).publish(STAGE) as folder:
        run_ranks(read_site(root, "lab"), work, ranks)
        write_report(folder, Report(stage=STAGE, summary="two ranks waited"))


if __name__ == "__main__":
    try:
        main(Path.cwd())
    except OperatorError as error:
        sys.exit(f"latamgpt: {error}")
