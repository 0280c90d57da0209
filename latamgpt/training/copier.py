"""Beside the first rank, a process of its own: copies each state to the object store, the newest first, and ends with the rank.

`python -m latamgpt.training.copier FOLDER ADDRESS PARENT`; that no more states come is told by the end of standard input. What
fails is told and tried again with the next state, and once more at the end.
"""

import logging
import os
import shutil
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from latamgpt.errors import OperatorError
from latamgpt.launch.local import DRAIN_SIGNALS, die_with_parent
from latamgpt.object_store.door import ObjectStore
from latamgpt.object_store.folders import clean_leftovers, put_folder, remove_folder, whole_folders
from latamgpt.training import resume

SECONDS_BETWEEN_LOOKS = 0.5

log = logging.getLogger(__name__)


def copy_state(store: ObjectStore, state: Path) -> None:
    """Have the state there, and of the others the newest whole ones up to `STATES_KEPT`; nothing else that was left half.

    It is read by names of its own, so that it stays readable when the training drops it meanwhile.

    Raises:
        StoreError: the store refuses, or stayed away.
        InputDamagedError: the state is not as it was written; it is not published then.
        OSError: it cannot be read.
    """
    held = state.with_name(f"{resume.COPIED_PREFIX}{state.name}")
    shutil.rmtree(held, ignore_errors=True)
    held.mkdir()
    try:
        for path in state.iterdir():
            (held / path.name).hardlink_to(path)
        clean_leftovers(store, keep=state.name)
        put_folder(store, held, state.name)
        run = state.with_name(resume.MLFLOW_NAME)
        if run.is_file():
            store.put_bytes(run.name, run.read_bytes())
        for old in others_to_remove(whole_folders(store), state.name):
            remove_folder(store, old)
    finally:
        shutil.rmtree(held)


def others_to_remove(there: list[str], newest: str) -> list[str]:
    """Of the states on the store, those that are not kept: older than the newest ones, or newer than where the training is.

    A training that rolled back is before them; gone through again, it comes to others of the same names.
    """
    states = sorted(filter(resume.is_state, there), reverse=True)
    kept = [name for name in states if name <= newest][: resume.STATES_KEPT]
    return [name for name in states if name not in kept]


def copy_while_it_lasts(folder: Path, store: ObjectStore, ending: Event) -> bool:
    """Copy what comes until `ending` is set and the newest was tried once more; returns whether it is there."""
    done = failed = ""
    while True:
        is_last = ending.wait(SECONDS_BETWEEN_LOOKS)
        state = resume.newest_state(folder)
        mark = _mark(state) if state else ""
        if state and mark and mark != done and (mark != failed or is_last):
            try:
                copy_state(store, state)
                done = mark
            except (OperatorError, OSError) as error:
                log.warning("%s was not copied, and the training goes on: %s", state.name, error)
                failed = mark
        if is_last:
            return mark == done


def _mark(state: Path) -> str:
    """Tells a state from another of its name; '' once it is dropped."""
    try:
        return f"{state.name} {state.stat().st_mtime_ns}"
    except FileNotFoundError:
        return ""


def main() -> None:
    """Copy until standard input ends."""
    folder, address, parent = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for number in (*DRAIN_SIGNALS, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # they go to all processes of a job; this one ends with the rank
    die_with_parent()
    if os.getppid() != parent:
        return
    logging.basicConfig(level=logging.WARNING, format="latamgpt: %(message)s")
    for left in folder.glob(f"{resume.COPIED_PREFIX}*"):
        shutil.rmtree(left)
    ending = Event()
    Thread(target=_wait_for_end, args=(ending,), daemon=True).start()
    sys.exit(0 if copy_while_it_lasts(folder, ObjectStore(address), ending) else 1)


def _wait_for_end(ending: Event) -> None:
    sys.stdin.buffer.read()
    ending.set()


if __name__ == "__main__":
    main()
