"""Runs: begun or continued, with what they read and on which revision, and closed whatever happens."""

import logging
import os
import subprocess
import time
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.errors import DrainedError, OperatorError
from latamgpt.store import Workspace, digest_of, held, sha256_file
from latamgpt.tracking.links import leave_link
from latamgpt.tracking.nesting import nesting_of
from latamgpt.tracking.points import RunLog
from latamgpt.tracking.sending import send_left
from latamgpt.tracking.server import must_answer
from latamgpt.tracking.spool import Begin, Ending, Spool, SpoolWriter, UsedDataset, spool_folder
from latamgpt.tracking.watcher import start_watcher

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatasetUsed:
    """What a run read, as MLflow's dataset tab shows it: a published folder and the digest of its manifest."""

    name: str
    folder: Path
    context: str  # training, evaluation ...


@contextmanager
def start_run(
    workspace: Workspace,
    stage: str,
    name: str,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    *,
    continue_run: str = "",
    datasets: Sequence[DatasetUsed] = (),
    watched: bool = False,
) -> Generator[RunLog]:
    """One MLflow run for a stage's work: FINISHED when it ends, FAILED when it raises, KILLED when interrupted or drained.

    Steps: take up the spool of the run to continue (its `key`), or begin one; leave the link; write to the spool alone; at the
    end see all of it sent. A watched run has a process beside it that sends meanwhile, samples the machine, and closes the run
    where this process cannot. A server that is away stops nobody.
    """
    try:
        must_answer(workspace)
    except OperatorError as error:
        log.warning("%s The work goes on; what it measures waits in %s.", error, spool_folder(workspace.root))
    spool = Spool(workspace.root, continue_run or uuid.uuid4().hex)
    nested = nesting_of(workspace)
    begin = Begin(
        at_ms=int(time.time() * 1000),
        stage=stage,
        name=name,
        params={**{key: str(value) for key, value in flatten(params).items()}, **nested.params},
        tags={**revision_tags(workspace), "dvc.stage": stage, **dagster_tags(), **tags, **nested.all_tags},
        datasets=tuple(_used(dataset) for dataset in datasets),
    )
    run_log = RunLog(spool, SpoolWriter(spool))
    with held(workspace.root, "spool"):
        run_log.take_up(begin)
    leave_link(workspace, stage, spool.key)
    if watched:
        run_log.watcher = start_watcher(spool)
    else:
        send_left(workspace)
    try:
        yield run_log
    except DrainedError:
        run_log.close(Ending.DRAINED)
        raise
    except Exception:
        run_log.close(Ending.FAILED)
        raise
    except BaseException:
        run_log.close(Ending.INTERRUPTED)
        raise
    run_log.close(Ending.FINISHED)


def find_run(client: "MlflowClient", run_id: str) -> "Run | None":
    """A run that an earlier process began; None where the store does not know it (another store, or deleted)."""
    if not run_id:
        return None
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def revision_tags(workspace: Workspace) -> dict[str, str]:
    """The git revision, whether the checkout differs from it, and the sha256 of dvc.lock, which names the data."""
    revision = _git(workspace, "rev-parse", "HEAD")
    changed = _git(workspace, "status", "--porcelain", "--untracked-files=no")
    lock = workspace.root / "dvc.lock"
    return {
        "git.revision": revision or "none",
        "git.changed": "yes" if changed else "no",
        "dvc.lock": sha256_file(lock) if lock.is_file() else "none",
    }


def dagster_tags() -> dict[str, str]:
    """The Dagster run that this process works for, where there is one."""
    run_id = os.environ.get("LATAMGPT_DAGSTER_RUN", "")
    url = os.environ.get("LATAMGPT_DAGSTER_URL", "")
    return {"dagster.run_id": run_id, "dagster.run_url": f"{url}/runs/{run_id}"} if run_id else {}


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested parameters as dotted names."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _used(dataset: DatasetUsed) -> UsedDataset:
    return UsedDataset(name=dataset.name, folder=str(dataset.folder), digest=digest_of(dataset.folder), context=dataset.context)


def _git(workspace: Workspace, *arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=workspace.root, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ""
