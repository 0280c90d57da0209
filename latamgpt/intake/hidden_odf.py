"""Text of an OpenDocument file that is formatted so that no reader sees it: taken out before the text is read, and counted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import lxml.etree

from latamgpt.intake.colours import BLACK, WHITE, Colour, alike, read_colour
from latamgpt.intake.xml_files import children, local_name

MAX_POINTS = 1.0
POINTS = re.compile(r"(\d+\.?\d*|\.\d+)pt")
HIDDEN_FIELDS = frozenset({"hidden-text", "hidden-paragraph"})
ON_ANOTHER_GROUND = frozenset({"frame", "text-box", "custom-shape", "g"})
STYLED = frozenset({"p", "h", "span", "a", "section", "table", "table-row", "table-cell", "list"})
LOOKS = ("text-properties", "paragraph-properties", "table-cell-properties", "table-properties", "table-row-properties",
         "section-properties", "graphic-properties")  # fmt: skip
MAX_PARENTS = 32


@dataclass(frozen=True)
class Look:
    """How text is shown; None for what is not known."""

    is_gone: bool = False  # with all that is in it
    is_hidden: bool = False  # these may be undone further in
    colour: Colour | None = BLACK
    ground: Colour | None = WHITE
    points: float | None = None

    @property
    def is_seen(self) -> bool:
        """Whether a reader sees it."""
        is_of_the_ground = self.colour is not None and self.ground is not None and alike(self.colour, self.ground)
        is_tiny = self.points is not None and self.points <= MAX_POINTS
        return not (self.is_gone or self.is_hidden or is_of_the_ground or is_tiny)


Styles = Mapping[tuple[str, str], dict[str, str]]
"""Family and name -> what the style says, what it builds on included."""


def take_out_hidden(body: lxml.etree._Element, styles: Styles) -> int:
    """Empty every hidden text of a document's body, and say how many characters they held, blanks aside."""
    page = Look(ground=_page_ground(styles))
    return _take_out(body, _styled(page, styles.get(("paragraph", ""), {})), styles)


def read_styles(*files: lxml.etree._Element) -> Styles:
    """The styles of styles.xml and content.xml, in this order: of two of one name the last holds."""
    own: dict[tuple[str, str], lxml.etree._Element] = {}
    for file in files:
        for style in children(file, "style", "default-style"):
            own[_value(style, "family"), _value(style, "name")] = style
    pages = {
        ("page", _value(one, "background-color")): {"background-color": _value(one, "background-color")}
        for file in files
        for one in children(file, "page-layout-properties")
    }
    return {**{key: _says(key, own) for key in own}, **pages}


def _page_ground(styles: Styles) -> Colour | None:
    """White, unless a page of the document may have another colour."""
    colours = {read_colour(name) for family, name in styles if family == "page" and name not in ("", "transparent")}
    return WHITE if colours <= {WHITE} else None


def _says(key: tuple[str, str], own: Mapping[tuple[str, str], lxml.etree._Element]) -> dict[str, str]:
    chain: list[lxml.etree._Element] = []
    while key in own and len(chain) < MAX_PARENTS:
        chain.append(own[key])
        key = (key[0], _value(own[key], "parent-style-name"))
        if not key[1]:
            break
    said: dict[str, str] = {}
    for style in reversed(chain):
        for look in style:
            if local_name(look) in LOOKS:
                said.update({lxml.etree.QName(name).localname: value for name, value in look.items()})
    return said


def _take_out(element: lxml.etree._Element, above: Look, styles: Styles) -> int:
    look = _look(element, above, styles)
    num_chars = _empty(element, look, of_itself=True)
    for child in element:
        if local_name(child):
            num_chars += _take_out(child, look, styles)
        num_chars += _empty(child, look, of_itself=False)
    return num_chars


def _empty(element: lxml.etree._Element, look: Look, *, of_itself: bool) -> int:
    text = (element.text if of_itself else element.tail) or ""
    if look.is_seen or not text:
        return 0
    if of_itself:
        element.text = None
    else:
        element.tail = None
    return len("".join(text.split()))


def _look(element: lxml.etree._Element, above: Look, styles: Styles) -> Look:
    tag = local_name(element)
    if tag in ON_ANOTHER_GROUND:
        return replace(above, ground=None)
    if tag == "section" and _is_off(element, _value(element, "display")):
        return replace(above, is_gone=True)
    if tag in HIDDEN_FIELDS and _value(element, "is-hidden") == "true":
        return replace(above, is_gone=True)
    if tag == "p" and any(_value(one, "is-hidden") == "true" for one in element if local_name(one) == "hidden-paragraph"):
        return replace(above, is_gone=True)
    if tag not in STYLED:
        return above
    families = {"span": "text", "a": "text", "p": "paragraph", "h": "paragraph"}
    return _styled(above, styles.get((families.get(tag, tag), _value(element, "style-name")), {}))


def _is_off(section: lxml.etree._Element, display: str) -> bool:
    return display == "none" or (display == "condition" and _value(section, "is-hidden") == "true")


def _styled(above: Look, said: Mapping[str, str]) -> Look:
    look = above
    if display := said.get("display"):
        look = replace(look, is_hidden=display == "none")
    if said.get("use-window-font-color") == "true":
        look = replace(look, colour=BLACK if look.ground == WHITE else None)
    elif colour := said.get("color"):
        look = replace(look, colour=_plain(colour))
    if points := POINTS.fullmatch(said.get("font-size", "")):
        look = replace(look, points=float(points[1]))
    if "background-image" in said or said.get("fill", "none") not in ("none", "solid"):
        return replace(look, ground=None)
    ground = said.get("background-color", "transparent")
    return look if ground == "transparent" else replace(look, ground=_plain(ground))


def _plain(written: str) -> Colour | None:
    colour = read_colour(written)
    return colour if isinstance(colour, tuple) else None


def _value(element: lxml.etree._Element, name: str) -> str:
    """An attribute, whatever the namespace; '' where there is none."""
    return next((value for key, value in element.items() if lxml.etree.QName(key).localname == name), "")
