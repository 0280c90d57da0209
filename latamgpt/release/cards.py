"""Cards for people: templates filled from what was recorded, and a check that nothing was left open."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError

from latamgpt.errors import OperatorError
from latamgpt.records import Cell

TEMPLATES_FOLDER = Path(__file__).parent / "templates"
LANGUAGE_NAMES = {
    "arn": "Mapudungun",
    "ayr": "Aymara",
    "aym": "Aymara",
    "en": "English",
    "es": "Spanish",
    "guc": "Wayuu",
    "gug": "Guarani",
    "jam": "Jamaican Creole",
    "nah": "Nahuatl",
    "pt": "Portuguese",
    "que": "Quechua",
    "quc": "K'iche'",
    "quy": "Ayacucho Quechua",
    "quz": "Cusco Quechua",
    "rap": "Rapa Nui",
    "und": "undetermined",
    "yua": "Yucatec Maya",
}

OPEN_PLACES = (
    (re.compile(r"more information needed", re.I), "a field left open"),
    (re.compile(r"\b(?:TBD|FIXME)\b|\bTODO:|\b[Ll]orem ipsum\b"), "a placeholder"),
    (re.compile(r"\{\{|\}\}|\{%|%\}"), "a template's mark"),
    (re.compile(r"(?:^|[|:=][ \t]*)(?:None|nan|null|Undefined)[ \t]*(?:$|\|)", re.M), "a value that is missing"),
    (re.compile(r"\|[ \t]*\|"), "an empty table cell"),
    (re.compile(r"^[\w-]+:[ \t]*$(?!\n[ \t]*-)", re.M), "a key without a value"),
    (re.compile(r"^[-*][ \t]*$", re.M), "an empty list entry"),
    (re.compile(r"^(#+) [^\n]*\n+(?=\1 |\Z)", re.M), "a heading with nothing under it"),
    (re.compile(r"(?<!\w)(?:\[\s*\]|\(\s*\))"), "empty brackets"),
)


def fill(template: str, **values: object) -> str:
    """A template with these values in it.

    Raises:
        OperatorError: a value is missing, or the filled card has an open place.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES_FOLDER),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    try:
        card = environment.get_template(template).render(**values, table=table, thousands="{:,}".format)
    except UndefinedError as error:
        raise OperatorError(f"{template} asks for a value that nothing recorded: {error}. A card has no open field.") from error
    must_be_filled(template.removesuffix(".jinja"), card)
    return card


def must_be_filled(name: str, card: str) -> None:
    """Refuse a card with a placeholder or an empty field: a reader could not tell it from 'nothing to say'.

    Raises:
        OperatorError: names the card, the line and what stands there.
    """
    if not card.strip():
        raise OperatorError(f"{name} is empty. A release without its card cannot be judged. Look at its template.")
    for pattern, meaning in OPEN_PLACES:
        if found := pattern.search(card):
            line = card.count("\n", 0, found.start()) + 1
            text = card.splitlines()[line - 1].strip()
            raise OperatorError(
                f"{name}, line {line}: {meaning} ({text[:80]!r}). A reader could not tell it from 'nothing to say'. "
                "Fill it in where it is recorded (params.yaml, partners/ or the stage's report), then run again."
            )


def table(rows: Sequence[Sequence[Cell]], columns: Sequence[str]) -> str:
    """A Markdown table: numbers with thousands or three decimals, and a dash for what could not be said."""
    lines = [_line(columns), _line(["---"] * len(columns)), *(_line([_shown(cell) for cell in row]) for row in rows)]
    return "\n".join(lines)


def language_name(code: str) -> str:
    """A language's English name with its code, such as 'Guarani (gug)'."""
    name = LANGUAGE_NAMES.get(code)
    return f"{name} ({code})" if name else code


def _shown(cell: Cell) -> str:
    if cell is None:
        return "—"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:z.3f}"
    return cell.replace("|", "\\|").replace("\n", " ")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
