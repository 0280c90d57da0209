"""Two or three columns that a converter wrote side by side, line by line: read one after the other again."""

import re
from collections.abc import Sequence

MIN_LINES = 6  # side by side; fewer may be a letterhead
MIN_SHARE = 0.8  # of the lines in a block, through which a gutter must run
MIN_GUTTER_CHARS = 3
MIN_COLUMN_WORDS = 3.0  # on average in a line of each column: the cells of a table have fewer
MAX_COLUMNS = 3


def read_columns(page: str) -> str:
    """The page with its columns one below the other.

    A gutter is a run of three or more blanks at one place through nearly all lines of a block, with prose on both of its
    sides. A table has a gutter too, but words by ones and twos: it stays as it is.
    """
    blocks = re.split(r"(\n[ \t]*\n[ \t\n]*)", page)
    for n in range(0, len(blocks), 2):
        columns = _columns(blocks[n].split("\n"))
        if len(columns) > 1:
            blocks[n] = "\n".join("\n".join(line.strip() for line in column if line.strip()) for column in columns)
    return "".join(blocks)


def _columns(lines: Sequence[str]) -> list[list[str]]:
    lines = [line.expandtabs(8) for line in lines]
    gutters = _gutters(lines) if len(lines) >= MIN_LINES else []
    if not gutters or len(gutters) >= MAX_COLUMNS:
        return [list(lines)]
    bounds = [0, *gutters, max(map(len, lines))]
    columns = [[line[a:b] for line in lines] for a, b in zip(bounds, bounds[1:], strict=False)]
    return columns if all(_is_prose(column) for column in columns) else [list(lines)]


def _gutters(lines: Sequence[str]) -> list[int]:
    """The middles of the runs of columns that are blank in nearly all lines, the margins left out."""
    filled = [line for line in lines if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in filled), default=0)
    num_inked = [0] * max(map(len, filled), default=0)  # lines with a letter at that place
    for line in filled:
        for at, letter in enumerate(line):
            num_inked[at] += letter != " "
    runs: list[int] = []
    begun: int | None = None
    for at in range(margin, len(num_inked)):
        is_gutter = len(filled) - num_inked[at] >= MIN_SHARE * len(filled)
        if is_gutter and begun is None:
            begun = at
        if not is_gutter and begun is not None:
            if at - begun >= MIN_GUTTER_CHARS:
                runs.append((begun + at) // 2)
            begun = None
    return runs


def _is_prose(column: Sequence[str]) -> bool:
    filled = [line for line in column if line.strip()]
    return len(filled) >= MIN_LINES - 1 and sum(len(line.split()) for line in filled) >= MIN_COLUMN_WORDS * len(filled)
