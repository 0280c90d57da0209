"""The sentences that the code writes, read from its source: what a catalogue of them is held against."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

DOMAIN = ROOT / "latamgpt"
WRITERS = {
    "Rejected": 1,
    "SetAside": 2,
    "Ruling": 2,
    "Drop": 1,
    "Finding": 1,
    "Flag": 1,
    "exclusion": 2,
    "_aside": 3,
    "LanguageVerdict": 3,
}
"""Whoever is called with the detail of something set aside, and at which argument."""
TELLERS = {"explain", "explain_matches", "two_licences", "_misfit", "_most_contradict"}
"""Functions that return such a detail."""
REFUSERS = {"read_delivery", "read_fixity", "parse"}
"""Functions whose refusals become one."""
BLANKS = re.compile(" +")
BRACES = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Written:
    """A sentence of the code: what it says between its values, and where it stands."""

    pieces: tuple[str, ...]
    where: str

    @property
    def num_letters(self) -> int:
        """How many letters it says itself."""
        return sum(map(str.isalpha, "".join(self.pieces)))


def sources() -> list[Path]:
    """The modules that set something aside, or whose words stand in why."""
    folders = [path for name in ("intake", "curation", "registry", "governance") for path in (DOMAIN / name).rglob("*.py")]
    return [
        *sorted(folders),
        *(DOMAIN / name for name in ("errors.py", "field_words.py", "yaml_files.py", "receipts/deposit.py")),
    ]


def all_pieces(paths: Iterable[Path]) -> set[str]:
    """Every run of characters that a string of these modules has between its values."""
    nodes = (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {piece for node in nodes for text in [_pieces(node)] if text is not None for piece in text}


def is_said(text: str, pieces: set[str]) -> bool:
    """Whether a text is put together of whole pieces; a piece of few letters could be anywhere and does not count."""
    whole = {piece for piece in pieces if piece in text and _counts(piece)}
    ends = {0}
    for at in range(len(text)):
        if at in ends:
            ends |= {at + len(piece) for piece in whole if text.startswith(piece, at)}
    return len(text) in ends


def _counts(piece: str) -> bool:
    return piece != "" and (len(piece) > 3 or " " in piece or not any(map(str.isalpha, piece)))


def written_details() -> Iterator[Written]:
    """Every detail that can be read from the source: in the calls that set something aside, and in what tells why."""
    for path in sources():
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in _told(function):
                    pieces = _pieces(node)
                    if pieces is not None and any(pieces):
                        yield Written(tuple(filter(None, pieces)), f"{path.relative_to(ROOT)}:{node.lineno}")


def _told(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            at = 0 if name == "OperatorError" and function.name in REFUSERS else WRITERS.get(name, len(node.args))
            for value in [*node.args[at : at + 1], *(one.value for one in node.keywords if one.arg == "detail")]:
                yield from _resolved(value, function)
        if function.name in TELLERS and isinstance(node, ast.Return) and node.value is not None:
            yield from _resolved(node.value, function)


def _resolved(value: ast.expr, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """A value, or all that its name was given in the function; of a choice, both sides."""
    values = [value]
    if isinstance(value, ast.Name):
        given = [node for node in ast.walk(function) if isinstance(node, ast.Assign | ast.AugAssign)]
        named = {id(node): node.targets if isinstance(node, ast.Assign) else [node.target] for node in given}
        values = [node.value for node in given if any(getattr(one, "id", "") == value.id for one in named[id(node)])]
    for one in values:
        yield from [one.body, one.orelse] if isinstance(one, ast.IfExp) else [one]


def _pieces(node: ast.AST) -> list[str] | None:
    """What a string says between its values, with single blanks, as the tables have it; None of what is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return BRACES.split(BLANKS.sub(" ", node.value))
    if isinstance(node, ast.JoinedStr):
        joined = "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
        return BLANKS.sub(" ", joined).split("\0")
    return None
