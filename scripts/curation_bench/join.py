"""Measure the near-duplicate join alone, on signatures that lie on a disk, as many as a corpus of terabytes has.

    python -m scripts.curation_bench.join --documents 10000000

Signatures are drawn, not computed from texts: 112 random numbers for most documents, and for one in ten those of another one, of
which each is replaced with a chance of 8%, as a text of which 2% of the words were edited has them. Prints CPU seconds, what was
found of the planted pairs, and the most memory that the join took of its own: the signatures' pages, which the system may drop
and read again, not counted.
"""

import argparse
import re
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.linking import groups
from latamgpt.params import read_params

ROOT = Path(__file__).resolve().parents[2]
ROWS_AT_ONCE = 250_000
COPY_SHARE, CHANGED_SHARE = 0.1, 0.08


def write_signatures(path: Path, num_documents: int, num_permutations: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Signatures on a disk, and for each document the one that it is a copy of: itself, for most."""
    signatures_NP = np.memmap(path, np.uint32, "w+", shape=(num_documents, num_permutations))
    draw = np.random.Generator(np.random.PCG64(23))
    source_N = np.arange(num_documents)
    for start in range(0, num_documents, ROWS_AT_ONCE):
        here = slice(start, min(start + ROWS_AT_ONCE, num_documents))
        rows = draw.integers(0, 1 << 32, (here.stop - start, num_permutations), dtype=np.uint32)
        copies = np.flatnonzero(draw.random(len(rows)) < COPY_SHARE)
        copies = copies[copies > 0]
        originals = np.setdiff1d(np.arange(len(rows)), copies)
        chosen = originals[np.maximum(np.searchsorted(originals, copies) - 1 - draw.integers(0, 50, len(copies)), 0)]
        kept = draw.random((len(copies), num_permutations)) >= CHANGED_SHARE
        rows[copies] = np.where(kept, rows[chosen], rows[copies])
        source_N[start + copies] = start + chosen
        signatures_NP[here] = rows
    signatures_NP.flush()
    return signatures_NP, source_N


class OwnMemory(threading.Thread):
    """Looks at this process's memory, without the pages of files, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.most = self._now()
        self.stopped = threading.Event()

    def run(self) -> None:
        """See Thread."""
        while not self.stopped.wait(0.02):
            self.most = max(self.most, self._now())

    def _now(self) -> float:
        """Megabytes."""
        return int(re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1000


def main() -> None:
    """Write, join, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    options = parser.parse_args()
    params = read_params(ROOT)
    groups(np.zeros((2, params.clean_documents.num_permutations), np.uint32), params.corpus.num_bands, 1.0)
    with tempfile.TemporaryDirectory(prefix="latamgpt-join-") as place:
        signatures_NP, source_N = write_signatures(
            Path(place) / "signatures", options.documents, params.clean_documents.num_permutations
        )
        memory = OwnMemory()
        memory.start()
        start = time.process_time()
        found_N = groups(signatures_NP, params.corpus.num_bands, params.corpus.min_similarity)
        taken = time.process_time() - start
        memory.stopped.set()
        copies = np.flatnonzero(source_N != np.arange(len(source_N)))
        found = (found_N[copies] == found_N[source_N[copies]]).mean()
        wrong = int((found_N != np.arange(len(found_N))).sum() - (found_N[copies] != copies).sum())
    print("| documents | signatures | CPU-s | documents per CPU-s | memory of its own | copies found | others dropped |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {options.documents:,} | {signatures_NP.nbytes / 1e9:.2f} GB | {taken:.1f} | {options.documents / taken:,.0f} "
        f"| {memory.most - memory.before:.0f} MB | {found:.2%} of {len(copies):,} | {wrong:,} |"
    )


if __name__ == "__main__":
    main()
