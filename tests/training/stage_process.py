"""The checkpoint stage as a process of its own: `python -m tests.training.stage_process ROOT PARAMS`."""

import sys
from pathlib import Path

from latamgpt.params import Params
from latamgpt.stages import run_stage
from latamgpt.store import Workspace

if __name__ == "__main__":
    run_stage(Workspace(Path(sys.argv[1])), Params.model_validate_json(Path(sys.argv[2]).read_bytes()), "checkpoint")
