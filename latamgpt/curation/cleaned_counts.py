"""What a report says of a partner's clean documents, counted while they are written."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from latamgpt.records import Table

COUNTED = ("language", "variety", "second_language")
COUNTED_COLUMNS = {
    "documents": [*COUNTED, "has_voseo", "num_bytes"],
    "exclusions": ["reason"],
    "personal_data": ["kind", "num_replaced"],
    "undetermined": ["doc_id"],
}
"""What is counted of each of the tables that `cleaning.PUBLISHED` names."""


@dataclass
class CleanedCounts:
    """Of the documents seen so far. Bytes are of clean text in UTF-8."""

    num_kept: int = 0
    num_undetermined: int = 0
    num_voseo: int = 0
    num_bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])
    personal_data: Counter[str] = field(default_factory=Counter[str])
    documents: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])  # by column and value
    bytes_of: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    @property
    def num_read(self) -> int:
        """Every document is kept or excluded."""
        return self.num_kept + self.reasons.total()

    def add(self, table: str, rows: pa.Table) -> None:
        """Count a part of a table."""
        match table:
            case "documents":
                self._count_kept(rows)
            case "exclusions":
                self.reasons.update(rows["reason"].to_pylist())
            case "personal_data":
                for kind, number in zip(rows["kind"].to_pylist(), rows["num_replaced"].to_pylist(), strict=True):
                    self.personal_data[kind] += number
            case _:
                self.num_undetermined += rows.num_rows

    def _count_kept(self, rows: pa.Table) -> None:
        self.num_kept += rows.num_rows
        self.num_voseo += sum(rows["has_voseo"].to_pylist())
        self.num_bytes += sum(rows["num_bytes"].to_pylist())
        for column in COUNTED:
            counted = rows.group_by(column).aggregate([("num_bytes", "count"), ("num_bytes", "sum")])
            for value, documents, num_bytes in zip(*(counted[name].to_pylist() for name in counted.column_names), strict=True):
                self.documents[column, value] += documents
                self.bytes_of[column, value] += num_bytes

    def table(self, name: str, column: str) -> Table:
        """Documents and bytes for each value of a column; a document without one is not in it."""
        values = sorted(value for counted, value in self.documents if counted == column and value)
        rows = tuple((value, self.documents[column, value], self.bytes_of[column, value]) for value in values)
        return Table(name=name, columns=(column, "documents", "bytes"), rows=rows)
