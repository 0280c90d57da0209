"""A comparison drawn: its difference, interval and what is detectable, on the scale of its table; to the right is better."""

from collections.abc import Sequence
from dataclasses import dataclass

from latamgpt.evaluation.page.meaning import meaning
from latamgpt.evaluation.score import Cell

WIDTH = 200.0  # of the drawing, in its own units
MIDDLE = WIDTH / 2
ROOM = 0.95  # of each half


@dataclass(frozen=True)
class Plot:
    """Places from 0 to WIDTH, from left to right."""

    low: float
    high: float
    dot: float
    band_start: float
    band_width: float


def widest(cells: Sequence[Cell]) -> float:
    """What the halves of a table's drawings stand for: the farthest end of an interval, or of what is detectable."""
    return max((abs(value) for cell in cells for value in (cell.low, cell.high, cell.minimum_detectable)), default=0.0) or 1.0


def draw(cell: Cell, width: float) -> Plot:
    """Where everything lies; `width` is what half of the drawing stands for."""
    way = meaning(cell.measure).better or 1

    def place(value: float) -> float:
        return round(MIDDLE + way * value / width * MIDDLE * ROOM, 1)

    ends = sorted((place(cell.low), place(cell.high)))
    band = sorted((place(-cell.minimum_detectable), place(cell.minimum_detectable)))
    return Plot(ends[0], ends[1], place(cell.difference), band[0], round(band[1] - band[0], 1))
