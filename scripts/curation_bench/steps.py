"""Each step of curation beside its plain reference, on the same texts in one process."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from latamgpt.curation import minhash, normalise, quality, variety
from latamgpt.curation.kernels import code_points
from latamgpt.curation.language import letters, shipped_model, spoken_codes
from latamgpt.curation.personal_data import masking
from latamgpt.params import CleanDocumentsParams
from latamgpt.records import Table

PLAIN_TEXTS = 400  # the references are slow: they get so many of the texts


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


def measure_steps(texts: Sequence[str], params: CleanDocumentsParams) -> Table:
    """A line for each step: megabytes per CPU second of both sides."""
    few = texts[:PLAIN_TEXTS]
    num_bytes = {len(some): sum(len(text.encode()) for text in some) / 1e6 for some in (texts, few)}
    rows: list[tuple[str, str, str, str, str]] = []
    for step in steps(params):
        fast, _ = cpu_seconds(step.fast, texts)
        _, shown = cpu_seconds(step.fast, few)
        plain, expected = cpu_seconds(step.plain, few)
        speed, plain_speed = num_bytes[len(texts)] / fast, num_bytes[len(few)] / plain
        same = "the same" if shown == expected else "DIFFERENT"
        rows.append((step.name, f"{speed:.1f}", f"{plain_speed:.2f}", f"{speed / plain_speed:.1f}", same))
    taken, _ = cpu_seconds(code_points, texts)
    rows.append(("(limit: a text as code points)", f"{num_bytes[len(texts)] / taken:.0f}", "", "", ""))
    columns = ("step", "MB per CPU-s", "the plain reference", "ratio", "results")
    return Table(name="Each step beside its plain reference", columns=columns, rows=tuple(rows))
