"""The scorecard as a page: one HTML file per language, of which nothing lies elsewhere, and which reads without its script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from latamgpt.evaluation.page.bars import bars
from latamgpt.evaluation.page.differing import Turn, Wording, differing
from latamgpt.evaluation.page.lead import alpha_of, lead
from latamgpt.evaluation.page.meaning import Verdict, figure, headlines, judge, level_unit, meaning, unit
from latamgpt.evaluation.page.plot import Plot, draw, widest
from latamgpt.evaluation.page.tiles import draw_map
from latamgpt.evaluation.page.words import PASSAGES, Words, battery_of, is_country, words
from latamgpt.evaluation.questions import CANARY
from latamgpt.evaluation.score import Cell, PeerColumn, Scorecard
from latamgpt.pages import Language, decimal, number

TEMPLATES = Path(__file__).parent / "templates"
BATTERIES = ("culture", "variety", "indigenous", "hallucination", "stereotype", "ability", "translation")
FIRST = ("stereotyped", "probability", "chrf")
"""Of a battery's measures the one that is shown at once, by the first that it has; the others unfold."""


@dataclass(frozen=True)
class Line:
    """A comparison as a line of a table."""

    cell: Cell
    name: str
    verdict: Verdict
    unit: str
    level_unit: str
    plot: Plot

    @property
    def is_less_better(self) -> bool:
        """Whether a fall is a gain."""
        return meaning(self.cell.measure).better < 0


@dataclass(frozen=True)
class Lines:
    """A table: comparisons of one measure."""

    measure: str
    has_side: bool  # whether more or less of it is better
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PeerTables:
    """Another model: what is told of it, and the candidate against it."""

    column: PeerColumn
    facts: str  # '' of one that was not run
    tables: tuple[Lines, ...]


@dataclass(frozen=True)
class Battery:
    """A battery: the table that is shown at once, and those that unfold."""

    name: str
    tables: tuple[Lines, ...]


def render(scorecard: Scorecard, language: Language, known: Mapping[tuple[str, str], Wording], *, compared: bool = False) -> str:
    """The page in one language.

    Args:
        scorecard: all numbers come from it.
        language: of the words and of how numbers are written.
        known: the words of the questions by task and item; a scorecard holds ids only.
        compared: whether two models of any scorecards are compared, and not a candidate with its base.
    """
    said = words(language)
    alpha = alpha_of(scorecard)
    heads = headlines(scorecard.cells)
    models = [scorecard.base, scorecard.candidate, *_others(scorecard)]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("scorecard.html.jinja").render(
        language=language.value,
        w=said,
        title=said["title_compared" if compared else "title"],
        levels=said["levels_compared" if compared else "levels"],
        scorecard=scorecard,
        lead=lead(scorecard, said),
        heads={verdict.value: _heads(heads, verdict, alpha, said) for verdict in Verdict},
        confidence=decimal(100 * scorecard.confidence, 0, language),
        map=draw_map(scorecard.cells, alpha, said),
        passages=_tables([cell for cell in scorecard.cells if cell.measure == PASSAGES], alpha, said),
        batteries=_batteries(scorecard.cells, alpha, said),
        peers=[_peer(column, alpha, said) for column in scorecard.peers],
        bars=bars(scorecard.items, models),
        items=differing(scorecard.items, scorecard.base, scorecard.candidate, known),
        filter_names=_filter_names(said),
        num_asked=sum(item.answer is not None for item in scorecard.items),
        figure=lambda cell, part: figure(cell, part, said),
        number=lambda value: number(value, language),
        percent=lambda share: decimal(100 * share, 0, language),
        share=lambda value: decimal(100 * value, 1, language),
        canary=CANARY,
    )


def _filter_names(said: Words) -> dict[str, dict[str, str]]:
    turns = {turn.value: said[f"item_{turn}"] for turn in Turn}
    return {"b": said.sections["batteries"], "c": said.sections["countries"], "t": turns}


def _others(scorecard: Scorecard) -> list[str]:
    names = dict.fromkeys(name for item in scorecard.items for name in item.scores)
    return [name for name in names if name not in (scorecard.base, scorecard.candidate)]


def _heads(heads: Sequence[Cell], verdict: Verdict, alpha: float, said: Words) -> dict[str, list[Line]]:
    """The comparisons of one verdict by what they measure."""
    found: dict[str, list[Line]] = {}
    for cell in heads:
        if judge(cell, alpha) is verdict:
            found.setdefault(cell.measure, []).append(_line(cell, said.headline(cell), alpha, 1.0, said))
    return found


def _batteries(cells: Sequence[Cell], alpha: float, said: Words) -> list[Battery]:
    asked = {battery_of(cell): None for cell in cells if battery_of(cell)}
    names = [*(name for name in BATTERIES if name in asked), *(name for name in asked if name not in BATTERIES)]
    return [Battery(name, _tables([cell for cell in cells if battery_of(cell) == name], alpha, said)) for name in names]


def _peer(column: PeerColumn, alpha: float, said: Words) -> PeerTables:
    facts = said["peer_facts"].format(
        model=column.model,
        licence=column.licence,
        first=column.first_day,
        last=column.last_day,
        cost=decimal(column.us_dollars or 0, 2, said.language),
        num_items=number(column.num_items, said.language),
        num_changed=number(column.num_changed, said.language),
        num_unread=number(column.num_unread, said.language),
    )
    return PeerTables(column, "" if column.not_run else facts, _tables(headlines(column.cells), alpha, said, name=said.headline))


def _tables(cells: Sequence[Cell], alpha: float, said: Words, name: Callable[[Cell], str] | None = None) -> tuple[Lines, ...]:
    """A table for each measure; in it the whole battery first, then its parts as their names are sorted."""
    measures = dict.fromkeys(cell.measure for cell in cells)
    ordered = sorted(measures, key=lambda measure: FIRST.index(measure) if measure in FIRST else len(FIRST))
    tables: list[Lines] = []
    for measure in ordered:
        rows = [((name or said.group)(cell), cell) for cell in cells if cell.measure == measure]
        width = widest([cell for _, cell in rows])
        lines = tuple(_line(cell, called, alpha, width, said) for called, cell in sorted(rows, key=lambda row: _sorting(*row)))
        tables.append(Lines(measure, bool(meaning(measure).better), lines))
    return tuple(tables)


def _sorting(name: str, cell: Cell) -> tuple[bool, bool, str]:
    """All first, then languages and files, then countries; an accent does not move a name."""
    return bool(name), is_country(cell), normalize("NFD", name).casefold()


def _line(cell: Cell, name: str, alpha: float, width: float, said: Words) -> Line:
    verdict = judge(cell, alpha)
    return Line(cell, name or said["all_of_it"], verdict, unit(cell, said), level_unit(cell, said), draw(cell, width))
