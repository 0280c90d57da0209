"""What a stage would do with some parameters on a site, for `--dry-run`: nothing runs, nothing heavy is imported."""

from latamgpt.budget.need import planned_need
from latamgpt.budget.quote import must_be_possible, quote
from latamgpt.launch.site import Site
from latamgpt.params import Params
from latamgpt.training.passes import micro_batch_size


def explain_plan(params: Params, stage_name: str, site: Site) -> str:
    """What a stage would do.

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
    need = planned_need(params)
    sequences = params.checkpoint.batch_sequences
    micro_batch_size(sequences, site.num_ranks, params.checkpoint.micro_batch_sequences)
    quoted = quote(params, need, site)
    must_be_possible(params, quoted)
    amounts, memory = quoted.amounts, quoted.memory
    return [
        f"{params.base_model.name}: {need.num_parameters:,} parameters, {params.mixture.num_tokens:,} tokens, "
        f"{need.num_steps:,} steps of {sequences} x {params.checkpoint.seq_len_tokens} tokens",
        f"{need.flops:.3g} FLOPs: {amounts.accelerator_hours:,.2f} {quoted.rates.accelerator} hours, "
        f"{quoted.walltime_hours:,.2f} hours on {quoted.num_ranks} ranks, US$ {amounts.us_dollars:,.2f} of at most "
        f"{params.training_quote.max_us_dollars:,.2f}, {amounts.kwh:,.2f} kWh, {amounts.kg_co2e:,.2f} kg CO2e",
        f"{quoted.layout.words()}: {memory.rank:,.1f} GiB on each rank, {memory.states:,.1f} of them model states, of "
        f"{quoted.rates.memory_gib.value:,.0f}. `latamgpt quote` says all of it",
    ]
