"""The map: a tile per country at about its place, from Mexico to the Southern Cone."""

from collections.abc import Mapping
from dataclasses import dataclass

from latamgpt.evaluation.page.meaning import Verdict, figure, judge, unit
from latamgpt.evaluation.page.words import Words, battery_of, is_country
from latamgpt.evaluation.score import Cell

SIDE = 62  # of a tile, in the drawing's own units
BATTERY = "culture"
SHADES = 3
ROWS = (
    "MX .. .. .. .. BS .. .. ..",
    "GT BZ .. .. CU HT DO PR AG",
    "SV HN .. .. JM .. .. KN DM",
    ".. NI .. .. .. .. .. LC BB",
    ".. CR .. .. .. .. .. VC GD",
    ".. .. PA CO VE GY SR TT ..",
    ".. .. .. EC .. BR .. .. ..",
    ".. .. .. PE BO PY .. .. ..",
    ".. .. .. CL AR UY .. .. ..",
)
PLACES = {code: (column, row) for row, codes in enumerate(ROWS) for column, code in enumerate(codes.split()) if code != ".."}
"""Column and row of each country that the map has."""


@dataclass(frozen=True)
class Tile:
    """A country on the map: `look` is its class, `says` all that it shows, in words."""

    code: str
    x: int
    y: int
    text: str
    look: str
    says: str
    cell: Cell | None


@dataclass(frozen=True)
class Map:
    """All tiles, and how large the drawing is."""

    tiles: tuple[Tile, ...]
    width: int
    height: int


def draw_map(cells: tuple[Cell, ...], alpha: float, words: Words) -> Map | None:
    """The cultural questions by country; None where none were compared. A country without a place gets one below the others."""
    cultural = (cell for cell in cells if cell.measure == "probability" and battery_of(cell) == BATTERY)
    found = {cell.group.rpartition("/")[2]: cell for cell in cultural if is_country(cell)}
    if not found:
        return None
    columns = max(column for column, _ in PLACES.values()) + 1
    extra = [code for code in sorted(found) if code not in PLACES]
    places = PLACES | {code: (at % columns, len(ROWS) + at // columns) for at, code in enumerate(extra)}
    largest = max(abs(cell.difference) for cell in found.values()) or 1.0
    tiles = tuple(_tile(code, places[code], found, largest, alpha, words) for code in places)
    height = max(row for _, row in places.values()) + 1
    return Map(tiles, columns * SIDE, height * SIDE)


def _tile(code: str, place: tuple[int, int], found: Mapping[str, Cell], largest: float, alpha: float, words: Words) -> Tile:
    x, y = (at * SIDE for at in place)
    cell = found.get(code)
    if cell is None:
        return Tile(code, x, y, "", "none", f"{words.country(code)}: {words['not_asked']}", None)
    verdict = judge(cell, alpha)
    shade = min(SHADES, 1 + int(abs(cell.difference) / largest * SHADES))
    look = "unsure" if verdict is Verdict.UNSURE else f"{verdict}{shade}"
    between = words["between"].format(low=figure(cell, "low", words), high=figure(cell, "high", words))
    text = figure(cell, "difference", words)
    return Tile(code, x, y, text, look, f"{words.country(code)}: {text} {unit(cell, words)}, {between}; {words[verdict]}", cell)
