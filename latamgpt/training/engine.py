"""The one door to DeepSpeed: the model in its engine, one optimizer step at a time, states and weights in and out."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latamgpt.absent import absent
from latamgpt.params import Activations, Attention, CheckpointParams, Offload, Precision, Published
from latamgpt.training import attention, goldfish
from latamgpt.training.averaging import gather_averages, update_averages
from latamgpt.training.batches import Batch
from latamgpt.training.guarded_step import GuardedStep, Judge, take_all
from latamgpt.training.own_time import OwnTime
from latamgpt.training.partitions import read_partition, write_partition
from latamgpt.training.passes import micro_batch_size, passes_of
from latamgpt.training.rank import MINUTES_FOR_PEERS, Rank
from latamgpt.training.world_size import LAYOUT, layout_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from deepspeed import DeepSpeedEngine
    from torch import Tensor

IGNORED_LABEL = -100  # what torch's cross entropy leaves out


def import_deepspeed() -> None:
    """Import DeepSpeed without the MLflow that its autotuner would bring: 600 files, a fifth of a rank's start, never used."""
    with absent("mlflow"):
        import_module("deepspeed")


def deepspeed_config(params: CheckpointParams, num_ranks: int) -> dict[str, object]:
    """DeepSpeed's configuration: the global batch is params.batch_sequences, whatever the number of ranks."""
    micro = micro_batch_size(params.batch_sequences, num_ranks, params.micro_batch_sequences)
    return {
        "train_micro_batch_size_per_gpu": micro,
        "gradient_accumulation_steps": len(passes_of(0, num_ranks, params.batch_sequences, micro)),
        "gradient_clipping": params.max_grad_norm,
        "bf16": {"enabled": params.precision is Precision.BF16},
        "zero_optimization": {"stage": params.zero_stage} | _offloads(params.offload),
        "zero_force_ds_cpu_optimizer": False,
        "optimizer": {
            "type": "AdamW",
            "params": {
                "lr": params.learning_rate,
                "betas": [params.beta_1, params.beta_2],
                "weight_decay": params.weight_decay,
                "torch_adam": True,  # DeepSpeed's own would be compiled at the first run
                "fused": True,  # one pass over memory: four times faster on a CPU, same bits
            },
        },
        "steps_per_print": 1 << 30,
        "wall_clock_breakdown": False,
    }


def _offloads(offload: Offload) -> dict[str, object]:
    parts = {Offload.NOTHING: (), Offload.OPTIMIZER: ("optimizer",), Offload.PARAMETERS: ("optimizer", "param")}[offload]
    return {f"offload_{part}": {"device": "cpu", "pin_memory": os.environ.get("DS_ACCELERATOR") == "cuda"} for part in parts}


