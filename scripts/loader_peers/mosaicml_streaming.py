"""mosaicml-streaming's StreamingDataset, shuffled, on packed rows in its own MDS shards: FLAT WIDTH ROWS_PER_BATCH SCRATCH."""

import json
import sys

import numpy as np
from rounds import rates_of
from streaming import MDSWriter, StreamingDataset
from streaming.base.util import clean_stale_shared_memory


def main() -> None:
    """Write the shards, read all rows, and print the rates: a plain loop, without a DataLoader on top."""
    path, width, rows_per_batch, scratch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with MDSWriter(out=scratch, columns={"tokens": f"ndarray:uint16:{width}"}) as writer:
        for row in np.fromfile(path, np.uint16).reshape(-1, width):
            writer.write({"tokens": row})
    clean_stale_shared_memory()
    dataset = StreamingDataset(local=scratch, shuffle=True, shuffle_seed=1, batch_size=rows_per_batch)
    rates = rates_of(lambda: sum(sample["tokens"].size for sample in dataset))
    print(json.dumps({"mosaicml-streaming (MDS), shuffled, ids alone": rates}))


if __name__ == "__main__":
    main()
