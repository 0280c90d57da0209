"""Text of a page that its markup hides from readers: taken out before the text is read, and counted.

Looked at are attributes, styles that stand with the elements, and style sheets; what scripts hide is not seen. What a reader may
open or scroll to stays: notes and what a link of the page leads to, what another rule shows again, panels folded by a sheet.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import lxml.html

from latamgpt.intake.colours import BLACK, CLEAR, WHITE, Colour, alike, read_colour
from latamgpt.intake.style_sheets import StyleSheets, applies

NO_TEXT = frozenset({"script", "style", "head", "template", "noscript", "svg", "math"})
SIDES = ("left", "right", "top", "bottom", "text-indent")
MARGINS = ("margin-left", "margin-top", "margin-right", "margin-bottom")
GROUNDS = ("background", "background-color", "background-image")
SIZES = ("width", "height", "max-width", "max-height")
PROPERTIES = frozenset({
    *SIDES, *MARGINS, *GROUNDS, *SIZES, "color", "display", "visibility", "content-visibility", "font-size", "opacity", "clip",
    "clip-path", "transform", "overflow", "position",
})  # fmt: skip
FOLDED = frozenset({"max-height", "opacity"})  # by a sheet, until a reader scrolls or clicks
NOTES = frozenset({"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note",
                   "doc-footnote", "doc-endnote", "doc-endnotes"})  # fmt: skip
PICTURES = frozenset({"img", "picture", "video", "svg", "canvas", "object", "image"})
AFLOAT = ("absolute", "fixed", "sticky")
FAR = re.compile(r"-(?:(?:\d{4,}|[5-9]\d\d)(?:\.\d+)?(?:px|pt)?|\d{3,}(?:\.\d+)?(?:em|rem|%|vw|vh))")
VERY_FAR = re.compile(r"-\d{4,}(?:\.\d+)?(?:px|pt)|-\d{3,}(?:\.\d+)?(?:em|rem|vw|vh)")
ZERO = re.compile(r"(?:0+(?:\.0*)?|\.0+)(?:px|pt|em|rem|ex|%|vw|vh)?")
TINY = re.compile(rf"{ZERO.pattern}|(?:1(?:\.0+)?|0?\.\d+)(?:px|pt)|0?\.0\d*(?:em|rem)|[0-5](?:\.\d+)?%")
FAINT = re.compile(rf"{ZERO.pattern}|0?\.0\d+|[0-9](?:\.\d+)?%")
NO_AREA = re.compile(r"rect\((?:0|1px,?1px,?1px).*\)|inset\((?:50|100)%.*\)|circle\(0.*\)")
NO_SIZE = re.compile(r"scale[xy]?\(0(?:\.0*)?[,)]|translate[xy]?\(-\d{4,}")
OF_THE_PARENT = ("em", "%")
AS_ABOVE = frozenset({"", "none", "inherit", "initial", "unset", "transparent"})  # of a ground: what is behind it shows


@dataclass(frozen=True)
class Look:
    """How text in an element is shown."""

    is_gone: bool = False  # with all that is in it
    is_invisible: bool = False  # these may be undone further in
    is_tiny: bool = False
    colour: Colour | str | None = BLACK  # of its letters; None where that cannot be judged
    ground: Colour | None = WHITE  # behind them; None for a picture, or what cannot be judged

    @property
    def is_hidden(self) -> bool:
        """Whether a reader sees none of it."""
        return self.is_gone or self.is_invisible or self.is_tiny or self._is_of_the_ground

    @property
    def _is_of_the_ground(self) -> bool:
        if self.ground is None or self.colour is None:
            return False
        return isinstance(self.colour, str) or alike(self.colour, self.ground)


def take_out_hidden(page: lxml.html.HtmlElement, linked: Iterable[str] = (), *, with_sheets: bool = True) -> int:
    """Empty every hidden text of a page, and say how many characters they held, blanks aside.

    Args:
        page: its tree, which is changed.
        linked: the style sheets that lie beside it, in the order of its links; its own are in it.
        with_sheets: False looks at attributes and the elements' own styles alone.

    Raises:
        TooManyRulesError: its style sheets ask for more work than a page should; the tree is as it was.
    """
    sheets = StyleSheets(PROPERTIES, FOLDED, _in_doubt)
    own = (one.text_content() for one in page.iter("style") if applies(one.get("media") or ""))
    for css in (*linked, *own) if with_sheets else ():
        sheets.add(css)
    num_chars = 0
    for element, is_tail in list(_Page(page, sheets).hidden(page, Look())):
        if is_tail:
            num_chars += _num_chars(element.tail or "")
            element.tail = " "
        else:
            num_chars += _num_chars(element.text or "")
            element.text = None
    return num_chars


class _Page:
    """Finds the hidden texts of one page."""

    def __init__(self, page: lxml.html.HtmlElement, sheets: StyleSheets) -> None:
        self._sheets = sheets
        self._led_to = {link.get("href", "").partition("#")[2] for link in page.iter("a")} - {""}
        self._around_pictures = {one for picture in page.iter(*PICTURES) for one in (picture, *picture.iterancestors())}

    def hidden(self, element: lxml.html.HtmlElement, above: Look) -> Iterator[tuple[lxml.html.HtmlElement, bool]]:
        """Every element whose text is hidden, or (True) whose tail is."""
        look = self._look(element, above)
        if look.is_hidden and element.text:
            yield element, False
        for child in element:
            if isinstance(child.tag, str) and child.tag not in NO_TEXT:
                yield from self.hidden(child, look)
            if look.is_hidden and child.tail:
                yield child, True

    def _look(self, element: lxml.html.HtmlElement, above: Look) -> Look:
        style = self._sheets.style(element)
        opens = element.get("id") in self._led_to or _is_note(element)
        look = _look(element, replace(above, is_gone=False, is_invisible=False) if opens else above, style)
        if opens:
            look = replace(look, is_gone=False, is_invisible=False)
        is_afloat = style.get("position") in AFLOAT and not any(style.get(name) for name in GROUNDS)
        if self._around_pictures and (is_afloat or self._is_behind(element)):
            return replace(look, ground=None)
        return look

    def _is_behind(self, element: lxml.html.HtmlElement) -> bool:
        """Whether a picture floats in an element, so that it may be what its letters stand on."""
        if element not in self._around_pictures:
            return False
        inner = (one for one in element if one in self._around_pictures)
        return any(self._sheets.style(one).get("position") in AFLOAT for one in inner)


def _is_note(element: lxml.html.HtmlElement) -> bool:
    """Whether it is a note, that a reading device opens beside its mark."""
    kinds = (element.get("epub:type") or "").split()
    return not NOTES.isdisjoint([*kinds, *(element.get("role") or "").split()])


def _in_doubt(name: str, value: str) -> str:
    """What is taken to hold where another rule says otherwise in some state: nothing that hides."""
    if name == "color" or name in GROUNDS:
        return "unknown"
    hides = (
        value in ("hidden", "collapse", "clip")
        or (name == "font-size" and TINY.fullmatch(value) is not None)
        or (name in SIZES and ZERO.fullmatch(value) is not None)
        or _is_gone({name: value})
    )
    return "" if hides else value


def _num_chars(text: str) -> int:
    return len("".join(text.split()))


def _look(element: lxml.html.HtmlElement, above: Look, style: dict[str, str]) -> Look:
    look = replace(above, is_gone=above.is_gone or "hidden" in element.attrib or _is_gone(style))
    if seen := style.get("visibility"):
        look = replace(look, is_invisible=seen in ("hidden", "collapse"))
    if (size := style.get("font-size")) and not (above.is_tiny and size.endswith(OF_THE_PARENT) and not size.endswith("rem")):
        look = replace(look, is_tiny=TINY.fullmatch(size) is not None)
    colour = style.get("color") or (element.get("color") if element.tag == "font" else None)
    if colour and colour not in ("inherit", "unset", "currentcolor"):
        look = replace(look, colour=read_colour(colour))
    written = [style[name] for name in GROUNDS if name in style] or [
        element.get("bgcolor") or "",
        element.get("background") or "",
    ]
    return replace(look, ground=_ground(written, look.ground))


def _ground(written: list[str], above: Colour | None) -> Colour | None:
    """What is behind the letters, as one colour; None where a picture is, or a colour that cannot be judged."""
    ground = above
    for one in written:
        for word in one.split() if "(" not in one else [one]:
            if word.lower() in AS_ABOVE or word.startswith(("no-repeat", "scroll")):
                continue
            colour = read_colour(word)
            if colour == CLEAR:
                continue
            if not isinstance(colour, tuple):
                return None
            ground = colour
    return ground


def _is_gone(style: dict[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("content-visibility") == "hidden"
        or FAINT.fullmatch(style.get("opacity", "")) is not None
        or any(FAR.fullmatch(style.get(side, "")) for side in SIDES)
        or any(VERY_FAR.fullmatch(style.get(side, "")) for side in MARGINS)
        or NO_AREA.match(style.get("clip", "")) is not None
        or NO_AREA.match(style.get("clip-path", "")) is not None
        or NO_SIZE.search(style.get("transform", "")) is not None
        or (style.get("overflow", "") in ("hidden", "clip") and any(ZERO.fullmatch(style.get(size, "")) for size in SIZES))
    )
