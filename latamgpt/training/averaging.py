"""A running average of the weights, kept in fp32 beside the optimizer's moments, whose way to the state and back it shares.

Morales-Brotons et al. 2024, 'Exponential Moving Average of Weights in Deep Learning' (https://arxiv.org/abs/2411.18704): the
average of the last steps generalises better than their end, and needs less of the learning rate's decay.
"""

from typing import TYPE_CHECKING, Any

from latamgpt.training.masters import base_optimizer, is_replicated, masters_of, runs_of

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

AVERAGE = "average"
"""Its key in the optimizer's state of a master, beside exp_avg and exp_avg_sq."""


def update_averages(optimizer: Any, decay: float) -> None:
    """After a step: average = decay x average + (1 - decay) x weights. It begins with the weights after the first step."""
    if not decay:
        return
    state = base_optimizer(optimizer).state
    for master in masters_of(optimizer):
        if AVERAGE in state[master]:
            state[master][AVERAGE].lerp_(master.detach(), 1 - decay)
        else:
            state[master][AVERAGE] = master.detach().clone()


def gather_averages(model: "PreTrainedModel", optimizer: Any, *, is_first: bool) -> "dict[str, Tensor]":
    """The averaged weights, whole and in fp32, on the first rank; empty on the others. Every rank takes part."""
    import torch
    import torch.distributed as dist

    state = base_optimizer(optimizer).state
    averages = [state[master][AVERAGE].flatten() for master in masters_of(optimizer)]
    runs = {run.parameter: run for run in runs_of(model, optimizer)}
    gathered: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        shape = getattr(parameter, "ds_shape", parameter.shape)
        whole = torch.zeros(shape.numel(), device=parameter.device)
        if run := runs.get(name):
            whole[run.first : run.first + run.length] = averages[run.master][run.start : run.start + run.length]
        if not is_replicated(optimizer):
            dist.all_reduce(whole)
        if is_first:
            gathered[name] = whole.view(shape).cpu()
    return gathered
