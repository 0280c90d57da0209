"""A watched run as a process of its own: `python -m tests.tracking.run_process ROOT KEY`; each line of its input is a step."""

import sys
from pathlib import Path

from latamgpt.store import Workspace
from latamgpt.tracking.runs import start_run


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    workspace, key = Workspace(Path(sys.argv[1])), sys.argv[2] if len(sys.argv) > 2 else ""
    with start_run(workspace, "checkpoint", "cpt", {}, {}, continue_run=key, watched=True) as run_log:
        assert run_log.watcher is not None
        say(f"{run_log.key} {run_log.watcher.pid}")
        for line in sys.stdin:
            run_log.log_step({"train/loss": 1 / int(line)}, int(line), 0.01)
            say(line.strip())
    say(run_log.run_id)
