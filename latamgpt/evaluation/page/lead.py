"""The first sentence on a scorecard: what was gained, what was lost, where the test cannot tell."""

from collections.abc import Sequence

from latamgpt.evaluation.page.meaning import Verdict, headlines, judge
from latamgpt.evaluation.page.words import Words
from latamgpt.evaluation.score import Cell, Scorecard
from latamgpt.pages import number

NAMED = 4  # comparisons of each kind


def alpha_of(scorecard: Scorecard) -> float:
    """The chance of error that the scorecard's confidence leaves."""
    return round(1 - scorecard.confidence, 9)


def lead(scorecard: Scorecard, said: Words) -> str:
    """The sentence, in one language."""
    heads = headlines(scorecard.cells)
    if not heads:
        return said["nothing_compared"]
    told = (Verdict.GAINED, Verdict.LOST, Verdict.UNSURE)
    found = {verdict: [cell for cell in heads if judge(cell, alpha_of(scorecard)) is verdict] for verdict in told}
    return said["lead"].format(
        num=number(len(heads), said.language),
        candidate=said.subject(scorecard.candidate),
        **{f"num_{verdict}": number(len(cells), said.language) for verdict, cells in found.items()},
        **{verdict.value: _named(cells, said) for verdict, cells in found.items()},
    )


def _named(cells: Sequence[Cell], said: Words) -> str:
    if not cells:
        return ""
    names = ", ".join(said.inside(said.headline(cell)) for cell in cells[:NAMED])
    rest = len(cells) - NAMED
    return f" ({said['more'].format(names=names, num=rest) if rest > 0 else names})"
