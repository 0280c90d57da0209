"""A look at a batch's loss and gradient norm before the optimizer changes a weight, at every ZeRO stage."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepspeed import DeepSpeedEngine
    from torch import Tensor

Judge = Callable[[float, float], bool]
"""Given the loss and the gradient norm of a batch: whether to learn from it."""


class GuardedStep:
    """DeepSpeed's step, in which the gradients are taken from the optimizer where a batch is refused.

    DeepSpeed reduces and clips the gradients and calls the optimizer in one go, and only there is the norm known. So it is the
    optimizer that is watched, by torch's own hooks: without gradients it leaves weights, moments and its count of steps as they
    are, and what DeepSpeed does afterwards (copies, gathering, gradients to zero) is what it does after every step.
    """

    def __init__(self, engine: "DeepSpeedEngine"):
        self._engine = engine
        self._optimizer: Any = engine.optimizer  # its class depends on the ZeRO stage
        self.basic_optimizer: Any = engine.basic_optimizer  # torch's, inside of it
        self._loss, self._judge = 0.0, take_all
        self._measured: tuple[float, float] | None = None
        self.was_taken = False  # the last step: by the judge, and by DeepSpeed, which leaves out what is not a number
        self._gradients: list[tuple[Tensor, Tensor | None]] = []
        self.basic_optimizer.register_step_pre_hook(self._before)
        self.basic_optimizer.register_step_post_hook(self._after)

    def step(self, loss: float, judge: Judge) -> tuple[float, float]:
        """Take or leave one optimizer step; returns loss and gradient norm, the same bits on every rank."""
        self._loss, self._judge, self._measured, self.was_taken = loss, judge, None, False
        self._plain_norm = self._norm_of_plain_optimizer()
        self._engine.step()
        return self._measured or self._measure()  # DeepSpeed itself leaves out a step whose gradients are not numbers

    def _before(self, optimizer: Any, _args: object, _kwargs: object) -> None:
        if self._measured is None:  # an optimizer that goes through the weights in parts is called once for each
            self._measured = self._measure()
            self.was_taken = self._judge(*self._measured)
        if not self.was_taken:
            parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            self._gradients = [(parameter, parameter.grad) for parameter in parameters]
            for parameter in parameters:
                parameter.grad = None

    def _after(self, _optimizer: Any, _args: object, _kwargs: object) -> None:
        for parameter, gradient in self._gradients:
            parameter.grad = gradient  # offloaded gradients are buffers that DeepSpeed fills again
        self._gradients = []

    def _measure(self) -> tuple[float, float]:
        import torch
        import torch.distributed as dist

        norm = float(getattr(self._optimizer, "_global_grad_norm", self._plain_norm))
        norm = norm if norm >= 0 else math.inf  # some of DeepSpeed's norms are -1 where a gradient is not a number
        shared = torch.tensor([self._loss, norm], dtype=torch.float64)
        dist.broadcast(shared, 0)
        loss, norm = shared.tolist()
        return loss, norm

    def _norm_of_plain_optimizer(self) -> float:
        """ZeRO 0 in fp32: DeepSpeed clips by this norm and keeps it nowhere."""
        import torch

        if hasattr(self._optimizer, "_global_grad_norm"):
            return 0.0
        parameters = [parameter for group in self.basic_optimizer.param_groups for parameter in group["params"]]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients))


def take_all(_loss: float, _grad_norm: float) -> bool:
    """Learn from every batch."""
    return True
