"""The checkpoint stage as a process of its own: `python -m tests.training.stage_process ROOT PARAMS [WORKER]`."""

import sys
from pathlib import Path

from latamgpt.launch import ranks
from latamgpt.params import Params
from latamgpt.stages import run_stage
from latamgpt.store import Workspace


def start_ranks_as(worker: str) -> None:
    run = ranks.run_processes
    ranks.run_processes = lambda site, _, *rest, **more: run(site, worker, *rest, **more)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        start_ranks_as(sys.argv[3])
    run_stage(Workspace(Path(sys.argv[1])), Params.model_validate_json(Path(sys.argv[2]).read_bytes()), "checkpoint")
