"""What a training needs whatever the site: operations and positions, from its parameters alone; nothing heavy is imported."""

from dataclasses import dataclass

from latamgpt.params import Params

FLOPS_PER_PARAMETER_AND_TOKEN = 6
"""Forward 2, backward 4: Kaplan et al. 2020, 'Scaling Laws for Neural Language Models', table 1 (https://arxiv.org/abs/2001.08361)."""

FLOPS_PER_ATTENDED_POSITION = 12
"""Per token, layer, unit of width and position looked at: Chowdhery et al. 2022, 'PaLM', appendix B
(https://arxiv.org/abs/2204.02311). As there the causal half is not taken off: utilisations are published so."""


@dataclass(frozen=True)
class Need:
    """A training's need."""

    num_parameters: int
    num_steps: int
    num_positions: int  # of all sequences: what is filled up costs as much as a token
    flops: float


def need_of(params: Params, num_parameters: int, num_steps: int) -> Need:
    """What training so many parameters for so many steps needs."""
    shape, width = params.base_model, params.checkpoint.seq_len_tokens
    num_positions = num_steps * params.checkpoint.batch_sequences * width
    attention = FLOPS_PER_ATTENDED_POSITION * shape.num_layers * shape.hidden_size * width
    return Need(
        num_parameters=num_parameters,
        num_steps=num_steps,
        num_positions=num_positions,
        flops=float((FLOPS_PER_PARAMETER_AND_TOKEN * num_parameters + attention) * num_positions),
    )


def planned_need(params: Params) -> Need:
    """The same before there is a mixture: as many steps as its tokens take, packed without a gap."""
    tokens_per_step = params.checkpoint.batch_sequences * params.checkpoint.seq_len_tokens
    return need_of(params, params.base_model.num_parameters, -(-params.mixture.num_tokens // tokens_per_step))
