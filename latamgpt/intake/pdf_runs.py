"""The strings of a page of a PDF with the places where they stand. Source: ISO 32000-1, sections 9.3 and 9.4."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from latamgpt.intake.pdf_fonts import LetterWidths
from latamgpt.intake.pdf_geometry import Matrix, taken

MIN_JUMP_EMS = 0.8  # forward inside of one operator: what stands behind it is another run
MAX_RUNS = 20_000  # of a page; one with more is left as it was drawn
UNKNOWN = LetterWidths({})


@dataclass(frozen=True)
class TextState:
    """What a page has set for the strings that follow."""

    font: LetterWidths = UNKNOWN
    char_spacing: float = 0.0
    word_spacing: float = 0.0
    stretch: float = 1.0  # of letters, across
    leading: float = 0.0


@dataclass(frozen=True)
class Run:
    """Letters that follow one another on one line; in the page's units."""

    show: int  # of the operators that show strings, by their order, the one that shows this
    parts: range  # of that operator's strings and numbers
    left: float
    right: float
    baseline: float
    size: float
    is_upright: bool
    is_blank: bool  # as far as that is known


def runs_of(
    show: int, parts: Sequence[Any], state: TextState, size: float, matrix: Matrix, start: float
) -> tuple[list[Run], float]:
    """The runs of one operator, and how far from the matrix's origin the pen stands behind them.

    Args:
        show: the operator's number.
        parts: its strings, and the numbers that move the pen between them.
        state: what the page has set.
        size: of the font, before the matrix.
        matrix: from the text's own space to the page's.
        start: where the pen stands, from the matrix's origin.
    """
    runs: list[Run] = []
    pen, begun, first, is_blank = start, start, 0, True
    for n, part in enumerate(parts):
        if isinstance(part, (str, bytes)):
            codes = part.encode("latin-1", "replace") if isinstance(part, str) else part
            num_codes = len(codes) // state.font.num_bytes
            num_spaces = codes.count(b" ") if state.font.num_bytes == 1 else 0
            room = state.char_spacing * num_codes + state.word_spacing * num_spaces
            pen += (state.font.width(codes) * size + room) * state.stretch
            is_blank = is_blank and state.font.num_bytes == 1 and num_spaces == num_codes
        elif isinstance(part, (int, float)):
            moved = -float(part) / 1000
            if moved >= MIN_JUMP_EMS:
                runs += _run(show, range(first, n), matrix, (begun, pen, size), is_blank=is_blank)
                begun, first, is_blank = pen + moved * size * state.stretch, n, True
            pen += moved * size * state.stretch
    runs += _run(show, range(first, len(parts)), matrix, (begun, pen, size), is_blank=is_blank)
    return runs, pen


def _run(show: int, parts: range, matrix: Matrix, across: tuple[float, float, float], *, is_blank: bool) -> list[Run]:
    begun, ended, size = across
    (left, baseline), (right, _) = taken(matrix, (begun, 0)), taken(matrix, (ended, 0))
    height = abs(size) * abs(matrix[3])
    is_upright = matrix[0] > 0 and matrix[3] > 0 and abs(matrix[1]) + abs(matrix[2]) < 0.01 * (matrix[0] + matrix[3])
    is_placed = all(isfinite(value) for value in (left, right, baseline, height))
    return [Run(show, parts, left, right, baseline, height, is_upright and is_placed, is_blank)] if parts else []
