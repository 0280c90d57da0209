"""What a training will need, worked out from its parameters alone: no model is loaded, nothing heavy imported."""

from dataclasses import dataclass

from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.training.passes import micro_batch_size

FLOPS_PER_PARAMETER_AND_TOKEN = 6
"""Forward 2, backward 4: Kaplan et al. 2020, 'Scaling Laws for Neural Language Models', table 1 (https://arxiv.org/abs/2001.08361)."""

BYTES_PER_PARAMETER = 16
"""Weights, gradients and Adam's state in mixed precision, 2 + 2 + 12; in fp32 4 + 4 + 8: Rajbhandari et al. 2020, 'ZeRO',
section 3.1 (https://arxiv.org/abs/1910.02054). Activations come on top."""

PARTITIONED_BYTES = {0: 0, 1: 12, 2: 14, 3: 16}
"""How many of them each ZeRO stage shares out over the ranks (the same paper, figure 1)."""

PEAK_FLOPS_PER_SECOND = {
    "cpu": 0.8e12,  # two cores with AMX: `make bench` trains at about 0.3 of it, with bf16 passes and fp32 master weights
    "a100": 312e12,  # dense bf16: NVIDIA A100 datasheet
    "h100": 989e12,  # dense bf16, SXM: NVIDIA H100 datasheet
    "h200": 989e12,  # dense bf16, SXM: NVIDIA H200 datasheet
}
GIB = 1 << 30
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Quote:
    """A training's need, whatever the site: `accelerator_hours` are those of one accelerator."""

    num_parameters: int
    num_steps: int
    num_positions: int  # of all sequences: what is filled up costs as much as a token
    flops: float
    accelerator_hours: float
    us_dollars: float
    model_state_gib: float


def quote(params: Params, num_parameters: int, num_steps: int) -> Quote:
    """What training so many parameters for so many steps needs.

    Raises:
        OperatorError: the accelerator is not in the table.
    """
    terms = params.training_quote
    peak = PEAK_FLOPS_PER_SECOND.get(terms.accelerator)
    if peak is None:
        raise OperatorError(
            f"training_quote.accelerator is {terms.accelerator!r}, of which no speed is known; known are: "
            f"{', '.join(PEAK_FLOPS_PER_SECOND)}. Nobody could say what the training costs. Name one of these in params.yaml."
        )
    if terms.model_flops_utilisation == 0:
        raise OperatorError("training_quote.model_flops_utilisation is 0: the training would never end. Give a share above 0.")
    num_positions = num_steps * params.checkpoint.batch_sequences * params.checkpoint.seq_len_tokens
    flops = float(FLOPS_PER_PARAMETER_AND_TOKEN * num_parameters * num_positions)
    hours = flops / (peak * terms.model_flops_utilisation) / SECONDS_PER_HOUR
    return Quote(
        num_parameters=num_parameters,
        num_steps=num_steps,
        num_positions=num_positions,
        flops=flops,
        accelerator_hours=hours,
        us_dollars=hours * terms.us_dollars_per_accelerator_hour,
        model_state_gib=num_parameters * BYTES_PER_PARAMETER / GIB,
    )


def state_gib_per_rank(params: Params, num_ranks: int) -> float:
    """What each of the ranks holds of weights, gradients and optimizer, in GiB, without activations."""
    shared = PARTITIONED_BYTES[params.checkpoint.zero_stage]
    return params.base_model.num_parameters * (BYTES_PER_PARAMETER - shared + shared / num_ranks) / GIB


def must_be_affordable(params: Params, need: Quote) -> None:
    """Refuse a training above its budget.

    Raises:
        OperatorError: it costs more than training_quote.max_us_dollars.
    """
    budget = params.training_quote.max_us_dollars
    if need.us_dollars > budget:
        raise OperatorError(
            f"the training would take {need.accelerator_hours:,.1f} {params.training_quote.accelerator} hours and US$ "
            f"{need.us_dollars:,.2f}, above the US$ {budget:,.2f} of training_quote.max_us_dollars. Nothing was started. "
            "Train on fewer tokens (mixture.num_tokens), or have the budget raised by whoever answers for it."
        )


def explain_plan(params: Params, stage_name: str, site: Site) -> str:
    """What a stage would do with these parameters on a site, for `--dry-run`: nothing runs.

    Raises:
        OperatorError: the parameters ask for what cannot be done.
    """
    section = getattr(params, stage_name, None)
    lines = [f"{stage_name}: the parameters are valid"]
    if section is not None:
        lines += [f"  {name}: {value}" for name, value in section.model_dump(mode="json").items()]
    if stage_name in {"base_model", "training_quote", "checkpoint"}:
        lines += _training_lines(params, site)
    return "\n".join(lines)


def _training_lines(params: Params, site: Site) -> list[str]:
    sequences = params.checkpoint.batch_sequences
    num_steps = -(
        -params.mixture.num_tokens // (sequences * params.checkpoint.seq_len_tokens)
    )  # the mixture, packed, says how many
    need = quote(params, params.base_model.num_parameters, num_steps)
    must_be_affordable(params, need)
    micro_batch_size(sequences, site.num_ranks, params.checkpoint.micro_batch_sequences)
    hours = need.accelerator_hours / site.num_ranks
    return [
        f"{params.base_model.name}: {need.num_parameters:,} parameters, {params.mixture.num_tokens:,} tokens, "
        f"{num_steps:,} steps of {sequences} x {params.checkpoint.seq_len_tokens} tokens",
        f"{need.flops:.3g} FLOPs: {need.accelerator_hours:,.2f} {params.training_quote.accelerator} hours, {hours:,.2f} hours on "
        f"{site.num_ranks} ranks, US$ {need.us_dollars:,.2f} of at most {params.training_quote.max_us_dollars:,.2f}",
        f"ZeRO {params.checkpoint.zero_stage}: {state_gib_per_rank(params, site.num_ranks):,.1f} GiB of model state on each "
        f"rank, {need.model_state_gib:,.1f} GiB in all, activations on top",
    ]
