"""Columns of a PDF's page that were drawn line by line across the page, by the places of their strings.

Most programs write a column after the other, and then nothing changes. Some converters write what stands at one height together.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf
from statistics import median

from latamgpt.intake.pdf_runs import MAX_RUNS, Run

MIN_LINES = 6  # on each side of a gutter; fewer may be a letterhead
MIN_GUTTER_EMS = 0.9  # a space between words is 0.25 to 0.6
MIN_COLUMN_EMS = 8.0  # 16 letters, in most lines of a column: the cells of a table are narrower
MIN_ALIGNED = 0.6  # of a side's lines, that have one of the other side at their height: verses that go on further right have none
MAX_APART_EMS = 0.7  # between two baselines at one height
EDGE_POINTS = 3.0  # by which the lines of a column may begin apart
MIN_LETTER_EMS = 0.3  # narrower strings are blanks, or too little to cross a gutter
HEADING_SHARE = 1.15  # of the text's size: from there on a line that stands alone is a heading of all columns
MAX_LEADINGS = 1.9  # between two lines: a blank strip through all columns that is higher parts a running head from the text
MAX_EDGES = 8  # that are tried as the left side of a column, those of most lines first
MAX_PIECES = 12  # of a page


@dataclass(frozen=True)
class Piece:
    """Strings of a page that are read together."""

    runs: tuple[Run, ...]  # as they were drawn
    is_column: bool = False


@dataclass(frozen=True)
class Line:
    """Strings that stand beside one another with no more than a space between them."""

    left: float
    right: float
    baseline: float
    size: float


@dataclass(frozen=True)
class Band:
    """A part of the page with lines on both sides of a gutter."""

    edge: float  # where the column right of the gutter begins
    top: float  # baselines
    foot: float
    num_lines: int  # of the side that has fewer

    def holds(self, run: Run) -> bool:
        """Whether a run stands in it."""
        return self.foot - 1 <= run.baseline <= self.top + 1

    def is_left(self, run: Run) -> bool:
        """Of one that stands in it, whether that is left of the gutter."""
        return run.left < self.edge - EDGE_POINTS


def reading_order(runs: Sequence[Run]) -> list[Piece]:
    """The page's pieces in the order in which they are read; one piece where that is the order in which they were drawn."""
    if len(runs) > MAX_RUNS or not all(run.is_upright for run in runs):
        return [Piece(tuple(runs))]
    pieces = _pieces(runs, is_column=False)
    return pieces if len(pieces) <= MAX_PIECES else [Piece(tuple(runs))]


def _pieces(runs: Sequence[Run], *, is_column: bool) -> list[Piece]:
    band = _widest_band(runs)
    if band is None:
        return [Piece(tuple(runs), is_column)] if runs else []
    begin = next(n for n, run in enumerate(runs) if band.holds(run))
    before, rest = runs[:begin], runs[begin:]
    within, after = [run for run in rest if band.holds(run)], [run for run in rest if not band.holds(run)]
    left, right = [run for run in within if band.is_left(run)], [run for run in within if not band.is_left(run)]
    return [
        *_pieces(before, is_column=False),
        *_pieces(left, is_column=True),
        *_pieces(right, is_column=True),
        *_pieces(after, is_column=False),
    ]


def _widest_band(runs: Sequence[Run]) -> Band | None:
    lines = _lines(runs)
    if len(lines) < 2 * MIN_LINES or not _is_wide(lines):
        return None
    bands = [band for edge in _edges(lines) for band in _bands(lines, edge) if _is_drawn_across(runs, band)]
    return max(bands, key=lambda band: band.num_lines, default=None)