class Engine:
    """A model under training. bf16: forward and backward in bf16, masters and optimizer in fp32."""

    def __init__(self, base: Path, params: CheckpointParams, rank: Rank):
        import_deepspeed()
        import deepspeed
        import deepspeed.ops
        import torch
        import torch.distributed as dist
        from transformers import AutoModelForCausalLM
        from transformers.integrations import HfDeepSpeedConfig  # noqa: PLC0415

        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False  # needs a compiler, gains nothing on two cores
        config = deepspeed_config(params, rank.count)
        self.rank, self.params = rank, params
        # ZeRO 3: with this object alive, from_pretrained puts each weight on its rank at once, so that 70B fit.
        self._partitioning = HfDeepSpeedConfig(config) if params.zero_stage == 3 else None
        dtype = torch.bfloat16 if params.precision is Precision.BF16 else torch.float32
        kernel = attention.prepare(params.attention, params.precision, os.environ["DS_ACCELERATOR"])
        model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, attn_implementation=kernel)
        model.config.use_cache = False
        if params.activations is Activations.RECOMPUTED:
            # Only the older, reentrant way finds the weights of ZeRO 3 whole again when it recomputes.
            model.gradient_checkpointing_enable({"use_reentrant": params.zero_stage == 3})
        self.model = model
        self._engine: DeepSpeedEngine = deepspeed.initialize(model=model, config=config)[0]
        self._optimizer: Any = self._engine.optimizer  # its class depends on the ZeRO stage
        self._guarded = GuardedStep(self._engine)
        self.own_time = OwnTime()
        self._aside = dist.new_group(backend="gloo", timeout=timedelta(minutes=MINUTES_FOR_PEERS))  # for the thread that saves
        micro = int(str(config["train_micro_batch_size_per_gpu"]))
        self.passes = passes_of(rank.number, rank.count, params.batch_sequences, micro)

    def train_step(
        self, passes: Sequence[Batch], num_targets: int, learning_rate: float, judge: Judge = take_all
    ) -> tuple[float, float]:
        """One optimizer step, if `judge` takes it: (nats per predicted token, gradient norm).

        `passes` are this rank's share of the global batch, the sequences of `self.passes`; `num_targets` counts the predicted
        tokens of the whole of it: of the last batch, which may be partly empty, they weigh as much as those of a full one. With
        goldfish loss, fewer of them are learned, and the loss is the mean over those.
        """
        import torch
        import torch.distributed as dist

        self._engine.train()
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        total = torch.zeros((), dtype=torch.float64)
        is_learned = [goldfish.learned(batch, self.params.goldfish) for batch in passes]
        if self.params.goldfish.drop_every:
            num_targets = self._sum_over_ranks(sum(int(each.sum()) for each in is_learned))
        num_targets = max(num_targets, 1)  # a last batch of single tokens predicts none
        for batch, is_learned_BT in zip(passes, is_learned, strict=True):
            with self.own_time.counted():
                nats = self._nats(batch, is_learned_BT).sum()
            # DeepSpeed takes the mean over passes and ranks; the loss is the mean over the whole batch's targets.
            self._engine.backward(nats * (len(passes) * self.rank.count / num_targets))
            total += nats.detach().cpu().double()
            if batch is not passes[-1]:
                self._engine.step()  # counts the pass; the weights change after the last
        dist.all_reduce(total)
        loss, norm = self._guarded.step(float(total) / num_targets, judge)
        if self._guarded.was_taken:
            update_averages(self._optimizer, self.params.averaging.decay)
        return loss, norm

    def is_sound(self) -> bool:
        """Whether every weight, and what the optimizer keeps of it, is a number, on every rank."""
        import torch
        import torch.distributed as dist

        weights = [getattr(weight, "ds_tensor", weight) for weight in self.model.parameters()]  # ZeRO 3: this rank's part
        kept = self._guarded.basic_optimizer.state
        moments = [value for state in kept.values() for value in state.values() if torch.is_tensor(value)]
        num_broken = torch.tensor(sum(not torch.isfinite(tensor).all() for tensor in (*weights, *kept, *moments)))
        dist.all_reduce(num_broken)
        return not num_broken

    def nats_of(self, batches: Sequence[Batch]) -> list[float]:
        """The nats of each batch's predicted tokens; the ranks share the batches, and each learns all results."""
        import torch
        import torch.distributed as dist

        self._engine.eval()
        nats = torch.zeros(len(batches), dtype=torch.float64)
        rounds = -(-len(batches) // self.rank.count)
        with torch.no_grad():
            for turn in range(rounds):
                number = turn * self.rank.count + self.rank.number
                here = min(number, len(batches) - 1)  # under ZeRO 3 every rank must take part in every pass
                value = self._nats(batches[here], batches[here].is_target_BT).double().sum()
                if number < len(batches):
                    nats[number] = value
        dist.all_reduce(nats)
        return nats.tolist()

    def state(self) -> "dict[str, Tensor]":
        """What the next step needs, this rank's part: masters, moments, counters, random state; in use, not copied."""
        return {**read_partition(self._engine), LAYOUT: layout_of(self.model, self._optimizer)}

    def take_up(self, saved: "Mapping[str, Tensor]") -> None:
        """Go on from what `state` gave, on every rank at once."""
        write_partition(self._engine, saved)

    def weights(self) -> "dict[str, Tensor]":
        """All weights to publish, whole, on the first rank; empty on the others."""
        import torch.distributed as dist
        from deepspeed.runtime.zero.partition_parameters import GatheredParameters  # noqa: PLC0415

        if self.params.averaging.publish is Published.AVERAGE:
            return gather_averages(self.model, self._optimizer, is_first=self.rank.is_first)
        gathered: dict[str, Tensor] = {}
        for name, parameter in self.model.named_parameters():
            with GatheredParameters([parameter]):
                if self.rank.is_first:
                    gathered[name] = parameter.detach().cpu().clone()
        dist.barrier()
        return gathered

    def agree(self, value: int) -> int:
        """The first rank's value, on every rank."""
        import torch
        import torch.distributed as dist

        shared = torch.tensor([value], device=self._engine.device)
        dist.broadcast(shared, 0)
        return int(shared.item())

    def any_of(self, mine: bool) -> bool:  # noqa: FBT001
        """Whether it holds on some rank; every rank asks, and learns the same."""
        import torch
        import torch.distributed as dist

        shared = torch.tensor([int(mine)])
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return bool(shared.item())

    def exchange(self, told: bytes) -> list[bytes]:
        """What every rank tells, as many bytes each, in the order of ranks; a thread may call it while the training goes on."""
        import torch
        import torch.distributed as dist

        mine = torch.frombuffer(bytearray(told), dtype=torch.uint8)
        all_of_them = [torch.empty_like(mine) for _ in range(self.rank.count)]
        dist.all_gather(all_of_them, mine, group=self._aside)
        return [bytes(each.tolist()) for each in all_of_them]

    def _sum_over_ranks(self, value: int) -> int:
        import torch
        import torch.distributed as dist

        total = torch.tensor(value)
        dist.all_reduce(total)
        return int(total)

    def _nats(self, batch: Batch, is_learned_BT: "npt.NDArray[np.bool_]") -> "Tensor":
        """Nats of every token that is learned, and zeros, as one row."""
        import torch

        rows = (1, -1) if self.params.attention is Attention.VARLEN else batch.input_ids_BT.shape
        input_ids_BT = torch.from_numpy(batch.input_ids_BT).to(self._engine.device).long().view(rows)  # widened only there
        is_learned = torch.from_numpy(is_learned_BT).to(self._engine.device).view_as(input_ids_BT)
        labels_BT = input_ids_BT.masked_fill(~is_learned, IGNORED_LABEL)
        logits_BTV = self._engine(**attention.inputs_of(batch, input_ids_BT, self.params.attention)).logits
        return torch.nn.functional.cross_entropy(
            logits_BTV[:, :-1].flatten(0, 1).float(), labels_BT[:, 1:].flatten(), ignore_index=IGNORED_LABEL, reduction="none"
        )
