"""A scheduled retraining: in a git worktree of its own, on a branch that a person merges.

The workspace that people use is left alone: one DVC workspace has one writer. The worktree shares DVC's cache, so that only
what is new is computed. The day that agreements are held against becomes the first of the month.
"""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import Field

from assets.links import mlflow_link
from dagster_project.dvc_door import RUN_VARIABLE
from dagster_project.run_processes import process_tags
from latamgpt.cache import hand_on
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace, find_workspace
from latamgpt.tracking.server import tracking_uri


class Retraining(dg.Config):
    """What a person may fill in where the job is launched."""

    as_of: str = Field(
        default="", description="The day that agreements are held against, such as 2026-12-01; empty: the first of this month."
    )


@dg.op(description="Make a worktree, run the factory there up to a candidate, commit its dvc.lock on a branch.")
def retrain_in_worktree(context: dg.OpExecutionContext, config: Retraining) -> None:
    """One retraining, named after the month of its day."""
    workspace = find_workspace(Path.cwd())
    context.instance.add_run_tags(context.run_id, process_tags(context.run_id))
    try:
        day = must_be_day(config.as_of) if config.as_of else first_of_month(context)
        _git(workspace.root, "var", "GIT_COMMITTER_IDENT")  # git's complaint now, not after hours of work
        if changed := left_out(workspace):
            context.log.warning(f"not committed, so no part of this retraining: {', '.join(changed)}")
        folder = add_worktree(workspace, day[:7])
        set_as_of(folder, day)
        _run_factory(context, workspace, folder)
        commit_result(folder, day)
    except OperatorError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    context.add_output_metadata(outcome(folder, branch_of(day[:7])))


@dg.job(name="retrain", description="The factory in a worktree of its own.", executor_def=dg.in_process_executor)
def retrain() -> None:
    """One retraining."""
    retrain_in_worktree()


def config_of(day: str) -> dict[str, object]:
    """What the job is launched with for a day."""
    return {"ops": {retrain_in_worktree.name: {"config": {"as_of": day}}}}


def must_be_day(text: str) -> str:
    """A day as it was filled in.

    Raises:
        OperatorError: it is none.
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise OperatorError(
            f"as_of is {text!r}, not a day such as 2026-12-01. No agreement can be held against it, so nothing was begun. Launch "
            "the job again with a day, or with none for the first of this month."
        ) from error


def first_of_month(context: dg.OpExecutionContext) -> str:
    """The first day of the month in which this run was created."""
    record = context.instance.get_run_record_by_id(context.run_id)
    if record is None:
        raise OperatorError(f"Dagster has no record of run {context.run_id}, so the month to retrain for is unknown.")
    return record.create_timestamp.strftime("%Y-%m-01")


def outcome(folder: Path, branch: str) -> dict[str, dg.MetadataValue]:
    """What a retraining came to, for its run's page: the scorecard, the way to MLflow, how to take the candidate over."""
    made = Workspace(folder)
    take_over = f"git merge {branch} && make run    # from the cache: nothing is computed anew; then it waits for a reviewer"
    return {
        "scorecard": dg.MetadataValue.text(made.report("scorecard").summary),
        "candidate": dg.MetadataValue.path(made.place("release_candidate")),
        "branch": dg.MetadataValue.text(branch),
        "next": dg.MetadataValue.text(take_over),
        **mlflow_link(made, "checkpoint"),
    }


def add_worktree(workspace: Workspace, month: str) -> Path:
    """A checkout of HEAD on branch retrain/MONTH under var/retrain, with the cache of this workspace and what it scored before;
    kept if it is there.

    Raises:
        OperatorError: the branch is there and its worktree is not: somebody's retraining would be written over.
    """
    folder, branch = workspace.root / "var" / "retrain" / month, branch_of(month)
    is_new = not folder.exists()
    if is_new:
        if _has_branch(workspace.root, branch):
            raise OperatorError(
                f"branch {branch} is there already, and {folder} is not. A new retraining would write over what the branch "
                f"holds. Merge it and delete it (`git branch --delete {branch}`), or go on with it "
                f"(`git worktree add {folder} {branch}`)."
            )
        _git(workspace.root, "worktree", "prune")
        _git(workspace.root, "worktree", "add", "--quiet", "-b", branch, str(folder), "HEAD")
    cache = str(workspace.root / ".dvc" / "cache")  # said also where a kill came between: a merge needs what is in there
    _call([sys.executable, "-m", "dvc", "cache", "dir", "--local", cache], folder)
    if is_new:
        _call([sys.executable, "-m", "dvc", "checkout", "--quiet", "--allow-missing"], folder)
        hand_on(workspace.root, folder, "scorecard")  # numbers of the base, which is likely the same
    return folder


def left_out(workspace: Workspace) -> list[str]:
    """What lies in this checkout and is not committed, and so is no part of a retraining."""
    places = ["params.yaml", "dvc.yaml", "partners", "governance", "samples", "latamgpt"]
    return _git(workspace.root, "status", "--porcelain", "--", *places).splitlines()


def branch_of(month: str) -> str:
    """The branch of a month's retraining."""
    return f"retrain/{month}"


def commit_result(folder: Path, day: str) -> bool:
    """Commit what a retraining changed; whether there was anything to commit."""
    _git(folder, "add", "dvc.lock", "params.yaml")
    staged = subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=folder, check=False).returncode != 0
    if staged:
        _git(folder, "commit", "--quiet", "--message", f"Retrain as of {day}")
    return staged


def set_as_of(folder: Path, day: str) -> None:
    """Hold agreements against another day: params.yaml, rights.as_of, comments kept."""
    from ruamel.yaml import YAML  # noqa: PLC0415

    yaml = YAML()
    yaml.width = 120
    path = folder / "params.yaml"
    document = yaml.load(path.read_text(encoding="utf-8"))
    document["rights"]["as_of"] = day
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)


def worktree_environment(workspace: Workspace, folder: Path, run_id: str) -> dict[str, str]:
    """The worktree's program, not the checkout's.

    Its runs go to the checkout's MLflow, where people compare them, and lead back to this run of the checkout's Dagster.
    """
    kept = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return {
        **kept,
        "MLFLOW_TRACKING_URI": tracking_uri(workspace),
        RUN_VARIABLE: run_id,
        "PYTHONPATH": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def _run_factory(context: dg.OpExecutionContext, workspace: Workspace, folder: Path) -> None:
    environment = worktree_environment(workspace, folder, context.run_id)
    command = [sys.executable, "-m", "dagster_project.run", "--without-release"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line.rstrip())
                context.log.info(line.rstrip())
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code:
        raise dg.Failure(description="\n".join(lines[-12:]), metadata={"worktree": dg.MetadataValue.path(folder)})


def _has_branch(folder: Path, branch: str) -> bool:
    asked = ["git", "show-ref", "--verify", "--quiet", f"refs/heads/{branch}"]
    return subprocess.run(asked, cwd=folder, check=False).returncode == 0


def _git(folder: Path, *arguments: str) -> str:
    return _call(["git", *arguments], folder)


def _call(command: list[str], folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise OperatorError(f"`{' '.join(command)}` in {folder} failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout
