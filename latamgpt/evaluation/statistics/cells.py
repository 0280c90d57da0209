"""Every comparison of two models that a scorecard shows: the difference, how sure it is, and what could have been seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from latamgpt.evaluation.score import DECIMALS, Cell, Scored
from latamgpt.evaluation.statistics import mcnemar
from latamgpt.evaluation.statistics.groups import SHARES, VALUES, groups_of, measures_of
from latamgpt.evaluation.statistics.holm import family_of, holm
from latamgpt.evaluation.statistics.paired import Paired, bootstrap, by_cluster, standard_error, standard_error_of_share
from latamgpt.evaluation.statistics.student import half_width, minimum_detectable, p_two_sided
from latamgpt.params import ScorecardParams

FEWEST_CLUSTERS = 2
P_DECIMALS = 9


@dataclass(frozen=True)
class _Line:
    """The items of one comparison, one value each."""

    clusters: list[str]
    base: list[float]
    candidate: list[float]
    weights: list[float]


def compare_all(items: Sequence[Scored], base: str, candidate: str, params: ScorecardParams) -> tuple[Cell, ...]:
    """Compare two models on all items that both were asked, by measure and group.

    Steps: sort the items, so that their order changes nothing; sort them into lines, of which one item is of several; compare
    each line; correct the p values of each family. A line of fewer than two clusters is left out. Cost: some milliseconds and,
    for the bootstrap, `bootstrap_samples` draws per cluster in each line.
    """
    lines: dict[tuple[str, str], _Line] = {}
    for item in sorted(items, key=lambda item: (item.task, item.item)):
        if base in item.scores and candidate in item.scores:
            _sort_in(lines, item, base, candidate)
    order = list(VALUES)
    names = sorted(lines, key=lambda name: (order.index(name[0]), name[1]))
    cells = [
        _cell(measure, group, lines[measure, group], params)
        for measure, group in names
        if len(set(lines[measure, group].clusters)) >= FEWEST_CLUSTERS
    ]
    return _corrected(cells)


def _sort_in(lines: dict[tuple[str, str], _Line], item: Scored, base: str, candidate: str) -> None:
    scores = (item.scores[base], item.scores[candidate])
    for measure in measures_of(item, was_chosen=all(score.chosen is not None for score in scores)):
        before, after = (VALUES[measure](item, score) for score in scores)
        for group in groups_of(item):
            line = lines.setdefault((measure, group), _Line([], [], [], []))
            line.clusters.append(item.cluster or f"{item.task} {item.item}")
            line.base.append(before)
            line.candidate.append(after)
            line.weights.append(item.weight)


def _cell(measure: str, group: str, line: _Line, params: ScorecardParams) -> Cell:
    paired = by_cluster(line.clusters, line.base, line.candidate, line.weights)
    by_item = by_cluster([str(number) for number in range(len(line.base))], line.base, line.candidate, line.weights)
    error_of = standard_error_of_share if measure in SHARES else standard_error
    error, difference, confidence = error_of(paired), paired.difference, params.confidence
    width = half_width(error, paired.degrees, confidence)
    ends = bootstrap(f"{measure}/{group}", paired, num_samples=params.bootstrap_samples, confidence=confidence, seed=params.seed)
    rounded = partial(round, ndigits=DECIMALS)
    total = float(paired.weight_C.sum())
    return Cell(
        measure=measure,
        group=group,
        num_items=len(line.base),
        num_clusters=len(paired.weight_C),
        base=rounded(float(paired.base_C.sum()) / total),
        candidate=rounded(float(paired.candidate_C.sum()) / total),
        difference=rounded(difference),
        standard_error=rounded(error),
        standard_error_by_item=rounded(error_of(by_item)),
        low=rounded(difference - width),
        high=rounded(difference + width),
        bootstrap_low=rounded(ends[0]),
        bootstrap_high=rounded(ends[1]),
        p_value=round(_p_value(measure, paired, error), P_DECIMALS),
        p_holm=1.0,
        minimum_detectable=rounded(minimum_detectable(error, paired.degrees, (1 - confidence) / 2)),
    )


def _p_value(measure: str, paired: Paired, error: float) -> float:
    if measure in SHARES:
        return mcnemar.p_value([round(difference) for difference in paired.differences_C.tolist()])
    return p_two_sided(paired.difference, error, paired.degrees)


def _corrected(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    families: dict[str, list[int]] = {}
    for number, cell in enumerate(cells):
        families.setdefault(family_of(cell.measure, cell.group), []).append(number)
    corrected: dict[int, float] = {}
    for numbers in families.values():
        corrected |= dict(zip(numbers, holm([cells[number].p_value for number in numbers]), strict=True))
    return tuple(cell.model_copy(update={"p_holm": round(corrected[number], P_DECIMALS)}) for number, cell in enumerate(cells))
