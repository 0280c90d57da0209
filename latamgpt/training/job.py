"""What the checkpoint stage asks of the processes that train, and what they hand back."""

from collections.abc import Mapping
from pathlib import Path

from latamgpt.errors import InputDamagedError
from latamgpt.params import Params
from latamgpt.records import Frozen
from latamgpt.store import Workspace, digest_of
from latamgpt.training.resume import History

OUTCOME_NAME = "outcome.json"


class TrainingJob(Frozen):
    """One training, as every rank reads it."""

    root: str  # of the workspace
    base: str  # folder of the model to begin with
    output: str  # folder to fill: weights, tokenizer, outcome
    resume: str  # folder for states to go on from
    params: Params
    threads: int  # per process
    digests: dict[str, str]  # of the inputs: sha256 of their manifests


class TrainingOutcome(Frozen):
    """What the training measured."""

    history: History
    num_steps: int
    num_parameters: int


def resume_folder(root: Path, identity: str) -> Path:
    """Where the states of a training lie."""
    return root / "var" / "resume" / "checkpoint" / identity[:16]


def must_be_as_published(workspace: Workspace, digests: Mapping[str, str]) -> None:
    """Refuse to train on inputs that were published anew since this training was planned: asked once they are mapped.

    Raises:
        InputDamagedError: it names which.
    """
    for name, digest in digests.items():
        if digest_of(workspace.place(name)) != digest:
            raise InputDamagedError(
                f"{workspace.place(name)} was published anew while this training began: what it planned would name other tokens. "
                "Run the command again."
            )
