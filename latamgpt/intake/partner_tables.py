"""The tables that intake publishes of a partner: rows that were read just now, among those of deliveries that did not change."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.intake.kept_delivery import STAGE, KeptDeliveries
from latamgpt.intake.row_groups import write_rows
from latamgpt.intake.rows_on_disk import RowsOnDisk
from latamgpt.records import DOCUMENT_SCHEMA, EXCLUSION_SCHEMA, ORTHOGRAPHY_SCHEMA
from latamgpt.table_format import parts_writer
from latamgpt.table_parts import merged, without


@dataclass(frozen=True)
class _Fresh:
    """One table's rows that were read in this run."""

    name: str
    schema: pa.Schema
    key: str  # by which it is sorted first; no key is both among these rows and among those that are kept
    rows: Iterable[Mapping[str, object]]


def write_tables(target: Path, partner: str, rows: RowsOnDisk, kept: KeptDeliveries) -> None:
    """Write documents, orthographies and exclusions into a folder: the same bytes, whether rows were kept or read again."""
    tables = (
        _Fresh("documents", DOCUMENT_SCHEMA, "doc_id", _document_rows(partner, rows)),
        _Fresh("orthographies", ORTHOGRAPHY_SCHEMA, "doc_id", _orthography_rows(rows)),
        _Fresh("exclusions", EXCLUSION_SCHEMA, "delivery", _exclusion_rows(partner, rows)),
    )
    if kept.tables is None or not kept.taken:
        for table in tables:
            write_rows(target / f"{table.name}.parquet", table.rows, table.schema)
        return
    documents, exclusions = (kept.tables / f"{table}.parquet" for table in ("documents", "exclusions"))
    gone = {"documents": _of_others(documents, kept.taken), "exclusions": _of_others(exclusions, kept.taken, "delivery")}
    gone["orthographies"] = gone["documents"]
    with TemporaryDirectory(prefix="fresh-", dir=target) as scratch:
        for table in tables:
            name = f"{table.name}.parquet"
            fresh, before = Path(scratch) / name, kept.tables / name
            write_rows(fresh, table.rows, table.schema)
            with parts_writer(target / name, table.schema) as file:
                for part in merged([fresh, before], key=table.key, but={before: gone[table.name]}):
                    file.add(part)


def _of_others(path: Path, deliveries: Collection[str], key: str = "doc_id") -> set[str]:
    """The keys of the rows of all deliveries but some."""
    with pq.ParquetFile(path) as file:
        groups = (file.read_row_group(group, [key, "delivery"]) for group in range(file.num_row_groups))
        return {one for group in groups for one in without(group, deliveries, "delivery")[key].to_pylist()}


def _document_rows(partner: str, rows: RowsOnDisk) -> Iterator[dict[str, object]]:
    for row in rows.documents():
        yield {
            "doc_id": row.doc_id,
            "partner": partner,
            "delivery": row.delivery,
            "delivery_date": row.delivery_date,
            "agreement": row.agreement,
            "path": row.path,
            "title": row.title,
            "country": row.country,
            "declared_language": row.language,
            "licence": row.licence,
            "source": row.source,
            "period": row.period,
            "kind": row.kind,
            "ocr_confidence": row.ocr_confidence,
            "text": row.text,
        }


def _orthography_rows(rows: RowsOnDisk) -> Iterator[dict[str, object]]:
    for doc_id, orthography, text in rows.orthographies():
        yield {"doc_id": doc_id, "orthography": orthography, "text": text}


def _exclusion_rows(partner: str, rows: RowsOnDisk) -> Iterator[dict[str, object]]:
    for row in rows.exclusions():
        yield {
            "doc_id": row.doc_id,
            "partner": partner,
            "delivery": row.delivery,
            "path": row.path,
            "stage": STAGE,
            "reason": row.reason,
            "detail": row.detail,
            "language": row.language,
            "num_bytes": row.num_bytes,
        }
