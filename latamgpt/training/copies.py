"""Copies of a training's states on an object store, for the machine that does not come back: taken up first, removed at the end.

They lie at the site's `states`, in a folder for each training, and a state is copied once it counts here: by `copier`, a process
of its own, so that no step waits for the network.
"""

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from latamgpt.errors import InputDamagedError
from latamgpt.launch.local import SECONDS_TO_DRAIN
from latamgpt.launch.site import Site
from latamgpt.object_store.door import ObjectStore, StoreError
from latamgpt.object_store.folders import FETCHED_PREFIX, fetch_folder, remove_all, whole_folders
from latamgpt.training import resume
from latamgpt.training.drain import Drain

MOST_SECONDS = 540  # the other ranks wait so long for the first, and a minute more
SHARE_OF_DRAIN = 0.8  # of the time that a machine has after its notice: the rest is for MLflow, and for clocks that are early

log = logging.getLogger(__name__)


def copies_of(site: Site, folder: Path) -> ObjectStore | None:
    """Where the copies of the states in `folder` lie; None where the site keeps none."""
    return ObjectStore(f"{site.states.rstrip('/')}/{folder.name}") if site.states else None


def take_up_copy(store: ObjectStore, folder: Path) -> None:
    """Fetch the newest whole state that is newer than what this machine has; a damaged one is told, and the one before is taken.

    Nothing is fetched while a process trains here: it knows better.

    Raises:
        OperatorError: the store does not answer, and there is no state here to go on from.
    """
    try:
        with resume.only_trainer(folder):
            _take_up(store, folder)
    except resume.AtWorkError:
        return
    except StoreError as error:
        if not resume.newest_step(folder):
            raise StoreError(
                f"{error} Without it nobody knows whether this training was begun elsewhere, and hours would be done again. "
                "Where it never was, take `states` out of the site's file."
            ) from error
        log.warning("%s The training goes on from what this machine has.", error)


def forget_copies(store: ObjectStore) -> None:
    """Remove the copies of a training whose weights are published; a store that is away keeps them, and that is told."""
    try:
        remove_all(store)
    except StoreError as error:
        log.warning("%s The copies of its states stay there: nobody needs them any more, remove them by hand.", error)


@contextmanager
def copying(site: Site, folder: Path, drain: Drain) -> Generator[None]:
    """While the block lasts, a process beside this one copies each state; at its end the newest is waited for.

    It is waited for as long as a machine may take that was asked to stop, counted from when it was asked.
    """
    store = copies_of(site, folder)
    if store is None:
        yield
        return
    command = [sys.executable, "-m", "latamgpt.training.copier", str(folder), store.address, str(os.getpid())]
    copier = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert copier.stdin is not None
    try:
        yield
    finally:
        copier.stdin.close()  # which tells it that no more states come
        spent = time.monotonic() - drain.asked_at if drain.asked else 0
        _wait(copier, min(SHARE_OF_DRAIN * seconds_to_drain(site), MOST_SECONDS) - spent, store)


def seconds_to_drain(site: Site) -> float:
    """How long the site gives the ranks between asking them to stop and ending them."""
    return site.training.drain_seconds if site.training else SECONDS_TO_DRAIN


def _wait(copier: "subprocess.Popen[bytes]", seconds: float, store: ObjectStore) -> None:
    try:
        copier.wait(max(seconds, 1))
    except subprocess.TimeoutExpired:
        copier.kill()
        copier.wait()
        log.warning(
            "the newest state was not copied to %s within the time to stop. It is whole on this machine; elsewhere the training "
            "would go on from the copy before. A larger drain_seconds, or fewer bytes, would let it arrive.",
            store.address,
        )


def _take_up(store: ObjectStore, folder: Path) -> None:
    store.must_answer()
    for name in sorted(filter(resume.is_state, whole_folders(store)), reverse=True):
        if resume.step_of(folder / name) <= resume.newest_step(folder):
            return
        _drop_fetched(folder, but=f"{FETCHED_PREFIX}{name}")
        try:
            fetch_folder(store, name, folder / name)
        except InputDamagedError as error:
            log.warning("%s The copy of the state before it is taken.", error)
        else:
            log.warning("the training goes on from the copy of a state: %s/%s", store.address, name)
            _take_up_run_id(store, folder)
            return


def _drop_fetched(folder: Path, but: str) -> None:
    for left in folder.glob(f"{FETCHED_PREFIX}*"):
        if left.name != but:
            shutil.rmtree(left)


def _take_up_run_id(store: ObjectStore, folder: Path) -> None:
    try:
        content = store.read(resume.MLFLOW_NAME)
    except FileNotFoundError:
        return
    resume.write_run_id(folder, resume.LinkedRun.model_validate_json(content).run_id)
