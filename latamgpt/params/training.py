"""What a training may cost, and how it trains."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from latamgpt.params.bounds import Count, Positive, Share
from latamgpt.records import Frozen


class TrainingQuoteParams(Frozen):
    """What the training may cost; above it nothing starts. What an hour costs is the site's: sites/NAME.yaml."""

    max_us_dollars: float = Field(ge=0)
    max_accelerator_hours: float = Field(ge=0)  # of all accelerators together
    max_kwh: float = Field(ge=0)  # of the building: what cooling takes is in it
    max_kg_co2e: float = Field(ge=0)
    vocab_size: Count  # of the base and what its tokenizer gained: one position's logits are as many


class Precision(StrEnum):
    """Number format of the forward and backward pass; master weights are always fp32."""

    FP32 = "fp32"
    BF16 = "bf16"


class SpikeParams(Frozen):
    """Which batches a training does not learn from."""

    window_steps: Count  # taken before, that a step is held against
    sigmas: Positive  # above their mean, in loss or gradient norm, a step is skipped
    warmup_steps: int = Field(ge=2)  # taken before any is judged, but for values that are not numbers
    skips_before_rollback: Count  # within window_steps
    steps_before_spike: int = Field(ge=0)  # taken right before the first of them, that a roll back leaves out too
    max_left_out_share: Share  # of all steps; above it the training fails

    @model_validator(mode="after")
    def _steps_are_judged(self) -> Self:
        if self.warmup_steps > self.window_steps:
            raise ValueError(
                f"warmup_steps is {self.warmup_steps} and window_steps {self.window_steps}: so many steps are never looked at "
                "together, and none would be judged. Give a window of at least the warm-up"
            )
        return self


class Offload(StrEnum):
    """What lies in the host's memory instead of the accelerator's: slower, and fits where nothing else does."""

    NOTHING = "nothing"
    OPTIMIZER = "optimizer"  # masters and moments; from ZeRO 1 on
    PARAMETERS = "parameters"  # and the weights themselves; ZeRO 3


class Activations(StrEnum):
    """What becomes of a layer's intermediate values between the forward and the backward pass."""

    KEPT = "kept"
    RECOMPUTED = "recomputed"  # a third more computing, a layer's memory instead of all layers'


class Attention(StrEnum):
    """How a token is kept from seeing another document."""

    MASK = "mask"  # a table of T x T places for every sequence; works everywhere
    VARLEN = "varlen"  # each document by itself, no table; on a GPU in bf16 only


class GoldfishParams(Frozen):
    """Tokens left out of the loss, so that no passage is learned by heart: Hans et al. 2024, https://arxiv.org/abs/2406.10209."""

    drop_every: int = Field(ge=0)  # one token of so many, chosen by a hash of what stands before it; 0: none
    context_tokens: Count  # that are hashed: the same passage always loses the same tokens (13 in the paper)

    @model_validator(mode="after")
    def _something_is_learned(self) -> Self:
        if self.drop_every == 1:
            raise ValueError("goldfish.drop_every is 1: every token would be left out, and nothing learned; 0 leaves out none")
        return self


class Published(StrEnum):
    """Which weights a training publishes."""

    LAST = "last"
    AVERAGE = "average"


class AveragingParams(Frozen):
    """A running average of the master weights, which begins at the base."""

    decay: float = Field(ge=0, lt=1)  # of what was averaged before, per step: 0.999 looks back about 1,000 steps; 0: no average
    publish: Published

    @model_validator(mode="after")
    def _there_is_what_is_published(self) -> Self:
        if self.publish is Published.AVERAGE and self.decay == 0:
            raise ValueError("averaging.publish is average, and averaging.decay is 0: there would be no average to publish")
        return self


class CheckpointParams(Frozen):
    """Continued pretraining."""

    seq_len_tokens: Count
    batch_sequences: Count  # global: over all ranks and accumulation steps
    micro_batch_sequences: Count  # per rank and pass
    packing_window_sequences: Count  # best-fit packing looks so far ahead: more leaves less room, and mixes the order more
    learning_rate: Positive  # peak
    warmup_share: Share  # of all steps: re-warm
    final_learning_rate_share: Share  # of the peak: re-decay by cosine
    weight_decay: float = Field(ge=0)
    beta_1: Share
    beta_2: Share
    max_grad_norm: Positive
    zero_stage: int = Field(ge=0, le=3)
    offload: Offload
    activations: Activations
    attention: Attention
    goldfish: GoldfishParams
    averaging: AveragingParams
    precision: Precision
    spikes: SpikeParams
    save_every_steps: Count
    evaluate_every_steps: Count
    evaluate_tokens: Count  # held-out tokens per language for the curve during training
    seed: int

    @model_validator(mode="after")
    def _what_is_offloaded_is_partitioned(self) -> Self:
        needed = {Offload.NOTHING: 0, Offload.OPTIMIZER: 1, Offload.PARAMETERS: 3}[self.offload]
        if self.zero_stage < needed:
            raise ValueError(f"offload is {self.offload}, which needs zero_stage {needed} at least; it is {self.zero_stage}")
        return self
