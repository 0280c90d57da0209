"""`make run`: from the deliveries to a release, only what is stale, as a Dagster run that the UI shows afterwards."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from dagster_project import full_disk
from dagster_project.adopt import adopt
from dagster_project.definitions import Location, build_location
from dagster_project.home import open_instance, settings
from dagster_project.jobs import FACTORY_JOB, RELEASE, RELEASE_JOB
from dagster_project.live import Live, open_screen
from dagster_project.materialize import execute
from dagster_project.run_processes import bury_dead_runs
from dagster_project.summary import next_step, say, show_summary
from latamgpt.errors import OperatorError
from latamgpt.params import Params, read_params
from latamgpt.progress import PROGRESS_FOLDER_VARIABLE
from latamgpt.release.approval import standing_approval, why_no_sample
from latamgpt.release.approving import approval_from_alias, approve
from latamgpt.release.signed import unreleased_approval
from latamgpt.store import Workspace, find_workspace
from latamgpt.tracking.server import must_answer

FAILED, INTERRUPTED = 1, 130
SAMPLE_REVIEWER = "Sample Reviewer"
SAMPLE_ROLE = "stands in for a person where the samples are run"
SAMPLE_STATEMENT = "The gates passed on the shipped samples. Nobody has read this model's answers: it is not for use."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is stale and print what came of it; a person's mistake is explained in plain words."""
    parser = argparse.ArgumentParser(prog="python -m dagster_project.run", description="Run what is stale, up to a release.")
    parser.add_argument("--without-release", action="store_true", help="stop at the release candidate")
    options = parser.parse_args(arguments)
    try:
        with full_disk.explained(Path.cwd()):
            workspace = find_workspace(Path.cwd())
            read_params(workspace.root)  # a misspelt key stops here, before anything starts
            return run(workspace, with_release=not options.without_release)
    except OperatorError as error:
        say(f"latamgpt: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("latamgpt: stopped. Nothing was left half-published; the same command goes on from here.")
        return INTERRUPTED


def run(workspace: Workspace, *, with_release: bool) -> int:
    """Bring a workspace up to date."""
    began = time.monotonic()
    for name, url in settings(workspace).links.items():
        os.environ.setdefault(name, url)
    os.environ[PROGRESS_FOLDER_VARIABLE] = str(_empty_folder(workspace.root / "var" / "progress"))
    location = build_location(workspace)
    try:
        with open_instance(workspace) as instance:
            code = _bring_up_to_date(location, instance, with_release=with_release)
    finally:
        location.door.close()
    if code == 0:
        released = with_release and standing_approval(workspace) is not None and unreleased_approval(workspace) is None
        show_summary(workspace, released=released, seconds=time.monotonic() - began)
        if with_release and not released:
            say(next_step(workspace, read_params(workspace.root)))
    return code


def _bring_up_to_date(location: Location, instance: dg.DagsterInstance, *, with_release: bool) -> int:
    graph, workspace = location.factory.graph, location.factory.workspace
    bury_dead_runs(instance)
    changed = set(location.door.status())
    stale = graph.downstream(changed)
    adopt(location.factory, instance, stale)
    building = {address for address in stale if graph.find(address).name != RELEASE}
    if building:
        must_answer(workspace)  # asked now, and not by the training, hours later
        say(f"{len(building)} of {len(graph.stages)} stages to bring up to date")
        if code := _execute(location, instance, FACTORY_JOB, building):
            return code
    if not with_release or not approve_sample(workspace, read_params(workspace.root)):
        return 0
    if building or stale or unreleased_approval(workspace):
        return _execute(location, instance, RELEASE_JOB, {RELEASE})
    say(f"nothing changed: all {len(graph.stages)} stages are as dvc.lock records them")
    return 0


def approve_sample(workspace: Workspace, params: Params) -> bool:
    """Whether somebody approved the candidate, here or in MLflow; where all partners are samples, the named sample reviewer does.

    Never in place of a person: neither for a real partner's texts, nor over an approval that a person gave.
    """
    if standing_approval(workspace) or approval_from_alias(workspace, params.release_candidate.name):
        return True
    if why_no_sample(workspace, params.partners):
        return False
    say(approve(workspace, SAMPLE_REVIEWER, SAMPLE_ROLE, SAMPLE_STATEMENT, sample=True))
    return True


def _execute(location: Location, instance: dg.DagsterInstance, job_name: str, addresses: set[str]) -> int:
    """One Dagster run over some stages, shown as it goes; 0 when all of them succeeded."""
    folder = Path(os.environ[PROGRESS_FOLDER_VARIABLE])
    with Live(open_screen(folder), total=len(addresses)) as live:
        outcome = execute(location, instance, job_name, addresses, live)
    if outcome.interrupted:
        raise KeyboardInterrupt
    for address, words in sorted(outcome.failures.items()):
        say(f"\nlatamgpt: {address} failed: {words}")
    if not outcome.succeeded:
        say(f"\nWhat was finished stays; the same command goes on from here. Run {outcome.run_id[:8]} in `make ui` has the logs.")
    return 0 if outcome.succeeded else FAILED


def _empty_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
