"""Measure curation on a generated corpus: how fast each step is beside its plain reference, and what of the planted is found.

    python -m scripts.curation_bench --megabytes 25

Both sides run in this process, one after the other, on the same texts; a ratio of CPU seconds says more than either. What comes
out of both is compared, so that a fast path that gave other results could not look good. Prints Markdown tables.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.curation import minhash, normalise, quality, variety
from latamgpt.curation.clean_documents import clean_table
from latamgpt.curation.cleaning import Cleaned
from latamgpt.curation.duplicates import find_duplicates, in_winning_order
from latamgpt.curation.kernels import code_points
from latamgpt.curation.language import letters, shipped_model, spoken_codes
from latamgpt.curation.personal_data import masking
from latamgpt.launch.site import Site
from latamgpt.params import CleanDocumentsParams, read_params
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import rows_to_table
from scripts.curation_bench.corpus import generate, write

ROOT = Path(__file__).resolve().parents[2]
PLAIN_TEXTS = 400  # the references are slow: they get so many of the texts
COPIES = ("exact", "exact_after_normalisation", "near_2_alone", "near_2_in_runs", "near_5_alone")


@dataclass(frozen=True)
class Step:
    """One step of curation: the fast path, and the reference that it is held equal to."""

    name: str
    fast: Callable[[str], object]
    plain: Callable[[str], object]


def steps(params: CleanDocumentsParams) -> list[Step]:
    """The steps that have a reference."""
    model = shipped_model()
    how = (params.num_permutations, params.shingle_words, params.minhash_seed)
    return [
        Step("normalise", normalise.normalise, normalise.plain_normalise),
        Step("measures of quality", quality.measure, quality.plain_measure),
        Step(
            "language, from letters to scores",
            lambda text: model.window_scores(spoken_codes(text)).tolist(),
            lambda text: model.plain_window_scores(letters(text)).tolist(),
        ),
        Step(
            "MinHash",
            lambda text: minhash.signature(text, *how).tolist(),
            lambda text: minhash.plain_signature(text, *how).tolist(),
        ),
        Step("voseo", variety.has_voseo, variety.plain_has_voseo),
        Step("identifiers in lines with digits", _finds(masking.find_all), _finds(masking.plain_find_all)),
    ]


def _finds(find: Callable[[str, str], list[masking.Find]]) -> Callable[[str], object]:
    def on_lines(text: str) -> object:
        lines = [line[:200] for line in text.split("\n") if masking.DIGITS.search(line)]
        return [sorted((one.start, one.order, one.end) for one in find(line, line)) for line in lines]

    return on_lines


def cpu_seconds(work: Callable[[str], object], texts: Sequence[str]) -> tuple[float, list[object]]:
    """CPU seconds of a step on texts, after one text to warm up; and what it gave."""
    work(texts[0])
    start = time.process_time()
    results = [work(text) for text in texts]
    return time.process_time() - start, results


def measure_steps(texts: Sequence[str], params: CleanDocumentsParams) -> None:
    """A line for each step: megabytes per CPU second of both sides."""
    few = texts[:PLAIN_TEXTS]
    num_bytes = {len(some): sum(len(text.encode()) for text in some) / 1e6 for some in (texts, few)}
    print("| step | MB per CPU-s | the plain reference | ratio | results |\n|---|---|---|---|---|")
    for step in steps(params):
        fast, _ = cpu_seconds(step.fast, texts)
        _, shown = cpu_seconds(step.fast, few)
        plain, expected = cpu_seconds(step.plain, few)
        speed, plain_speed = num_bytes[len(texts)] / fast, num_bytes[len(few)] / plain
        same = "the same" if shown == expected else "DIFFERENT"
        print(f"| {step.name} | {speed:.1f} | {plain_speed:.2f} | {speed / plain_speed:.1f} | {same} |")
    codes = time.process_time()
    for text in texts:
        code_points(text)
    print(f"| (limit: a text as code points) | {num_bytes[len(texts)] / (time.process_time() - codes):.0f} | | | |")


def measure_cleaning(documents: pa.Table, params: CleanDocumentsParams) -> Cleaned:
    """The whole stage on one worker; what it kept."""
    num_bytes = sum(len(text.encode()) for text in documents["text"].to_pylist()) / 1e6
    start = time.process_time()
    cleaned = clean_table(documents, params, thresholds_in_force(ROOT), Site(workers=1), "")
    taken = time.process_time() - start
    print(f"\nclean_documents: {num_bytes:.1f} MB in {taken:.1f} CPU-s, {num_bytes / taken:.2f} MB per CPU-s")
    return cleaned


def measure_findings(folder: Path, cleaned: Cleaned, num_bands: int, min_similarity: float) -> None:
    """Of each kind of what was planted, how much was found."""
    planted = pq.read_table(folder / "planted.parquet").to_pylist()
    kept = in_winning_order(rows_to_table(sorted(cleaned.kept, key=lambda row: str(row["doc_id"])), CLEAN_DOCUMENT_SCHEMA))
    ids = kept["doc_id"].to_pylist()
    start = time.process_time()
    gone = {ids[one.dropped]: ids[one.kept] for one in find_duplicates(kept, num_bands, min_similarity)}
    taken = time.process_time() - start
    alive, group = set(ids), {doc_id: _at_the_end(gone, doc_id) for doc_id in ids}
    found: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    copied = {one[name] for one in planted if one["source"] for name in ("doc_id", "source")}
    for one in planted:
        if one["kind"] in COPIES and {one["doc_id"], one["source"]} <= alive:
            pairs[one["kind"]] += 1
            found[one["kind"]] += group[one["doc_id"]] == group[one["source"]]
    lost = [doc_id for doc_id in gone if doc_id not in copied]
    print(f"\nDuplicates of {len(ids):,} documents in {taken:.1f} CPU-s.\n\n| planted | pairs | found |\n|---|---|---|")
    for kind in COPIES:
        print(f"| {kind} | {pairs[kind]:,} | {found[kind] / max(pairs[kind], 1):.2%} |")
    print(f"| documents dropped that began as nobody else's | {len(ids):,} | {len(lost):,} |")
    texts = {str(row["doc_id"]): str(row["text"]) for row in cleaned.kept}
    strings = [(one["doc_id"], string) for one in planted for string in one["planted"] if one["doc_id"] in texts]
    left = sum(string in texts[doc_id] for doc_id, string in strings)
    print(f"| personal data left, of what stood in kept documents | {len(strings):,} | {left:,} |")


def _at_the_end(gone: Mapping[str, str], doc_id: str) -> str:
    """The document that stays: what an exact copy gave way to may have given way itself, to one that is nearly the same."""
    while doc_id in gone:
        doc_id = gone[doc_id]
    return doc_id


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=25, help="of generated text (25)")
    options = parser.parse_args()
    params = read_params(ROOT)
    with tempfile.TemporaryDirectory(prefix="latamgpt-curation-") as place:
        folder = Path(place) / "corpus"
        write(generate(ROOT / "samples", options.megabytes * 1_000_000), folder)
        documents = pa.concat_tables([pq.read_table(path) for path in sorted((folder / "documents").glob("*.parquet"))])
        measure_steps(documents["text"].to_pylist(), params.clean_documents)
        cleaned = measure_cleaning(documents, params.clean_documents)
        measure_findings(folder, cleaned, params.corpus.num_bands, params.corpus.min_similarity)


if __name__ == "__main__":
    main()
