"""A scorecard as its stage reports it: the lines that a person looks at first, all comparisons, and every number by name."""

from latamgpt.evaluation.memorisation import memorisation_metrics, memorisation_table
from latamgpt.evaluation.page.lead import alpha_of, lead
from latamgpt.evaluation.page.meaning import SAID, headlines, judge
from latamgpt.evaluation.page.words import PASSAGES, words
from latamgpt.evaluation.score import Scorecard
from latamgpt.pages import Language
from latamgpt.records import Report, Table

STAGE = "scorecard"
HEADLINE_COLUMNS = ("what", "base", "candidate", "difference", "low", "high", "detectable", "result", "items")
COLUMNS = ("measure", "group", "base", "candidate", "difference", "low", "high", "detectable", "p Holm", "items")
PARTS = ("base", "candidate", "difference", "low", "high", "p_holm", "minimum_detectable")


def report_of(scorecard: Scorecard) -> Report:
    """The report: `scorecard` has a line per language, ability and battery, `comparisons` all of them."""
    metrics = {f"{cell.measure}/{cell.group}/{part}": float(getattr(cell, part)) for cell in scorecard.cells for part in PARTS}
    questions = {(item.task, item.item.partition("/")[0]) for item in scorecard.items if item.answer is not None}
    memorised = (memorisation_table(scorecard.memorisation),) if scorecard.memorisation else ()
    return Report(
        stage=STAGE,
        summary=lead(scorecard, words(Language.ENGLISH)).rstrip("."),
        counts={"items": len(scorecard.items), "questions": len(questions)},
        metrics=metrics | memorisation_metrics(scorecard.memorisation),
        tables=(_headlines(scorecard), _passages(scorecard), _comparisons(scorecard), *memorised),
    )


def _headlines(scorecard: Scorecard) -> Table:
    alpha = alpha_of(scorecard)
    rows = tuple(
        (f"{c.measure}/{c.group}", c.base, c.candidate, c.difference, c.low, c.high, c.minimum_detectable, said, c.num_items)
        for c in headlines(scorecard.cells)
        for said in [SAID[judge(c, alpha)]]
    )
    return Table(name=STAGE, columns=HEADLINE_COLUMNS, rows=rows)


def _passages(scorecard: Scorecard) -> Table:
    rows = tuple((c.group, c.base, c.candidate) for c in scorecard.cells if c.measure == PASSAGES)
    return Table(name="bits per byte", columns=("language", "base", "candidate"), rows=rows)


def _comparisons(scorecard: Scorecard) -> Table:
    rows = tuple(
        (c.measure, c.group, c.base, c.candidate, c.difference, c.low, c.high, c.minimum_detectable, c.p_holm, c.num_items)
        for c in scorecard.cells
    )
    return Table(name="comparisons", columns=COLUMNS, rows=rows)
