"""All partners' clean documents where they lie, in the order of their ids: memory holds some rows of each partner.

What the stage `corpus` asks of all documents at once is in their index. Texts are read again for every pass over them, and
signatures when duplicates are looked for.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.table_parts import merged

# N documents  P permutations
INDEX = (
    "doc_id",
    "partner",
    "delivery",
    "delivery_date",
    "agreement",
    "path",
    "country",
    "licence",
    "period",
    "kind",
    "language",
    "variety",
    "num_bytes",
    "quality",
    "text_sha256",
)
ROWS_AT_ONCE = 256  # texts that are Python strings at a time


@dataclass(frozen=True)
class CleanDocuments:
    """Parquet of CLEAN_DOCUMENT_SCHEMA, each file sorted by doc_id; no id stands in two of them."""

    paths: Sequence[Path]

    def index(self) -> pa.Table:
        """A line for each document, with what is held against the others': neither its text nor its signature.

        All words but ids are numbers in a dictionary, which the tables share that are cut from this one.
        """
        schema = pa.schema([CLEAN_DOCUMENT_SCHEMA.field(name) for name in INDEX])
        rows = pa.concat_tables([schema.empty_table(), *merged(self.paths, list(INDEX))]).combine_chunks()
        return pa.table({name: _coded(rows[name]) if name != "doc_id" else rows[name] for name in INDEX})

    def rows(self, doc_ids: Collection[str], columns: Sequence[str] = CLEAN_DOCUMENT_SCHEMA.names) -> Iterator[pa.Table]:
        """Some documents in parts."""
        schema = pa.schema([CLEAN_DOCUMENT_SCHEMA.field(name) for name in columns])
        for part in merged(self.paths, list(columns), only=dict.fromkeys(self.paths, doc_ids)):
            yield part.cast(schema)

    def texts(self, doc_ids: Collection[str]) -> "Texts":
        """The texts of some documents."""
        return Texts(self, doc_ids)

    def signatures(self, doc_ids: Collection[str]) -> pa.Array:
        """The signatures of some documents in the order of their ids, in one piece."""
        found_NP: NDArray[np.uint32] = np.empty((0, 0), np.uint32)
        first = 0
        for part in self.rows(doc_ids, ("doc_id", "signature")):
            values = np.asarray(part["signature"].combine_chunks().flatten(), np.uint32)
            if part.num_rows and not first:
                found_NP = np.empty((len(doc_ids), len(values) // part.num_rows), np.uint32)
            found_NP[first : first + part.num_rows] = values.reshape(part.num_rows, -1)
            first += part.num_rows
        offsets_N = np.arange(len(found_NP) + 1, dtype=np.int32) * found_NP.shape[1]
        return pa.ListArray.from_arrays(pa.array(offsets_N), pa.array(found_NP.reshape(-1)))


@dataclass(frozen=True)
class Texts:
    """Texts in the order of their documents' ids; read again each time that they are gone through."""

    documents: CleanDocuments
    doc_ids: Collection[str]

    def __iter__(self) -> Iterator[str]:
        for part in self.documents.rows(self.doc_ids, ("doc_id", "text")):
            for batch in part.to_batches(ROWS_AT_ONCE):
                yield from batch.column("text").to_pylist()


def _coded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.dictionary_encode() if pa.types.is_string(column.type) else column
