"""How fast a training is: tokens per second, and the share of the hardware's arithmetic that they are (MFU).

Model FLOPs utilisation after Chowdhery et al. 2022, 'PaLM', appendix B (https://arxiv.org/abs/2204.02311), without attention's
own part: six FLOPs per parameter and token, over the dense bf16 peak of all ranks, whatever the precision.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latamgpt.budget.need import FLOPS_PER_PARAMETER_AND_TOKEN
from latamgpt.launch.costs import accelerators

if TYPE_CHECKING:
    from torch.nn import Module

CPU_THREADS = 2  # of the table's row 'cpu'


@dataclass(frozen=True)
class Pace:
    """What turns tokens and seconds into rates."""

    flops_per_token: int
    peak_flops_per_second: float | None  # None where the table does not know the hardware: then no MFU is claimed

    def rates(self, num_tokens: int, seconds: float) -> dict[str, float]:
        """The metrics of a step that took so many tokens and seconds."""
        speed = num_tokens / seconds
        if self.peak_flops_per_second is None:
            return {"perf/tokens_per_s": speed}
        return {"perf/tokens_per_s": speed, "perf/mfu": speed * self.flops_per_token / self.peak_flops_per_second}


def pace_of(model: "Module", num_ranks: int, threads: int) -> Pace:
    """The pace of a model on this hardware; under ZeRO 3 a parameter's own size is that of its part."""
    import torch  # noqa: PLC0415

    num_parameters = sum(int(getattr(each, "ds_numel", each.numel())) for each in model.parameters())
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return Pace(FLOPS_PER_PARAMETER_AND_TOKEN * num_parameters, peak_of(device, num_ranks, threads))


def peak_of(device: str, num_ranks: int, threads: int) -> float | None:
    """Peak FLOPs per second of all ranks together; None for a device that is not in the table."""
    peaks = {name: row.peak_flops_per_second.value for name, row in accelerators().items()}
    if device == "cpu":
        return peaks["cpu"] * num_ranks * threads / CPU_THREADS
    known = [peak for name, peak in peaks.items() if name in device.lower()]
    return known[0] * num_ranks if known else None
