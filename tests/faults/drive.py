"""A run of a small factory in a process of its own, so that a test can kill it: `python -m tests.faults.drive WORKSPACE`."""

import sys
from pathlib import Path

from dagster_project.definitions import build_location
from dagster_project.home import open_instance
from dagster_project.materialize import execute
from latamgpt.store import Workspace


def main(root: Path) -> int:
    workspace = Workspace(root)
    location = build_location(workspace)
    addresses = {node.address for node in location.factory.graph.stages} - {"release"}
    try:
        with open_instance(workspace) as instance:
            outcome = execute(location, instance, "factory", addresses)
    finally:
        location.door.close()
    sys.stderr.write(f"{outcome}\n")
    if outcome.interrupted:
        return 130
    return 0 if outcome.succeeded else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
