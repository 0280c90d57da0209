"""Selectors of style sheets: what an element, and what stands around it, has to be for a rule to hold."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html

ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n]?|(.))", re.DOTALL)
NAME = r"(?:[-\w\u0080-\U0010ffff]|\\[0-9a-fA-F]{1,6} ?|\\[^0-9a-fA-F\n])+"
ATTRIBUTE = rf"\[\s*({NAME})\s*(?:([~|^$*]?=)\s*(\"[^\"]*\"|'[^']*'|{NAME})\s*[iIsS]?\s*)?\]"
SIMPLE = re.compile(rf"\*|#(?P<id>{NAME})|\.(?P<cls>{NAME})|{ATTRIBUTE}|:(?P<pseudo>root|not\((?P<not>[^()]*)\))|(?P<tag>{NAME})")
COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")
MAX_COMPOUNDS = 16


@dataclass(frozen=True)
class Compound:
    """What one element has to be."""

    tag: str = ""
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()
    is_root: bool = False
    none_of: tuple["Compound", ...] = ()

    def holds(self, element: lxml.html.HtmlElement) -> bool:
        """Whether the element is so."""
        return (
            (not self.tag or element.tag == self.tag)
            and all(one == element.get("id") for one in self.ids)
            and (not self.classes or set(self.classes) <= set((element.get("class") or "").split()))
            and all(_has(element, *one) for one in self.attributes)
            and (not self.is_root or element.getparent() is None)
            and not any(one.holds(element) for one in self.none_of)
        )

    @property
    def key(self) -> str:
        """By what the elements that it may hold for are found."""
        if self.ids:
            return f"#{self.ids[0]}"
        return f".{self.classes[0]}" if self.classes else self.tag

    @property
    def specificity(self) -> tuple[int, int, int]:
        """Ids, classes and attributes, names."""
        inner = [one.specificity for one in self.none_of]
        of_inner = max(inner, default=(0, 0, 0))
        num_classes = len(self.classes) + len(self.attributes) + self.is_root
        return len(self.ids) + of_inner[0], num_classes + of_inner[1], bool(self.tag) + of_inner[2]


def parse_selector(written: str) -> tuple[tuple[Compound, ...], tuple[str, ...]] | None:
    """Its compounds and what joins each to the next; None where it needs more to be judged than is read here."""
    compounds: list[Compound] = []
    combinators: list[str] = []
    place = 0
    while True:
        compound, end = _compound(written, place)
        if compound is None or len(compounds) == MAX_COMPOUNDS:
            return None
        compounds.append(compound)
        if end == len(written):
            return tuple(compounds), tuple(combinators)
        joint = COMBINATOR.match(written, end)
        if joint is None:
            return None
        combinators.append(joint[1] or " ")
        place = joint.end()


def _compound(written: str, place: int) -> tuple[Compound | None, int]:
    parts: dict[str, list[str]] = defaultdict(list)
    attributes: list[tuple[str, str, str]] = []
    none_of: list[Compound] = []
    begin, is_root = place, False
    while match := SIMPLE.match(written, place):
        if match["tag"] and place > begin:
            break
        for kind in ("id", "cls", "tag"):
            parts[kind] += [unescaped(match[kind])] if match[kind] else []
        if match[3]:
            attributes.append((unescaped(match[3]).lower(), match[4] or "", unescaped((match[5] or "").strip("\"'"))))
        if match["not"] is not None:
            for one in (one.strip() for one in match["not"].split(",")):
                inner, end = _compound(one, 0)
                if inner is None or end < len(one):
                    return None, place
                none_of.append(inner)
        is_root = is_root or match["pseudo"] == "root"
        place = match.end()
    if place == begin:
        return None, place
    tag = parts["tag"][0].lower() if parts["tag"] else ""
    return Compound(tag, tuple(parts["id"]), tuple(parts["cls"]), tuple(attributes), is_root, tuple(none_of)), place


def joined(element: lxml.html.HtmlElement, combinator: str) -> Iterator[lxml.html.HtmlElement]:
    """The elements that stand so before an element, or around it."""
    match combinator:
        case ">":
            parent = element.getparent()
            yield from () if parent is None else (parent,)
        case "+" | "~":
            before = (one for one in element.itersiblings(preceding=True) if isinstance(one.tag, str))
            yield from (one for n, one in enumerate(before) if combinator == "~" or n == 0)
        case _:
            yield from element.iterancestors()


def _has(element: lxml.html.HtmlElement, name: str, relation: str, value: str) -> bool:
    found = element.get(name)
    if found is None or not relation:
        return found is not None
    match relation:
        case "=":
            return found == value
        case "~=":
            return value in found.split()
        case "|=":
            return found == value or found.startswith(f"{value}-")
        case "^=":
            return bool(value) and found.startswith(value)
        case "$=":
            return bool(value) and found.endswith(value)
        case _:
            return bool(value) and value in found


def unescaped(written: str) -> str:
    """A name or value without the escapes of CSS."""
    return ESCAPE.sub(lambda match: _letter(int(match[1], 16)) if match[1] else match[2], written) if "\\" in written else written


def _letter(code: int) -> str:
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"
