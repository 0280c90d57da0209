"""Our curation from raw text to token shards, as one command on a folder of documents.

    python -m scripts.curation_bench.pipeline DOCUMENTS OUTPUT --tokenizer data/tokenizer --workers 2

The stages' own functions, one after the other: clean, exact and near duplicates, tokens. What belongs to partners and not to
texts (agreements, gates, the search for planted documents) is left out on this side as on the peers'.
"""

import argparse
import json
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from latamgpt.curation.clean_tables import CleanDocuments
from latamgpt.curation.cleaning import clean_to_tables
from latamgpt.curation.duplicates import find_duplicates
from latamgpt.curation.engine import choose
from latamgpt.curation.tasks import Tasks
from latamgpt.launch.site import Site
from latamgpt.params import CorpusParams, Params, read_params
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.table_format import Packing, parts_writer
from latamgpt.table_parts import merged, without
from latamgpt.tokens.token_shards import write_shards
from latamgpt.tokens.vocabulary import read_vocabulary

ROOT = Path(__file__).resolve().parents[2]
COMPARED = ["doc_id", "quality", "text_sha256"]


def curate(documents: Path, output: Path, tokenizer: Path, workers: int, params: Params) -> dict[str, int]:
    """Clean all documents, drop duplicates, write the corpus and its shards; how many documents were left after each step."""
    tasks = Tasks(sorted(documents.glob("*.parquet")), params.clean_documents, thresholds_in_force(ROOT))
    kept = clean(tasks, output / "clean", workers)
    gone = duplicates(kept, params.corpus)
    num_left = join(kept, gone, output / "documents.parquet")
    counts = write_shards(output / "documents.parquet", output / "shards", set(), read_vocabulary(tokenizer), params.token_shards)
    return {
        "read": tasks.num_documents,
        "filtered": num_left + len(gone),
        "deduplicated": num_left,
        "tokens": counts.num_tokens,
    }


def clean(tasks: Tasks, folder: Path, workers: int) -> list[Path]:
    """The clean documents, a file for each that was read; workers are started once for all of them."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        names = dict.fromkeys(tasks.file_of(index).name for index in range(len(tasks)))
        files = {name: stack.enter_context(parts_writer(folder / name, CLEAN_DOCUMENT_SCHEMA, Packing.PASSING)) for name in names}
        for index, cleaned in enumerate(choose(len(tasks), Site(workers=workers)).map(clean_to_tables, tasks)):
            files[tasks.file_of(index).name].add(cleaned["documents"])
    return [folder / name for name in names]


def duplicates(kept: list[Path], params: CorpusParams) -> set[str]:
    """The documents that give way, by id: signatures are read, and no texts."""
    described = pa.concat_tables(merged(kept, COMPARED))
    signatures = CleanDocuments(kept).signatures(set(described["doc_id"].to_pylist()))
    found = find_duplicates(described.append_column("signature", signatures), params.num_bands, params.min_similarity)
    dropped = pa.array([one.dropped for one in found], pa.int64())
    return set(described["doc_id"].take(dropped).to_pylist())


def join(kept: list[Path], gone: set[str], path: Path) -> int:
    """All documents but those that give way, as one sorted table; how many there are."""
    num_left = 0
    with parts_writer(path, CLEAN_DOCUMENT_SCHEMA) as corpus:
        for part in merged(kept):
            stays = without(part, gone)
            corpus.add(stays)
            num_left += stays.num_rows
    return num_left


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
