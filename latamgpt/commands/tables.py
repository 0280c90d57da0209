"""Tables on a terminal: aligned columns, numbers to the right, cut to the width where there is one."""

import shutil
from collections.abc import Sequence

from latamgpt.records import Cell, Table

ID_COLUMNS = frozenset({"doc_id", "document", "winner"})  # their cells are documents' ids
GAP = "  "
LEAST = 8  # characters that a cut column keeps
ID_CHARS = 12  # of a document's id: what `latamgpt trace --document` takes


def terminal_width() -> int:
    """Columns of the terminal, or of COLUMNS; 0 where the output goes to a file or a program, which wants all of it."""
    return shutil.get_terminal_size(fallback=(0, 0)).columns


def table_lines(table: Table, width: int) -> list[str]:
    """A table's head and rows; the widest column of words is cut until a line fits into `width`, if that is not 0."""
    rows = [[_cell(name, cell) for name, cell in zip(table.columns, row, strict=True)] for row in table.rows]
    numbers = [any(isinstance(row[at], int | float) for row in table.rows) for at in range(len(table.columns))]
    widths = [max(map(len, column)) for column in zip(table.columns, *rows, strict=True)]
    while width and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        words = [at for at, name in enumerate(table.columns) if not numbers[at] and name not in ID_COLUMNS and widths[at] > LEAST]
        if not words:
            break
        widths[max(words, key=widths.__getitem__)] -= 1
    return [_line(row, widths, numbers) for row in (table.columns, *rows)]


def cut(text: str, width: int) -> str:
    """A line that fits into `width` characters, if that is not 0."""
    return text if not width or len(text) <= width else f"{text[: width - 1]}…"


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    shown = zip(cells, widths, numbers, strict=True)
    return GAP.join(cut(c, size).rjust(size) if is_number else cut(c, size).ljust(size) for c, size, is_number in shown).rstrip()


def _cell(column: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.4g}"
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    return str(cell)[:ID_CHARS] if column in ID_COLUMNS else str(cell)