def _lines(runs: Sequence[Run]) -> list[Line]:
    """From the top of the page down, and from left to right."""
    shown = [run for run in runs if not run.is_blank and run.right - run.left >= MIN_LETTER_EMS * run.size]
    lines: list[Line] = []
    row = inf  # the first baseline at this height
    rows: list[list[Run]] = []
    for run in sorted(shown, key=lambda run: -run.baseline):
        if row - run.baseline >= 1:
            rows.append([])
            row = run.baseline
        rows[-1].append(run)
    for beside in rows:
        begin = len(lines)
        for run in sorted(beside, key=lambda run: run.left):
            if len(lines) > begin and run.left - lines[-1].right < MIN_GUTTER_EMS * max(run.size, lines[-1].size):
                last = lines.pop()
                size = max(last.size, run.size)
                lines.append(Line(last.left, max(last.right, run.right), last.baseline, size))
            else:
                lines.append(Line(run.left, run.right, run.baseline, run.size))
    return lines


def _edges(lines: Sequence[Line]) -> list[float]:
    """Where enough lines begin for one of the sides of a gutter: the places with the most lines."""
    lefts = sorted(line.left for line in lines)
    num_lines: dict[float, int] = {}
    last = -inf
    for n, left in enumerate(lefts):
        end = bisect_right(lefts, left + EDGE_POINTS)
        if end - n >= MIN_LINES and left - last > EDGE_POINTS:
            num_lines[left] = end - n
            last = left
    return sorted(num_lines, key=lambda left: (-num_lines[left], left))[:MAX_EDGES]


def _bands(lines: Sequence[Line], edge: float) -> Iterator[Band]:
    """Parts of the page in which no line crosses the gutter that ends at an edge."""
    usual = median(line.size for line in lines)
    begins, ends = edge - MIN_GUTTER_EMS * usual, edge - EDGE_POINTS  # the gutter
    for crosses, stretch in groupby(lines, lambda line: begins < line.right and line.left < ends):
        if not crosses:
            for part in _without_gaps(list(stretch), edge, usual):
                sides = _sides(part, edge)
                if all(len(side) >= MIN_LINES and _is_wide(side) for side in sides) and _is_aligned(*sides):
                    yield Band(edge, part[0].baseline, part[-1].baseline, min(map(len, sides)))


def _is_wide(lines: Sequence[Line]) -> bool:
    return median(line.right - line.left for line in lines) >= MIN_COLUMN_EMS * median(line.size for line in lines)


def _sides(lines: Iterable[Line], edge: float) -> tuple[list[Line], list[Line]]:
    sides: tuple[list[Line], list[Line]] = ([], [])
    for line in lines:
        sides[line.left >= edge - EDGE_POINTS].append(line)
    return sides


def _without_gaps(lines: Sequence[Line], edge: float, usual: float) -> list[list[Line]]:
    """Lines in parts: a blank strip through both columns ends one, and so does a heading."""
    sides = _sides(lines, edge)
    steps = [step for side in sides for a, b in pairwise(side) if (step := a.baseline - b.baseline) > 1]
    most = MAX_LEADINGS * median(steps) if steps else 0.0
    heights = [sorted(line.baseline for line in side) for side in sides]
    parts: list[list[Line]] = [[]]
    last = inf
    for line in lines:
        other = heights[line.left < edge - EDGE_POINTS]
        is_heading = line.size >= HEADING_SHARE * usual and not _has_beside(line, other)
        if is_heading or last - line.baseline > most:
            parts.append([])
        if not is_heading:
            parts[-1].append(line)
        last = line.baseline
    return [part for part in parts if part]


def _is_aligned(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Whether lines stand beside one another, unlike verses of which each goes on further right and further down."""
    few, many = sorted((left, right), key=len)
    heights = sorted(line.baseline for line in many)
    return sum(_has_beside(line, heights) for line in few) >= MIN_ALIGNED * len(few)


def _has_beside(line: Line, heights: Sequence[float]) -> bool:
    at = bisect_right(heights, line.baseline - MAX_APART_EMS * line.size)
    return at < len(heights) and heights[at] < line.baseline + MAX_APART_EMS * line.size


def _is_drawn_across(runs: Sequence[Run], band: Band) -> bool:
    sides = [band.is_left(run) for run in runs if band.holds(run) and not run.is_blank]
    return sum(a != b for a, b in pairwise(sides)) >= band.num_lines
