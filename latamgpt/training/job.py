"""What the checkpoint stage asks of the processes that train, and what they hand back."""

from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Frozen
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


def micro_batch_size(batch_sequences: int, num_ranks: int, wanted: int) -> int:
    """Sequences per rank and pass: the largest number up to `wanted` that divides a rank's share of the global batch.

    Raises:
        OperatorError: the global batch cannot be shared equally.
    """
    if batch_sequences % num_ranks:
        raise OperatorError(
            f"checkpoint.batch_sequences is {batch_sequences}, and this site trains with {num_ranks} processes: the global batch "
            "is the same on every site, so it must be a multiple. Change `processes` in the site's file, or batch_sequences."
        )
    share = batch_sequences // num_ranks
    return next(size for size in range(min(wanted, share), 0, -1) if share % size == 0)


def passes_of(rank: int, num_ranks: int, batch_sequences: int, micro: int) -> list[range]:
    """The sequences of a global batch that one rank takes, a range for each of its passes; every rank has as many."""
    return [range(first, first + micro) for first in range(rank * micro, batch_sequences, num_ranks * micro)]


def resume_folder(root: Path, identity: str) -> Path:
    """Where the states of a training lie."""
    return root / "var" / "resume" / "checkpoint" / identity[:16]
