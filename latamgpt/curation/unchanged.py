"""Documents that are as they were when this machine cleaned them last: what came of them then is taken, not made again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.cache import keep, read_cached
from latamgpt.curation.cleaning import STAGE, WORKED
from latamgpt.store import Workspace, read_table, write_table
from latamgpt.table_parts import merged

INPUTS = "inputs.parquet"
DIGEST_BYTES = 16
INPUT_SCHEMA = pa.schema(
    [pa.field("doc_id", pa.string(), nullable=False), pa.field("digest", pa.binary(DIGEST_BYTES), nullable=False)]
)
NULL = "\x1fnone"  # what stands for a value that is not there; no value holds the sign


@dataclass(frozen=True)
class Earlier:
    """What was kept of the last time, and the documents of which it still holds."""

    folder: Path | None
    doc_ids: Collection[str]
    inputs: pa.Table  # rows of INPUT_SCHEMA: all documents of today

    def beside(self, fresh: Path, table: str) -> Iterator[pa.Table]:
        """The rows of a table made just now and those that still hold, sorted as one."""
        assert self.folder is not None
        before = self.folder / f"{table}.parquet"
        return merged([fresh / f"{table}.parquet", before], only={before: self.doc_ids})


def find_earlier(workspace: Workspace, partner: str, key: str, documents: Path) -> Earlier:
    """What was kept for a partner under this key, as far as its documents are the same today."""
    folder, inputs = read_cached(workspace.root, STAGE, partner, key), pa.concat_tables(_digests(documents))
    if folder is None:
        return Earlier(None, (), inputs)
    before = read_table(folder / INPUTS)
    known = dict(zip(before["doc_id"].to_pylist(), before["digest"].to_pylist(), strict=True))
    today = zip(inputs["doc_id"].to_pylist(), inputs["digest"].to_pylist(), strict=True)
    same = {doc_id for doc_id, digest in today if known.get(doc_id) == digest}
    return Earlier(folder if same else None, same, inputs)


def keep_outcome(workspace: Workspace, partner: str, key: str, inputs: pa.Table, outcome: Path) -> None:
    """Keep what came of a partner's documents for the next time."""

    def fill(folder: Path) -> None:
        for table in WORKED:
            (folder / f"{table}.parquet").hardlink_to(outcome / f"{table}.parquet")
        write_table(folder / INPUTS, inputs)

    keep(workspace.root, STAGE, partner, key, fill)


def _digests(documents: Path) -> Iterator[pa.Table]:
    """Id of each document and a digest of all that intake says of it: every column as text, and the lengths of all of them."""
    yield INPUT_SCHEMA.empty_table()
    with pq.ParquetFile(documents) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group).combine_chunks()
            if not rows.num_rows:
                continue
            columns = [column.chunk(0).cast(pa.string()).fill_null(NULL) for column in rows.columns]
            lengths = [_call("binary_length", column).cast(pa.string()) for column in columns]
            joined = _call("binary_join_element_wise", *columns, *lengths, pa.scalar("\x1f"))
            digests = [blake2b(row.as_buffer(), digest_size=DIGEST_BYTES).digest() for row in joined]
            yield pa.table({"doc_id": rows["doc_id"], "digest": pa.array(digests, pa.binary(DIGEST_BYTES))}, INPUT_SCHEMA)


def _call(function: str, *columns: pa.Array | pa.Scalar) -> pa.Array:
    return pc.call_function(function, list(columns))
