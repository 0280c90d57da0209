"""One stage through DVC, guarded: right inputs before, recorded outputs or the last good ones after.

Plain `dvc repro -s` accepts a half-written input and records it. Here inputs are held against dvc.lock first and restored where
they differ; a stage that fails or is stopped leaves the outputs that dvc.lock knows. Runs in a process group of its own.
"""

import json
import logging
import re
import shutil
import signal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import dvc.lock
import psutil
from dvc.exceptions import DvcException, ReproductionError
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo
from dvc.stage.exceptions import StageCmdFailedError

from dagster_project import dvc_lockfile, dvc_run_cache, dvc_stages
from dagster_project.dvc_codes import BUSY, FAILED, STOPPED, UNRECOVERABLE
from dagster_project.dvc_graph import explain_unread

if TYPE_CHECKING:
    from dvc.stage import Stage

SECONDS_TO_END = 10
SHELL_ADDS = 128  # to the number of a signal that ended its command

dvc.lock.DEFAULT_TIMEOUT = 0.3  # a sixth of it is the wait between two tries for DVC's lock: 50 ms, by default 500
dvc_lockfile.install()
dvc_run_cache.install()
dvc_stages.install()


def open_ahead(root: Path) -> None:
    """Open the repository once, so that children forked later find loaded what DVC loads when it first opens one."""
    try:
        with Repo(str(root)) as repo:
            list(repo.index.stages)
    except Exception as error:  # noqa: BLE001  (a file that somebody is editing: whoever needs it will say so)
        logging.getLogger(__name__).info("%s was not opened ahead: %s", root, error)


class StoppedError(BaseException):
    """Somebody asked this stage to stop; not an Exception, so that DVC does not take it for a stage's failure."""


def reproduce(root: Path, address: str) -> int:
    """Bring one stage up to date; 0, or FAILED, UNRECOVERABLE (an input is lost), BUSY (try again), STOPPED."""
    signal.signal(signal.SIGTERM, _stop)
    with Repo(str(root), _wait_for_lock=True) as repo:
        with lock_repo(repo):
            (stage,) = repo.stage.collect(address)
            _clear_drafts(root, address)
            lost = _restore_inputs(repo, stage)
        if lost:
            say(
                f"{address}: {', '.join(lost)} is not what dvc.lock recorded, and DVC's cache does not hold it either. "
                "Nothing was run on it. Run the stage that makes it, or `dvc pull` it."
            )
            return UNRECOVERABLE
        try:
            repo.reproduce(targets=[address], single_item=True)  # pyright: ignore[reportCallIssue]
        except ReproductionError as error:
            return _explain(repo, stage, error)
        except StoppedError:
            _roll_back(repo, stage)
            say(f"{address}: stopped. Its last good output stands; run it again to go on.")
            return STOPPED
    return 0


def write_status(root: Path, answer: Path) -> int:
    """`dvc status --json` into a file: what changed, by stage address."""
    draft = answer.with_suffix(".draft")
    try:
        with Repo(str(root), _wait_for_lock=True) as repo:
            draft.write_text(json.dumps(repo.status()), encoding="utf-8")
    except DvcException as error:
        say(explain_unread(root, error))
        return FAILED
    draft.replace(answer)
    return 0


def say(line: str) -> None:
    """A line for the stage's log; the door shows the last of them when a stage fails."""
    print(f"latamgpt: {line}", flush=True)  # noqa: T201


def _restore_inputs(repo: Repo, stage: "Stage") -> list[str]:
    """Bring back what dvc.lock recorded for inputs that differ; names those that cannot be brought back."""
    wanted = {dep.fs_path for dep in stage.deps if dep.protocol == "local"}
    lost: list[str] = []
    for out in repo.index.outs:
        if out.fs_path in wanted and out.stage is not stage and out.status():
            try:
                out.checkout(force=True)
            except (DvcException, FileNotFoundError):
                lost.append(str(out))
            if not out.exists or out.status():
                lost.append(str(out))
    return sorted(set(lost))


def _explain(repo: Repo, stage: "Stage", error: ReproductionError) -> int:
    cause = error.__cause__
    if isinstance(cause, LockError):
        say(f"{stage.addressing}: another process works on its inputs or outputs")
        return BUSY
    _roll_back(repo, stage)
    if not isinstance(cause, StageCmdFailedError):
        say(f"{stage.addressing}: {cause or error}")
    elif ended_by := _signal_of(str(cause)):
        say(
            f"{stage.addressing} was ended by {ended_by} from outside, in the middle of its work. Its last good output stands. "
            "Where nobody did that, the machine had probably no memory left (`dmesg` says so, as root): free some, or give the "
            "stage fewer workers, and run again."
        )
    return FAILED  # else the command has said itself what went wrong


def _signal_of(words: str) -> str:
    """The signal that ended a command, from DVC's words of it; empty where it ended by itself. A shell adds 128 to it."""
    found = re.search(r"exited with (-?)(\d+)$", words)
    if found is None:
        return ""
    number = int(found[2]) - (0 if found[1] else SHELL_ADDS)
    return signal.Signals(number).name if number in set(signal.Signals) else ""


def _roll_back(repo: Repo, stage: "Stage") -> None:
    """The outputs that dvc.lock knows, or none: never what a failed stage left."""
    with lock_repo(repo):
        for out in stage.outs:
            if out.exists:
                out.remove()
        repo.checkout(targets=[stage.addressing], force=True, allow_missing=True)
        _clear_drafts(Path(repo.root_dir), stage.addressing)


def _clear_drafts(root: Path, address: str) -> None:
    """Remove what a killed run of this stage left unpublished; never the draft of a partner whose id only begins alike."""
    name, _, key = address.partition("@")
    own = re.compile(rf"{re.escape(f'{name}-{key}-')}[^-]+(-old)?")
    for draft in (root / "var" / "unpublished").glob(f"{name}-{key}-*"):
        if own.fullmatch(draft.name):
            shutil.rmtree(draft, ignore_errors=True)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    family = psutil.Process().children(recursive=True)
    for process in family:
        process.terminate()
    _, alive = psutil.wait_procs(family, timeout=SECONDS_TO_END)
    for process in alive:
        process.kill()
    raise StoppedError
