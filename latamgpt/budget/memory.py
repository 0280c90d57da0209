"""What each rank holds in memory, by ZeRO stage and offload: model states as DeepSpeed's own estimators have them, activations,
the logits; and which layout would fit where the one that was asked for does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from latamgpt.errors import OperatorError
from latamgpt.params import Activations, Offload, Params, Precision

GIB = 1 << 30
BYTES_PER_HALF = 2
STATE_BYTES = 18
"""bf16 gradients 2, fp32 gradients 4, fp32 weights 4, Adam's two moments 8: what deepspeed.runtime.zero.stage_1_and_2 and stage3
count per parameter in `estimate_zero*_model_states_mem_needs`; Rajbhandari et al. 2020, 'ZeRO' (https://arxiv.org/abs/1910.02054)."""

HOST_FACTOR = 1.5
"""DeepSpeed's `additional_buffer_factor`, for what offloading needs on the host beside the states."""

ACTIVATION_BYTES = 34
"""Per position, unit of width and layer in 16 bits, without the scores, which a fused attention never stores: Korthikanti et al.
2022, 'Reducing Activation Recomputation in Large Transformer Models', table 2 (https://arxiv.org/abs/2205.05198)."""

CHECKPOINTED_BYTES = 2
"""The same where only each layer's input is kept and the rest is computed again: the same table."""

LOGIT_BYTES = 10
"""Per position and token of the vocabulary: 16-bit logits, their fp32 copy, the gradient of it."""


@dataclass(frozen=True)
class Shape:
    """What of a model and its batches decides on memory."""

    num_parameters: int
    num_layers: int
    hidden_size: int
    vocab_size: int
    seq_len_tokens: int
    micro_batch_sequences: int
    is_half: bool = True  # bf16 passes over fp32 master weights; else fp32 throughout

    @property
    def largest_layer(self) -> int:
        """Parameters of the largest layer, which ZeRO 3 gathers whole: a block, or the embedding."""
        embedding = self.vocab_size * self.hidden_size
        return max(embedding, (self.num_parameters - embedding) // self.num_layers)


@dataclass(frozen=True)
class Layout:
    """How the states are spread."""

    zero_stage: int
    ranks_per_node: int
    nodes: int = 1
    offload: Offload = Offload.NOTHING
    activations: Activations = Activations.KEPT

    @property
    def num_ranks(self) -> int:
        """All of them."""
        return self.nodes * self.ranks_per_node

    def words(self) -> str:
        """For a person."""
        offloaded = f", {self.offload} offloaded" if self.offload is not Offload.NOTHING else ""
        return f"ZeRO {self.zero_stage} over {self.num_ranks} ranks{offloaded}, activations {self.activations}"


@dataclass(frozen=True)
class Memory:
    """In GiB: of each rank, and of each node's host."""

    states: float
    activations: float
    logits: float
    host: float

    @property
    def rank(self) -> float:
        """All that one rank holds."""
        return self.states + self.activations + self.logits


def shape_of(params: Params, num_parameters: int) -> Shape:
    """The shape that parameters describe."""
    base, train = params.base_model, params.checkpoint
    return Shape(
        num_parameters=num_parameters,
        num_layers=base.num_layers,
        hidden_size=base.hidden_size,
        vocab_size=params.training_quote.vocab_size,
        seq_len_tokens=train.seq_len_tokens,
        micro_batch_sequences=train.micro_batch_sequences,
        is_half=train.precision is Precision.BF16,
    )


def memory_of(shape: Shape, layout: Layout) -> Memory:
    """What each rank holds with this layout."""
    positions = shape.seq_len_tokens * shape.micro_batch_sequences
    wide = 1 if shape.is_half else 2  # activations in fp32 are twice as large; the logits already are
    all_layers = positions * shape.hidden_size * shape.num_layers
    kept = all_layers * ACTIVATION_BYTES
    if layout.activations is Activations.RECOMPUTED:
        kept = all_layers * CHECKPOINTED_BYTES + kept // shape.num_layers  # and one layer, while it is computed again
    return Memory(
        states=_state_bytes(shape, layout) / GIB,
        activations=kept * wide / GIB,
        logits=positions * shape.vocab_size * LOGIT_BYTES / GIB,
        host=_host_bytes(shape, layout) / GIB,
    )


def must_fit(shape: Shape, layout: Layout, limit_gib: float, accelerator: str) -> Memory:
    """What each rank holds, where that fits.

    Raises:
        OperatorError: it does not; the message names the layouts that would.
    """
    need = memory_of(shape, layout)
    if need.rank <= limit_gib:
        return need
    would = [f"{other.words()} ({memory_of(shape, other).rank:,.1f} GiB)" for other in fitting(shape, layout, limit_gib)]
    advice = f"These would fit: {'; '.join(would[:4])}" if would else "No ZeRO stage, offload or number of ranks up to 1,024 fits"
    raise OperatorError(
        f"{layout.words()} needs {need.rank:,.1f} GiB on each rank ({need.states:,.1f} of model states, {need.activations:,.1f} "
        f"of activations, {need.logits:,.1f} of logits), and one {accelerator} has {limit_gib:,.1f}. It would end for want of "
        f"memory within a step; nothing was started. {advice}. A shorter checkpoint.seq_len_tokens or fewer "
        "micro_batch_sequences need less."
    )


def fitting(shape: Shape, asked: Layout, limit_gib: float) -> Iterator[Layout]:
    """Layouts near the one asked for that fit, what changes least first: the stage, then recomputing, offload, more ranks."""
    for nodes in (asked.nodes << doubling for doubling in range(11)):
        if nodes * asked.ranks_per_node > 1024:
            return
        for activations in dict.fromkeys((asked.activations, Activations.RECOMPUTED)):
            for offload in Offload:
                for stage in range(4):
                    other = replace(asked, zero_stage=stage, offload=offload, activations=activations, nodes=nodes)
                    if is_possible(other) and memory_of(shape, other).rank <= limit_gib:
                        yield other
                        break


def is_possible(layout: Layout) -> bool:
    """Whether DeepSpeed has such a layout: parameters leave the accelerator in ZeRO 3 alone, the optimizer from 1 on."""
    return layout.zero_stage >= {Offload.NOTHING: 0, Offload.OPTIMIZER: 1, Offload.PARAMETERS: 3}[layout.offload]


def _state_bytes(shape: Shape, layout: Layout) -> int:
    count, ranks = shape.num_parameters, layout.num_ranks
    if not shape.is_half:
        return _fp32_state_bytes(shape, layout)
    gathered = 2 * BYTES_PER_HALF * shape.largest_layer  # weights and gradients of one layer at a time
    match layout.zero_stage, layout.offload:
        case 3, Offload.PARAMETERS:
            return gathered
        case 3, Offload.OPTIMIZER:
            return gathered + int(BYTES_PER_HALF * count / ranks)
        case 3, _:
            return gathered + int(STATE_BYTES * count / ranks)
        case 2, Offload.OPTIMIZER:
            return BYTES_PER_HALF * count
        case 2, _:
            return BYTES_PER_HALF * count + int(STATE_BYTES * count / ranks)
        case 1, Offload.OPTIMIZER:
            return 2 * BYTES_PER_HALF * count
        case 1, _:
            return 2 * BYTES_PER_HALF * count + int((STATE_BYTES - BYTES_PER_HALF) * count / ranks)
        case _:
            return (STATE_BYTES + BYTES_PER_HALF) * count


def _fp32_state_bytes(shape: Shape, layout: Layout) -> int:
    """Weights, gradients and two moments of 4 bytes each; no master copy."""
    count, ranks = shape.num_parameters, layout.num_ranks
    moments = 0 if layout.offload is not Offload.NOTHING else 8 * count
    weights = 0 if layout.offload is Offload.PARAMETERS else 4 * count
    gradients = 4 * count
    match layout.zero_stage:
        case 3:
            return 8 * shape.largest_layer + int((weights + gradients + moments) / ranks)
        case 2:
            return weights + int((gradients + moments) / ranks)
        case 1:
            return weights + gradients + int(moments / ranks)
        case _:
            return weights + gradients + moments


def _host_bytes(shape: Shape, layout: Layout) -> int:
    """Of one node, where something is offloaded; what passes through while a model is loaded is not counted."""
    count = shape.num_parameters
    match layout.zero_stage, layout.offload:
        case _, Offload.NOTHING:
            return 0
        case 3, Offload.PARAMETERS:
            return int(STATE_BYTES * count / layout.nodes * HOST_FACTOR)
        case 3, _:
            return int((STATE_BYTES - BYTES_PER_HALF) * count / layout.nodes * HOST_FACTOR)
        case _:
            return int(count * max(4 * layout.num_ranks, STATE_BYTES - BYTES_PER_HALF) * HOST_FACTOR)
