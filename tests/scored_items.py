"""Items with what two models got on them, made up: for tests of what is computed from a scorecard's items."""

from collections.abc import Iterable, Sequence

import numpy as np

from latamgpt.evaluation.items import Measure
from latamgpt.evaluation.score import Cell, ItemScore, Scored
from latamgpt.evaluation.statistics.paired import Paired, standard_error

BASE, CANDIDATE = "base", "candidate"


def passages(language: str, bits: Iterable[tuple[float, float]], per_document: int = 1) -> list[Scored]:
    """Passages of 100 bytes: bits per byte of base and candidate on each."""
    return [
        Scored(
            task=f"bits_per_byte/{language}",
            battery="",
            measure=Measure.BITS_PER_BYTE,
            item=f"{language}-{number}",
            cluster=f"{language}-{number // per_document}",
            language=language,
            weight=100.0,
            scores={BASE: ItemScore(value=100 * base), CANDIDATE: ItemScore(value=100 * candidate)},
        )
        for number, (base, candidate) in enumerate(bits)
    ]


def questions(task: str, probabilities: Iterable[tuple[float, float]], **fields: object) -> list[Scored]:
    """Questions of four choices, the first right, in one form; a model chooses it where its probability is over a half.

    `fields` may give country, language, answer, abstain, stereotype; else the wrong choice is number 1.
    """
    battery, _, name = task.partition("/")
    rows: list[Scored] = []
    for number, values in enumerate(probabilities):
        about: dict[str, object] = {"language": "es", "answer": 0} | fields
        scores = {
            model: ItemScore(value=value, chosen=about["answer"] if value > 0.5 else 1)  # pyright: ignore[reportArgumentType]
            for model, value in zip((BASE, CANDIDATE), values, strict=True)
        }
        rows.append(
            Scored.model_validate(
                {
                    "task": task,
                    "battery": battery,
                    "measure": Measure.CHOICE,
                    "item": f"{name}-{number}/a",
                    "cluster": f"{name}-{number}",
                    "weight": 1.0,
                    "scores": scores,
                    **about,
                }
            )
        )
    return rows


def around(rng: np.random.Generator, num_items: int, base: float, change: float, spread: float) -> list[tuple[float, float]]:
    """Values of base and candidate: differences that spread about `change`."""
    before = rng.normal(base, 0.1, num_items)
    return list(zip(before.tolist(), (before + rng.normal(change, spread, num_items)).tolist(), strict=True))


def one_each(differences: Sequence[float] | np.ndarray) -> Paired:
    """Clusters of one item of weight 1, from a base of 0."""
    found = np.asarray(differences, dtype=np.float64)
    return Paired(np.zeros(len(found)), found, np.ones(len(found)))


def cell_of(measure: str, group: str, paired: Paired, base: float = 0.5) -> Cell:
    """The comparison of some clusters, with its standard error and nothing else worth looking at."""
    error = standard_error(paired)
    return cell(measure, group, base, paired.difference, error, len(paired.weight_C))


def cell(measure: str, group: str, base: float, difference: float, error: float = 0.001, num_clusters: int = 100) -> Cell:
    """A comparison with this difference and standard error; the rest follows roughly."""
    width = 2 * error
    is_clear = abs(difference) > width
    return Cell(
        measure=measure,
        group=group,
        num_items=2 * num_clusters,
        num_clusters=num_clusters,
        base=base,
        candidate=base + difference,
        difference=difference,
        standard_error=error,
        standard_error_by_item=error,
        low=difference - width,
        high=difference + width,
        bootstrap_low=difference - width,
        bootstrap_high=difference + width,
        p_value=0.001 if is_clear else 0.5,
        p_holm=0.01 if is_clear else 1.0,
        minimum_detectable=2.8 * error,
    )
