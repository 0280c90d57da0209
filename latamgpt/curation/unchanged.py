"""Documents that are as they were when this machine cleaned them last: what came of them then is taken, not made again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.cache import keep, read_cached
from latamgpt.curation.cleaning import STAGE, WORKED
from latamgpt.store import Workspace, read_table
from latamgpt.table_parts import merged, parts_writer

INPUTS = "inputs.parquet"
INPUT_SCHEMA = pa.schema([pa.field("doc_id", pa.string(), nullable=False), pa.field("digest", pa.binary(16), nullable=False)])
ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Earlier:
    """What was kept of the last time, and the documents of which it still holds."""

    folder: Path | None
    doc_ids: Collection[str]

    def beside(self, fresh: Path, table: str) -> Iterator[pa.Table]:
        """The rows of a table made just now and those that still hold, sorted as one."""
        assert self.folder is not None
        before = self.folder / f"{table}.parquet"
        return merged([fresh / f"{table}.parquet", before], only={before: self.doc_ids})


def find_earlier(workspace: Workspace, partner: str, key: str, documents: Path) -> Earlier:
    """What was kept for a partner under this key, as far as its documents are the same today."""
    folder = read_cached(workspace.root, STAGE, partner, key)
    if folder is None:
        return Earlier(None, ())
    before = read_table(folder / INPUTS)
    known = dict(zip(before["doc_id"].to_pylist(), before["digest"].to_pylist(), strict=True))
    same = {doc_id for doc_id, digest in _digests(documents) if known.get(doc_id) == digest}
    return Earlier(folder if same else None, same)


def keep_outcome(workspace: Workspace, partner: str, key: str, documents: Path, outcome: Path) -> None:
    """Keep what came of a partner's documents for the next time."""

    def fill(folder: Path) -> None:
        for table in WORKED:
            (folder / f"{table}.parquet").hardlink_to(outcome / f"{table}.parquet")
        with parts_writer(folder / INPUTS, INPUT_SCHEMA) as inputs:
            digests = _digests(documents)
            while rows := list(islice(digests, ROWS_AT_ONCE)):
                inputs.add(pa.table(dict(zip(INPUT_SCHEMA.names, zip(*rows, strict=True), strict=True)), INPUT_SCHEMA))

    keep(workspace.root, STAGE, partner, key, fill)


def _digests(documents: Path) -> Iterator[tuple[str, bytes]]:
    """Id of each document and a digest of all that intake says of it."""
    with pq.ParquetFile(documents) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield row[0], blake2b("\x1f".join(map(str, row)).encode(), digest_size=16).digest()
