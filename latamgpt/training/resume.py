"""What a training needs to go on after a kill: saved whole or not at all, verified before it is loaded.

DeepSpeed alone would not do: it names the newest state in a plain file, saves no random state, loads a flipped bit without a
word, and stops at a torn file instead of taking the state before.
"""

import fcntl
import logging
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.store import verify, write_json, write_manifest
from latamgpt.training.spikes import LeftOutStep

STATE_NAME = "state.json"
MLFLOW_NAME = "mlflow.json"
STATES_KEPT = 2
DRAFT_PREFIX = "draft-"

log = logging.getLogger(__name__)


class EvaluatedLanguage(Frozen):
    """Bits per byte of held-out text of one language."""

    language: str
    bits_per_byte: float


class EvaluatedStep(Frozen):
    """All languages after some tokens."""

    tokens: int
    languages: tuple[EvaluatedLanguage, ...]


class TrainedStep(Frozen):
    """One optimizer step; `tokens` counts all until then in the order of the data, those of steps that were left out too."""

    tokens: int
    loss: float  # nats per predicted token
    grad_norm: float
    learning_rate: float


class History(Frozen):
    """All that was measured so far; the same after any number of kills."""

    steps: tuple[TrainedStep, ...] = Field(default=())
    evaluations: tuple[EvaluatedStep, ...] = Field(default=())
    left_out: tuple[LeftOutStep, ...] = Field(default=())
    num_rollbacks: int = 0


class LinkedRun(Frozen):
    """The MLflow run that this training logs to."""

    run_id: str


@contextmanager
def only_trainer(folder: Path) -> Generator[None]:
    """Hold the folder's lock, so that two processes never train one thing; the kernel frees it when the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OperatorError(
                f"another process already trains this checkpoint (it holds {folder / 'lock'}). Two would overwrite each other. "
                "Wait for it, or end it, then run again."
            ) from error
        yield


def state_folder(folder: Path, step: int) -> Path:
    """Where the state after `step` lies once it counts."""
    return folder / f"step-{step:08d}"


def draft_state(folder: Path, step: int) -> Path:
    """Where all ranks write the state after `step`, before it counts."""
    return folder / f"{DRAFT_PREFIX}{step}"


def publish_state(folder: Path, step: int, history: History) -> None:
    """Make the draft after `step` a state: flush it, write its manifest last, rename it; keep the newest two."""
    draft = draft_state(folder, step)
    write_json(draft / STATE_NAME, history)
    write_manifest(draft, "resume", str(step))
    final = state_folder(folder, step)
    shutil.rmtree(final, ignore_errors=True)
    draft.rename(final)
    for old in _states(folder)[STATES_KEPT:]:
        shutil.rmtree(old)


def find_state(folder: Path) -> Path | None:
    """The newest state whose every byte is as it was written; damaged ones are removed, and None means from the start."""
    for draft in folder.glob(f"{DRAFT_PREFIX}*"):
        shutil.rmtree(draft)
    for state in _states(folder):
        try:
            verify(state)
        except OperatorError as error:
            log.warning("%s is damaged and is removed; the state before it is taken. %s", state, error)
            shutil.rmtree(state)
        else:
            return state
    return None


def drop_states_after(folder: Path, step: int) -> None:
    """Remove the states after `step`, each at once or not at all: a roll back leaves them behind."""
    for state in _states(folder):
        if step_of(state) > step:
            shutil.rmtree(state.rename(draft_state(folder, step_of(state))))


def step_of(state: Path) -> int:
    """How many steps were done when this state was saved."""
    return int(state.name.removeprefix("step-"))


def read_history(state: Path) -> History:
    """What was measured until the state was saved."""
    return History.model_validate_json((state / STATE_NAME).read_bytes())


def read_run_id(folder: Path) -> str:
    """The MLflow run that an earlier process began; '' where there is none."""
    path = folder / MLFLOW_NAME
    return LinkedRun.model_validate_json(path.read_bytes()).run_id if path.is_file() else ""


def write_run_id(folder: Path, run_id: str) -> None:
    """Note the MLflow run, for the process that goes on after a kill."""
    draft = folder / f"{MLFLOW_NAME}.draft"
    write_json(draft, LinkedRun(run_id=run_id))
    draft.replace(folder / MLFLOW_NAME)


def forget_others(folder: Path) -> None:
    """Remove the states of trainings that are no longer wanted: each is gigabytes, and only one training is under way here."""
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other)


def _states(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)
