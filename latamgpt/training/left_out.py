"""The batches that a training did not learn from, with their documents: in words, as a table for people and as one to publish."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from latamgpt.errors import OperatorError
from latamgpt.params import CheckpointParams, SpikeParams
from latamgpt.records import Table
from latamgpt.training.packing import PackedOrder
from latamgpt.training.spikes import LeftOutStep

SPIKES_NAME = "spikes.parquet"
DOCUMENTS_SHOWN = 8

SPIKES_SCHEMA = pa.schema(
    [
        pa.field("step", pa.int64(), nullable=False),  # 0 is the first
        pa.field("reason", pa.string(), nullable=False),
        pa.field("is_quarantined", pa.bool_(), nullable=False),  # by a roll back
        pa.field("loss", pa.float64()),  # none where it is not a number
        pa.field("grad_norm", pa.float64()),
        pa.field("sigmas", pa.float64()),  # above the steps before; none where it was not held against them
        pa.field("doc_id", pa.string(), nullable=False),
    ]
)
"""One row for each document of each batch that was not learned from."""


def documents_of(order: PackedOrder, step: int, params: CheckpointParams) -> list[str]:
    """The documents of which a step's batch holds tokens."""
    first = step * params.batch_sequences
    positions = {segment.position for number in range(params.batch_sequences) for segment in order.segments(first + number)}
    return sorted({order.doc_ids[position] for position in positions})


def explain(step: LeftOutStep, num_steps: int, documents: Sequence[str]) -> str:
    """A step that was left out, for people."""
    loss, norm = ("not a number" if value is None else f"{value:.6g}" for value in (step.loss, step.grad_norm))
    sigmas = "" if step.sigmas is None else f", {step.sigmas:.1f} sigma above the steps before"
    return (
        f"at step {step.step + 1} of {num_steps} the loss is {loss} and the gradient norm {norm} ({step.reason}{sigmas}). The "
        f"step saw documents {', '.join(documents)}."
    )


def must_learn_from_most(num_left_out: int, num_steps: int, told: str, params: SpikeParams) -> None:
    """End a training that leaves out too much.

    Raises:
        OperatorError: more steps than max_left_out_share; it says `told` of the last.
    """
    if num_left_out > params.max_left_out_share * num_steps:
        raise OperatorError(
            f"checkpoint: {told} It is one of {num_left_out} of {num_steps} steps that were left out, more than the "
            f"{params.max_left_out_share:.1%} of checkpoint.spikes.max_left_out_share: the training broke down. Nothing was "
            "published; the states before it are kept. Look at the documents, or lower checkpoint.learning_rate."
        )


def spike_rows(left_out: Sequence[LeftOutStep], order: PackedOrder, params: CheckpointParams) -> Iterator[dict[str, object]]:
    """The rows of SPIKES_SCHEMA."""
    for each in left_out:
        for doc_id in documents_of(order, each.step, params):
            yield {**each.model_dump(mode="json"), "doc_id": doc_id}


def left_out_tables(left_out: Sequence[LeftOutStep], order: PackedOrder, params: CheckpointParams) -> tuple[Table, ...]:
    """For the report: a row for each step, with some of its documents; no table where every batch was learned from."""
    if not left_out:
        return ()
    rows = tuple(
        (
            each.step + 1,
            "quarantined" if each.is_quarantined else "skipped",
            str(each.reason),
            each.loss,
            each.grad_norm,
            each.sigmas,
            _some(documents_of(order, each.step, params)),
        )
        for each in left_out
    )
    columns = ("step", "what", "because of", "loss", "gradient norm", "sigmas", "documents")
    return (Table(name="batches not learned from", columns=columns, rows=rows),)


def _some(documents: Sequence[str]) -> str:
    left = len(documents) - DOCUMENTS_SHOWN
    return ", ".join(documents[:DOCUMENTS_SHOWN]) + (f" and {left} more in {SPIKES_NAME}" if left > 0 else "")
