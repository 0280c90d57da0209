"""Of what was planted in the generated corpus, how much curation finds."""

import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation.cleaning import Cleaned, Task, clean
from latamgpt.curation.duplicates import find_duplicates
from latamgpt.params import CleanDocumentsParams, CorpusParams
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA, Table
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import rows_to_table

ROOT = Path(__file__).resolve().parents[2]
COPIES = ("exact", "exact_after_normalisation", "near_2_alone", "near_2_in_runs", "near_5_alone")


def measure_cleaning(documents: pa.Table, params: CleanDocumentsParams) -> tuple[Cleaned, str]:
    """The whole stage on one worker: what it kept, and a sentence on what it took."""
    num_bytes = sum(len(text.encode()) for text in documents["text"].to_pylist()) / 1e6
    start = time.process_time()
    cleaned, quality = Cleaned(), thresholds_in_force(ROOT)
    for first in range(0, documents.num_rows, params.docs_per_task):
        cleaned.add(clean(Task(documents.slice(first, params.docs_per_task).to_pylist(), params, quality)))
    taken = time.process_time() - start
    return (
        cleaned,
        f"clean_documents on one worker: {num_bytes:.1f} MB in {taken:.1f} CPU-s, {num_bytes / taken:.2f} MB per CPU-s.",
    )


def measure_findings(corpus: Path, cleaned: Cleaned, params: CorpusParams) -> Table:
    """Of each kind of what was planted, how much was found."""
    planted = pq.read_table(corpus / "planted.parquet").to_pylist()
    kept = rows_to_table(cleaned.kept, CLEAN_DOCUMENT_SCHEMA)
    ids = kept["doc_id"].to_pylist()
    gone = {ids[one.dropped]: ids[one.kept] for one in find_duplicates(kept, params.num_bands, params.min_similarity)}
    alive, group = set(ids), {doc_id: gone.get(doc_id, doc_id) for doc_id in ids}
    found: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    copied = {one[name] for one in planted if one["source"] for name in ("doc_id", "source")}
    for one in planted:
        if one["kind"] in COPIES and {one["doc_id"], one["source"]} <= alive:
            pairs[one["kind"]] += 1
            found[one["kind"]] += group[one["doc_id"]] == group[one["source"]]
    lost = [doc_id for doc_id in gone if doc_id not in copied]
    texts = {str(row["doc_id"]): str(row["text"]) for row in cleaned.kept}
    strings = [(one["doc_id"], string) for one in planted for string in one["planted"] if one["doc_id"] in texts]
    left = sum(string in texts[doc_id] for doc_id, string in strings)
    rows = [(kind, f"{pairs[kind]:,}", f"{found[kind] / max(pairs[kind], 1):.2%}") for kind in COPIES]
    rows.append(("documents dropped that began as nobody else's", f"{len(ids):,}", f"{len(lost):,}"))
    rows.append(("personal data left, of what stood in kept documents", f"{len(strings):,}", f"{left:,}"))
    return Table(name="Of what was planted", columns=("planted", "pairs", "found"), rows=tuple(rows))
