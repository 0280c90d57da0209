"""Our curation from raw text to token shards, as one command on a folder of documents.

    python -m scripts.curation_bench.pipeline DOCUMENTS OUTPUT --tokenizer data/tokenizer --workers 2

The stages' own functions, one after the other: clean, exact and near duplicates, tokens. What belongs to partners and not to
texts (agreements, gates, the search for planted documents) is left out on this side as on the peers'.
"""

import argparse
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation.clean_documents import clean_table
from latamgpt.curation.duplicates import find_duplicates, in_winning_order
from latamgpt.launch.site import Site
from latamgpt.params import Params, read_params
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import rows_to_table, write_table
from latamgpt.tokens.token_shards import write_shards
from latamgpt.tokens.vocabulary import read_vocabulary

ROOT = Path(__file__).resolve().parents[2]


def curate(documents: Path, output: Path, tokenizer: Path, workers: int, params: Params) -> dict[str, int]:
    """Clean all documents, drop duplicates, write the corpus and its shards; how many documents were left after each step."""
    raw = pa.concat_tables([pq.read_table(path) for path in sorted(documents.glob("*.parquet"))])
    cleaned = clean_table(raw, params.clean_documents, thresholds_in_force(ROOT), Site(workers=workers), "")
    kept = in_winning_order(rows_to_table(cleaned.kept, CLEAN_DOCUMENT_SCHEMA))
    gone = {one.dropped for one in find_duplicates(kept, params.corpus.num_bands, params.corpus.min_similarity)}
    corpus = kept.take([row for row in range(kept.num_rows) if row not in gone]).sort_by("doc_id")
    write_table(output / "documents.parquet", corpus)
    counts = write_shards(output / "documents.parquet", output / "shards", set(), read_vocabulary(tokenizer), params.token_shards)
    return {"read": raw.num_rows, "filtered": kept.num_rows, "deduplicated": corpus.num_rows, "tokens": counts.num_tokens}


def main() -> None:
    """Curate and write the counts beside the output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True, help="a folder that holds tokenizer.json")
    parser.add_argument("--workers", type=int, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True)
    counts = curate(options.documents, options.output, options.tokenizer, options.workers, read_params(ROOT))
    (options.output / "counts.json").write_text(json.dumps(counts))


if __name__ == "__main__":
    main()
