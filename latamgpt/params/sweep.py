"""The sweep: which learning rates and replay shares are tried on which proxies, before the large model is trained once."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from latamgpt.params.bounds import Count, Positive, Share
from latamgpt.records import Frozen


class RungParams(Frozen):
    """One model of the ladder, from the smallest to that which is meant."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    profile: str  # a file of profiles/ laid over params.yaml; '' is params.yaml as it stands
    base_model: str  # the name that its parameters must give: a rung on another base would be compared as if it were this one
    num_tokens: Count  # of each trial
    learning_rates: tuple[Positive, ...] = Field(min_length=1)  # peaks
    max_us_dollars: float = Field(ge=0)  # of all trials of the rung together
    max_accelerator_hours: float = Field(ge=0)


class SweepParams(Frozen):
    """Trials of learning rate x replay share on each rung, and what is asked of the rule that is fitted to them."""

    ladder: tuple[RungParams, ...] = Field(min_length=1)
    replay_shares: tuple[Share, ...] = Field(min_length=1)  # of each trial's tokens
    seeds: tuple[int, ...] = Field(min_length=1)  # of the order of the data: what two seeds differ by is noise
    evaluate_tokens: Count  # held-out tokens per language, before and after each trial
    max_forgetting: float = Field(ge=0)  # bits per byte on what the base knew, above the base's, as a share of them
    bootstrap_samples: int = Field(ge=20)
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    seed: int

    @model_validator(mode="after")
    def _nothing_is_tried_twice(self) -> Self:
        names = [rung.name for rung in self.ladder]
        for what, values in (
            ("ladder", names),
            ("replay_shares", self.replay_shares),
            ("seeds", self.seeds),
            *((f"learning_rates of {rung.name}", rung.learning_rates) for rung in self.ladder),
        ):
            if len(set(values)) < len(values):
                raise ValueError(f"{what} names one value twice: the same trial would count as two. Name each once")
        return self
