"""Where a rank keeps the fp32 weights that the optimizer works on, and which run of which parameter each of their numbers is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

FLAT_MASTERS = (
    "single_partition_of_fp32_groups",  # ZeRO 1 and 2
    "fp32_partitioned_groups_flat",  # ZeRO 3
    "fp32_groups_flat_partition",  # ZeRO 0 in bf16, gradients summed in fp32
    "fp32_groups_flat",  # ZeRO 0 in bf16 with a fused optimizer
)
"""Where DeepSpeed's optimizers keep the fp32 weights of their rank; those of the plain ones are `fp32_groups`, or the model's."""


@dataclass(frozen=True)
class Run:
    """Numbers that follow each other both in a parameter, laid flat, and in a master tensor of this rank, laid flat."""

    parameter: str
    first: int  # in the parameter
    master: int  # which of the rank's
    start: int  # in that master
    length: int


def base_optimizer(optimizer: Any) -> Any:
    """Torch's optimizer, inside DeepSpeed's; ZeRO 0 in fp32 has no other."""
    return getattr(optimizer, "optimizer", optimizer)


def masters_of(optimizer: Any) -> "list[Tensor]":
    """The fp32 tensors that this rank's optimizer updates: one a group of parameters, or at ZeRO 0 one a parameter."""
    for name in FLAT_MASTERS:
        if hasattr(optimizer, name):
            return list(getattr(optimizer, name))
    groups = getattr(optimizer, "fp32_groups", None) or [group["params"] for group in optimizer.param_groups]
    return [master for group in groups for master in group]


def runs_of(model: "PreTrainedModel", optimizer: Any) -> list[Run]:
    """What this rank's masters hold of each parameter. At ZeRO 0 every rank holds all; else each number is on one rank."""
    return list(_runs(dict(model.named_parameters()), optimizer))


def _runs(parameters: "dict[str, Any]", optimizer: Any) -> Iterator[Run]:
    if hasattr(optimizer, "single_partition_of_fp32_groups"):
        for name, parameter in parameters.items():
            if (mapping := parameter._hp_mapping) is not None:  # noqa: SLF001
                here, there = mapping.lp_fragment_address, mapping.hp_fragment_address
                yield Run(name, here.start, mapping.param_group_index, there.start, here.numel)
    elif hasattr(optimizer, "fp32_partitioned_groups_flat"):
        for name, parameter in parameters.items():
            group, start, size = optimizer.grad_position[optimizer.get_param_id(parameter)]
            first = size * optimizer._get_sub_group_partition_rank(group)  # noqa: SLF001
            if first < parameter.ds_numel:  # the last rank's part may be filled up, or nothing else
                yield Run(name, first, group, start, min(size, parameter.ds_numel - first))
    else:
        groups = getattr(optimizer, "fp16_groups", None) or [group["params"] for group in optimizer.param_groups]
        name_of = {id(parameter): name for name, parameter in parameters.items()}
        for number, parameter in enumerate(each for group in groups for each in group):
            yield Run(name_of[id(parameter)], 0, number, 0, parameter.numel())


def is_replicated(optimizer: Any) -> bool:
    """Whether every rank holds all masters: ZeRO 0."""
    return not hasattr(optimizer, "partition_count")
