"""What stands in a PDF's dictionaries, as pypdf reads them: nothing where a file is not as the standard wants it.

pypdf's objects are of any type, so `Any` ends here and in `pdf_painting`.
"""

from collections.abc import Iterable, Sequence
from typing import Any


def resolved(value: Any) -> Any:
    """What a reference stands for; what is none stands for itself."""
    return value.get_object() if hasattr(value, "get_object") else value


def entry(where: Any, name: str) -> Any:
    """A dictionary's entry; None where there is none, or no dictionary."""
    where = resolved(where)
    return resolved(where.get(name)) if isinstance(where, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def numbers(values: Iterable[Any]) -> list[float]:
    """Those of some values that are numbers."""
    return [float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]


def num_codes(operands: Sequence[Any]) -> int:
    """How many characters an operator shows, which may be given in pieces with the room between them."""
    parts: Any = operands[-1] if operands else ""
    return sum(len(part) for part in (parts if isinstance(parts, list) else [parts]) if isinstance(part, (str, bytes)))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def is_drawn_font(font: Any) -> bool:
    """Whether a font is of Type 3, whose glyphs are drawings."""
    return entry(font, "/Subtype") == "/Type3"


def layers_off(root: Any) -> frozenset[int]:
    """Numbers of the objects of all layers that a PDF's default configuration switches off."""
    layers = entry(root, "/OCProperties")
    default = entry(layers, "/D")
    off = _idnums(entry(default, "/OFF"))
    if entry(default, "/BaseState") == "/OFF":
        off |= _idnums(entry(layers, "/OCGs")) - _idnums(entry(default, "/ON"))
    return off


def is_layer_off(layer: Any, off: frozenset[int]) -> bool:
    """Whether a layer, or all layers of a membership, are among those."""
    members = entry(layer, "/OCGs")
    if members is not None:
        layers = members if isinstance(members, list) else [members]
        return bool(layers) and all(is_layer_off(resolved(one), off) for one in layers)
    reference = getattr(layer, "indirect_reference", None)
    return reference is not None and reference.idnum in off


def _idnums(references: Any) -> frozenset[int]:
    listed: list[Any] = references if isinstance(references, list) else []
    return frozenset(one.idnum for one in listed if hasattr(one, "idnum"))
