"""What a DOCX says of its lists: how their numbers look and count, and which paragraphs a style puts in one.

ECMA-376 part 1, 17.9: word/numbering.xml has the kinds of lists (abstractNum) and the lists that paragraphs name (num).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import lxml.etree

from latamgpt.intake.list_numbers import whole_number
from latamgpt.intake.xml_files import attribute, child, local_name

NO_LIST = "0"


@dataclass(frozen=True)
class Level:
    """How one level of a list is counted and written."""

    form: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None  # the level, from one, whose next item has it begin anew; 0: none has
    is_all_decimal: bool = False
    style: str = ""  # of paragraphs, which are on this level by it


@dataclass(frozen=True)
class ListOfParagraphs:
    """A list as paragraphs name it. Lists of one kind count on, unless one begins anew."""

    kind: str
    levels: Mapping[int, Level]
    starts: Mapping[int, int]


@dataclass(frozen=True)
class Lists:
    """The lists of a document, and which of them styles put paragraphs in: its name and the level, None where it is not said."""

    named: Mapping[str, ListOfParagraphs] = field(default_factory=dict[str, ListOfParagraphs])
    of_style: Mapping[str, tuple[str, int | None]] = field(default_factory=dict[str, tuple[str, int | None]])


def read_lists(numbering: lxml.etree._Element | None, styles: lxml.etree._Element | None) -> Lists:
    """What word/numbering.xml and word/styles.xml say of lists."""
    if numbering is None:
        return Lists()
    known = {attribute(style, "styleId"): style for style in _some(styles, "style")}
    kinds = {attribute(one, "abstractNumId"): one for one in _some(numbering, "abstractNum")}
    linked = {
        attribute(child(one, "styleLink"), "val"): name for name, one in kinds.items() if child(one, "styleLink") is not None
    }
    levels_of = {name: dict(_levels(one)) for name, one in kinds.items()}
    named: dict[str, ListOfParagraphs] = {}
    for one in _some(numbering, "num"):
        kind = attribute(child(one, "abstractNumId"), "val")
        kind = linked.get(attribute(child(kinds.get(kind), "numStyleLink"), "val"), kind)
        changed = {whole_number(attribute(change, "ilvl"), 0): change for change in _some(one, "lvlOverride")}
        levels = dict(levels_of.get(kind, {}))
        for change in changed.values():
            levels.update(_levels(change))
        starts = {
            level: whole_number(attribute(child(change, "startOverride"), "val"), 1)
            for level, change in changed.items()
            if child(change, "startOverride") is not None
        }
        named[attribute(one, "numId")] = ListOfParagraphs(kind, levels, starts)
    return Lists(named, {name: found for name in known if (found := _list_of_style(name, known))})


def _levels(parent: lxml.etree._Element | None) -> Iterator[tuple[int, Level]]:
    for one in _some(parent, "lvl"):
        restart = attribute(child(one, "lvlRestart"), "val")
        yield (
            whole_number(attribute(one, "ilvl"), 0),
            Level(
                attribute(child(one, "numFmt"), "val") or "decimal",
                attribute(child(one, "lvlText"), "val"),
                whole_number(attribute(child(one, "start"), "val"), 0),
                whole_number(restart, 0) if restart else None,
                is_on(child(one, "isLgl")),
                attribute(child(one, "pStyle"), "val"),
            ),
        )


def _list_of_style(name: str, known: Mapping[str, lxml.etree._Element]) -> tuple[str, int | None] | None:
    """By its own properties, or those of the style it builds on."""
    seen: set[str] = set()
    while name in known and name not in seen:
        seen.add(name)
        said = child(child(known[name], "pPr"), "numPr")
        if said is not None and (num_id := attribute(child(said, "numId"), "val")):
            level = attribute(child(said, "ilvl"), "val")
            return num_id, whole_number(level, 0) if level else None
        name = attribute(child(known[name], "basedOn"), "val")
    return None


def _some(parent: lxml.etree._Element | None, name: str) -> list[lxml.etree._Element]:
    return [] if parent is None else [one for one in parent if local_name(one) == name]


def is_on(element: lxml.etree._Element | None) -> bool:
    """Whether a property that is on or off is there and on."""
    return element is not None and attribute(element, "val").lower() not in ("0", "false", "off")
