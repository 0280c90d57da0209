"""Documents that are as they were when this machine worked on them last: what came of them then is taken, not made again.

Kept are the tables of the last runs, each with what was made in it and not before: a run adds its own and writes no row of the
others again, until there are many of them or much of what they hold is of documents that have changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.cache import keep, read_cached
from latamgpt.store import read_table
from latamgpt.table_format import Packing, parts_writer, write_table
from latamgpt.table_parts import having, merged, without

INPUTS = "inputs.parquet"
DIGEST_BYTES = 16
INPUT_SCHEMA = pa.schema(
    [pa.field("doc_id", pa.string(), nullable=False), pa.field("digest", pa.binary(DIGEST_BYTES), nullable=False)]
)
KEPT_SCHEMA = INPUT_SCHEMA.append(pa.field("run", pa.int32(), nullable=False))  # the folder that has what came of it
MAX_RUNS = 8
MAX_GONE_SHARE = 0.25  # of the documents of which rows are kept
NULL = "\x1fnone"  # what stands for a value that is not there; no value holds the sign


@dataclass(frozen=True)
class Shelf:
    """Where a partner's tables are kept, and what all of them came from but their documents."""

    root: Path
    name: str
    partner: str
    key: str
    tables: Mapping[str, pa.Schema]


@dataclass(frozen=True)
class Made:
    """What came of documents in several runs, each table sorted by doc_id."""

    runs: Mapping[Path, frozenset[str]]
    """Folders of tables, and the documents whose rows there hold no more."""

    def rows(self, table: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """One table in parts."""
        files = self.files(table)
        return merged(list(files), columns, but=files)

    def files(self, table: str) -> dict[Path, frozenset[str]]:
        """Where it lies, and the documents whose rows hold no more."""
        return {folder / f"{table}.parquet": gone for folder, gone in self.runs.items()}


@dataclass(frozen=True)
class Earlier:
    """What is kept, as far as its documents are the same today."""

    shelf: Shelf
    inputs: pa.Table  # rows of INPUT_SCHEMA: all documents of today
    run_of: Mapping[str, int]  # of each document that is the same
    runs: Mapping[int, Path]  # that made any of them
    kept: pa.Table  # rows of KEPT_SCHEMA, of those runs; what documents were, too

    def beside(self, fresh: Path) -> Made:
        """What was made just now, and what still holds."""
        gone: dict[int, set[str]] = {run: set() for run in self.runs}
        for doc_id, run in zip(self.kept["doc_id"].to_pylist(), self.kept["run"].to_pylist(), strict=True):
            if self.run_of.get(doc_id) != run:
                gone[run].add(doc_id)
        return Made({fresh: frozenset(), **{folder: frozenset(gone[run]) for run, folder in self.runs.items()}})


def find_earlier(shelf: Shelf, inputs: pa.Table) -> Earlier:
    """What is kept under this key of the documents that have the same digest today."""
    folder = read_cached(shelf.root, shelf.name, shelf.partner, shelf.key)
    if folder is None:
        return Earlier(shelf, inputs, {}, {}, KEPT_SCHEMA.empty_table())
    kept = read_table(folder / INPUTS, KEPT_SCHEMA)
    known = {(doc_id, digest): run for doc_id, digest, run in _values(kept)}
    run_of = {one[0]: known[one] for one in _values(inputs) if one in known}
    runs = {run: folder / str(run) for run in sorted(set(run_of.values()))}
    return Earlier(shelf, inputs, run_of, runs, having(kept, runs, "run"))


def keep_outcome(earlier: Earlier, fresh: Path) -> None:
    """Keep what came of today's documents for the next time."""
    shelf, made = earlier.shelf, earlier.beside(fresh)
    new = without(earlier.inputs, earlier.run_of)
    num_gone = earlier.kept.num_rows - len(earlier.run_of)
    is_sparse = num_gone > MAX_GONE_SHARE * (earlier.kept.num_rows + new.num_rows)
    if earlier.runs and not new.num_rows and not is_sparse:
        return

    def fill(folder: Path) -> None:
        if is_sparse or len(earlier.runs) >= MAX_RUNS:
            _write_all(folder / "0", made, shelf.tables)
            write_table(folder / INPUTS, _of_run(earlier.inputs, 0))
            return
        number = max(earlier.runs, default=-1) + 1
        for run, source in {**earlier.runs, number: fresh}.items():
            (folder / str(run)).mkdir()
            for table in shelf.tables:
                (folder / str(run) / f"{table}.parquet").hardlink_to(source / f"{table}.parquet")
        write_table(folder / INPUTS, pa.concat_tables([earlier.kept, _of_run(new, number)]))

    keep(shelf.root, shelf.name, shelf.partner, shelf.key, fill)


def _write_all(folder: Path, made: Made, tables: Mapping[str, pa.Schema]) -> None:
    folder.mkdir()
    for name, schema in tables.items():
        with parts_writer(folder / f"{name}.parquet", schema, Packing.PASSING) as file:
            for part in made.rows(name):
                file.add(part)


def _of_run(inputs: pa.Table, run: int) -> pa.Table:
    return inputs.append_column(KEPT_SCHEMA.field("run"), pa.array([run] * inputs.num_rows, pa.int32()))


def _values(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def digests_of(documents: Path) -> pa.Table:
    """Id of each document and a digest of all that intake says of it: every column as text, and the lengths of all of them."""
    return pa.concat_tables([INPUT_SCHEMA.empty_table(), *_digests(documents)])


def _digests(documents: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(documents) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group).combine_chunks()
            if not rows.num_rows:
                continue
            columns = [column.chunk(0).cast(pa.string()).fill_null(NULL) for column in rows.columns]
            lengths = [_call("binary_length", column).cast(pa.string()) for column in columns]
            joined = _call("binary_join_element_wise", *columns, *lengths, pa.scalar("\x1f"))
            digests = [sha256(row.as_buffer()).digest()[:DIGEST_BYTES] for row in joined]  # processors have instructions for it
            yield pa.table({"doc_id": rows["doc_id"], "digest": pa.array(digests, pa.binary(DIGEST_BYTES))}, INPUT_SCHEMA)


def _call(function: str, *columns: pa.Array | pa.ChunkedArray | pa.Scalar) -> Any:
    return pc.call_function(function, list(columns))
