"""What a training needs to go on after a kill: saved whole or not at all, verified before it is loaded.

DeepSpeed alone would not do: it pickles, names the newest state in a plain file, saves no random state, loads a flipped bit
without a word, and stops at a torn file instead of taking the state before.
"""

import fcntl
import logging
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.records import FileEntry, Frozen
from latamgpt.store import write_json
from latamgpt.training.spikes import LeftOutStep
from latamgpt.training.state_files import flush_folder, json_bytes, read_manifest, read_whole, write_durably, write_manifest

STATE_NAME = "state.json"
MLFLOW_NAME = "mlflow.json"
STATES_KEPT = 3
STATE_PREFIX, DRAFT_PREFIX = "step-", "draft-"
COPIED_PREFIX = "copied-"  # a state under names of its own, while it is copied elsewhere

log = logging.getLogger(__name__)


class EvaluatedLanguage(Frozen):
    """Bits per byte of held-out text of one language."""

    language: str
    bits_per_byte: float


class EvaluatedStep(Frozen):
    """All languages after some tokens."""

    tokens: int
    languages: tuple[EvaluatedLanguage, ...]

    @property
    def metrics(self) -> dict[str, float]:
        """As MLflow names them."""
        return {f"eval/bits_per_byte/{each.language}": each.bits_per_byte for each in self.languages}


class TrainedStep(Frozen):
    """One optimizer step; `tokens` counts all until then in the order of the data, those of steps that were left out too."""

    tokens: int
    loss: float  # nats per predicted token
    grad_norm: float
    learning_rate: float

    @property
    def metrics(self) -> dict[str, float]:
        """As MLflow names them."""
        return {"train/loss": self.loss, "train/grad_norm": self.grad_norm, "train/learning_rate": self.learning_rate}


class History(Frozen):
    """All that was measured so far; the same after any number of kills."""

    steps: tuple[TrainedStep, ...] = Field(default=())
    evaluations: tuple[EvaluatedStep, ...] = Field(default=())
    left_out: tuple[LeftOutStep, ...] = Field(default=())
    num_rollbacks: int = 0


class Cursor(Frozen):
    """How far a training is: the order of the data is a pure function of the sequence's number, so no more is needed."""

    step: int  # done
    sequences: int  # seen, over all ranks
    num_ranks: int


class SavedState(Frozen):
    """What a state says of itself, beside the ranks' tensors."""

    cursor: Cursor
    history: History


class LinkedRun(Frozen):
    """The MLflow run that this training logs to."""

    run_id: str


class AtWorkError(OperatorError):
    """Another process trains this already."""


@contextmanager
def only_trainer(folder: Path) -> Generator[None]:
    """Hold the folder's lock, so that two processes never train one thing; the kernel frees it when the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AtWorkError(
                f"another process already trains this checkpoint (it holds {folder / 'lock'}). Two would overwrite each other. "
                "Wait for it, or end it, then run again."
            ) from error
        yield


def state_folder(folder: Path, step: int) -> Path:
    """Where the state after `step` lies once it counts."""
    return folder / f"{STATE_PREFIX}{step:08d}"


def draft_state(folder: Path, step: int) -> Path:
    """Where all ranks write the state after `step`, before it counts."""
    return folder / f"{DRAFT_PREFIX}{step}"


def publish_state(folder: Path, saved: SavedState, parts: Sequence[FileEntry]) -> None:
    """Make the draft, with what all ranks wrote, a state: its manifest comes last, then the rename; the newest are kept."""
    step = saved.cursor.step
    draft, final = draft_state(folder, step), state_folder(folder, step)
    words = write_durably(draft / STATE_NAME, [memoryview(json_bytes(saved))])
    write_manifest(draft, final.name, (*parts, words))
    flush_folder(draft)
    if final.exists():
        _remove(final)
    draft.rename(final)
    flush_folder(folder)
    for old in _states(folder)[STATES_KEPT:]:
        _remove(old)


def clear_drafts(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for draft in folder.glob(f"{DRAFT_PREFIX}*"):
        shutil.rmtree(draft)


def newest_state(folder: Path) -> Path | None:
    """The newest state, be it whole or not; None where there is none."""
    return next(iter(_states(folder)), None)


def is_state(name: str) -> bool:
    """Whether a folder of this name is a state."""
    return name.startswith(STATE_PREFIX) and name.removeprefix(STATE_PREFIX).isdigit()


def newest_step(folder: Path) -> int:
    """The step of the newest state, be it whole or not; 0 where there is none."""
    return max((step_of(state) for state in _states(folder)), default=0)


def read_state(state: Path, cursor: Cursor) -> SavedState:
    """What the state says of itself, once all its files were found to be there and it was found to be at that point.

    Raises:
        InputDamagedError: a file is missing, extra or of another length, or the state is of another point of the training.
    """
    saved = SavedState.model_validate_json(read_whole(state, STATE_NAME))
    if saved.cursor.model_copy(update={"num_ranks": cursor.num_ranks}) != cursor:  # another number of ranks may go on
        raise InputDamagedError(
            f"{state} is at {saved.cursor}, and should be at {cursor}: its data would be read at another place."
        )
    return saved


def find_state(folder: Path) -> Path | None:
    """The newest state whose every byte is as it was written; damaged ones are removed, and None means from the start."""
    for state in _states(folder):
        try:
            for entry in read_manifest(state).files:
                read_whole(state, entry.path)
        except InputDamagedError as error:
            log.warning("%s", error)
            discard(state)
        else:
            return state
    return None


def drop_states_after(folder: Path, step: int) -> None:
    """Remove the states after `step`, each at once or not at all: a roll back leaves them behind."""
    for state in _states(folder):
        if step_of(state) > step:
            _remove(state)


def discard(state: Path) -> None:
    """Remove a damaged state, and say so: the one before it is taken."""
    log.warning("the state after step %s is damaged and is removed; the one before it is taken", step_of(state))
    _remove(state)


def step_of(state: Path) -> int:
    """How many steps were done when this state was saved."""
    return int(state.name.removeprefix(STATE_PREFIX))


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
    return sorted(folder.glob(f"{STATE_PREFIX}*"), reverse=True)


def _remove(state: Path) -> None:
    shutil.rmtree(state.rename(state.with_name(f"{DRAFT_PREFIX}old-{state.name}")))  # a kill in the midst leaves no half state
