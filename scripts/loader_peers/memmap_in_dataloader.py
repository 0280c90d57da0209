"""torch's DataLoader over one flat memory-mapped file of packed rows: FLAT WIDTH ROWS_PER_BATCH SCRATCH."""

import json
import sys

import numpy as np
import torch
from rounds import rates_of
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler


class FlatRows(Dataset):
    """Rows of a memory-mapped array, fetched a batch at a time."""

    def __init__(self, path: str, width: int):
        self.rows = np.memmap(path, np.uint16, "r").reshape(-1, width)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def __getitems__(self, numbers: list[int]) -> np.ndarray:
        """A batch in one gather."""
        return self.rows[numbers]


def main() -> None:
    """Read all rows once in a random order, and print the rates."""
    path, width, rows_per_batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rows = FlatRows(path, width)
    sampler = RandomSampler(rows, generator=torch.Generator().manual_seed(1))
    batches = BatchSampler(sampler, rows_per_batch, drop_last=False)
    loader = DataLoader(rows, batch_sampler=batches, collate_fn=torch.from_numpy)
    rates = rates_of(lambda: sum(batch.numel() for batch in loader))
    print(json.dumps({"torch DataLoader on one memory map, ids alone": rates}))


if __name__ == "__main__":
    main()
