"""A rank's part of what an optimizer step needs, as named tensors, for every ZeRO stage.

Masters, moments, counters, random state. DeepSpeed's own `save_checkpoint` writes pickles, and loading one runs what is in it.
Here the same numbers are read from and put into its optimizers directly. The weights that the model computes with are not among
them: they are the masters, rounded, and are made again from those.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from latamgpt.errors import InputDamagedError
from latamgpt.training.masters import base_optimizer, masters_of

if TYPE_CHECKING:
    from deepspeed import DeepSpeedEngine
    from torch import Tensor

COUNTERS = ("global_steps", "global_samples", "skipped_steps", "micro_steps")


def read_partition(engine: "DeepSpeedEngine") -> "dict[str, Tensor]":
    """A rank's part, under names that are the same on every rank; the tensors are those in use, not copies."""
    import torch

    optimizer: Any = engine.optimizer
    found = {"counters": torch.tensor([int(getattr(engine, name)) for name in COUNTERS]), **_random_state()}
    for number, master in enumerate(masters_of(optimizer)):
        found[f"master.{number:05}"] = master.detach()
        for name, value in base_optimizer(optimizer).state.get(master, {}).items():
            found[f"{name}.{number:05}"] = value if isinstance(value, torch.Tensor) else torch.tensor(value)
    return found


def write_partition(engine: "DeepSpeedEngine", saved: "Mapping[str, Tensor]") -> None:
    """Put back what `read_partition` gave; every rank takes part, since the weights are gathered anew.

    Raises:
        InputDamagedError: it is of another model, another ZeRO stage or another number of ranks.
    """
    optimizer: Any = engine.optimizer
    masters = masters_of(optimizer)
    _must_fit(masters, saved)
    for name, value in zip(COUNTERS, saved["counters"].tolist(), strict=True):
        setattr(engine, name, value)
    for number, master in enumerate(masters):
        master.data.copy_(saved[f"master.{number:05}"])
        _set_moments(base_optimizer(optimizer).state, master, dict(_of(saved, number)))
    _weights_from_masters(optimizer, masters)
    _set_random_state(saved)


def _of(saved: "Mapping[str, Tensor]", number: int) -> "Iterator[tuple[str, Tensor]]":
    for key, value in saved.items():
        name, _, of = key.rpartition(".")
        if of == f"{number:05}" and name != "master":
            yield name, value


def _set_moments(state: Any, master: "Tensor", moments: "Mapping[str, Tensor]") -> None:
    before = state.get(master, {})
    if not moments:  # saved before the first step
        state.pop(master, None)
        return
    for name, value in moments.items():
        if name in before and not hasattr(before[name], "copy_"):  # an optimizer that counts its steps in Python
            before[name] = type(before[name])(value.item())
        elif name in before:
            before[name].copy_(value)
        else:
            before[name] = value.to(master.device, copy=True)
    state[master] = before


def _weights_from_masters(optimizer: Any, masters: "list[Tensor]") -> None:
    import torch.distributed as dist

    if hasattr(optimizer, "update_lp_params"):
        optimizer.update_lp_params()
    elif hasattr(optimizer, "fp32_partitioned_groups_flat"):
        optimizer.checkpoint_event_prologue()
        own = {"loss_scaler": optimizer.loss_scaler, "dynamic_loss_scale": optimizer.dynamic_loss_scale, "overflow": False}
        optimizer.load_state_dict([{**own, "fp32_flat_groups": masters}] * dist.get_world_size(), load_optimizer_states=False)
        optimizer.checkpoint_event_epilogue()
    elif hasattr(optimizer, "fp32_groups_flat"):
        for weights, master in zip(optimizer.fp16_groups_flat, masters, strict=True):
            weights.data.copy_(master.data)
    elif hasattr(optimizer, "fp32_groups"):
        for weight, master in zip([weight for group in optimizer.fp16_groups for weight in group], masters, strict=True):
            weight.data.copy_(master.data)


def _must_fit(masters: "list[Tensor]", saved: "Mapping[str, Tensor]") -> None:
    shapes = {f"master.{number:05}": tuple(master.shape) for number, master in enumerate(masters)}
    found = {name: tuple(value.shape) for name, value in saved.items() if name.startswith("master.")}
    if found != shapes:
        odd = sorted(set(shapes.items()) ^ set(found.items()))
        raise InputDamagedError(
            f"the saved state is of another training: it differs in {len(odd)} partitions, first {odd[0]}. Going on from it "
            "would mix two models. Remove the folder of states, var/resume/checkpoint, and run the command again."
        )


def _random_state() -> "dict[str, Tensor]":
    import torch

    state = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["random.cuda"] = torch.cuda.get_rng_state()
    return state


def _set_random_state(saved: "Mapping[str, Tensor]") -> None:
    import torch

    torch.set_rng_state(saved["random.cpu"])
    if "random.cuda" in saved:
        torch.cuda.set_rng_state(saved["random.cuda"])
