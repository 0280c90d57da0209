"""Who this process is among those that train."""

import os
from dataclasses import dataclass
from datetime import timedelta

MINUTES_FOR_PEERS = 10


@dataclass(frozen=True)
class Rank:
    """One process among those that train together."""

    number: int
    count: int

    @property
    def is_first(self) -> bool:
        """Whether this process speaks for all: logs, publishes states, saves the weights."""
        return self.number == 0


def join_ranks() -> Rank:
    """Meet the other processes that torchrun started; alone, where there is none."""
    import torch
    import torch.distributed as dist

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"  # losses are summed over ranks on the CPU
    os.environ.setdefault("DS_ACCELERATOR", "cuda" if torch.cuda.is_available() else "cpu")
    waiting = timedelta(minutes=MINUTES_FOR_PEERS)
    if "RANK" in os.environ:
        dist.init_process_group(backend, timeout=waiting)
    else:
        os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}
        dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1, timeout=waiting)
    return Rank(dist.get_rank(), dist.get_world_size())
