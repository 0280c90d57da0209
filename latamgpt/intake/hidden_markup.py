"""Text of a page that its markup hides from readers: taken out before the text is read, and counted.

Looked at are attributes and styles that stand with the elements; what style sheets and scripts hide is not seen.
"""

import re
from dataclasses import dataclass, replace

import lxml.html

NO_TEXT = frozenset({"script", "style", "head", "template", "noscript", "svg", "math"})
SIDES = ("left", "right", "top", "bottom", "text-indent")
FAR = re.compile(r"-(?:(?:\d{4,}|[5-9]\d\d)(?:\.\d+)?(?:px|pt)?|\d{3,}(?:\.\d+)?(?:em|rem|%|vw|vh))")
ZERO = re.compile(r"(?:0+(?:\.0*)?|\.0+)(?:px|pt|em|rem|ex|%|vw|vh)?")
NO_AREA = re.compile(r"rect\(0.*\)|inset\((?:50|100)%.*\)|circle\(0.*\)")
NO_SIZE = re.compile(r"scale[xy]?\(0(?:\.0*)?[,)]|translate[xy]?\(-\d{4,}")
WHITE = re.compile(r"#f{3,4}|#f{6}|#f{8}|white|transparent|rgba?\(255,255,255(?:,[\d.%]+)?\)|rgba\([^)]*,0?\.?0+%?\)")
NO_GROUND = re.compile(r"none|inherit|initial|unset|(?:" + WHITE.pattern + ")")
OF_THE_PARENT = ("em", "%")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Look:
    """How text in an element is shown."""

    is_gone: bool = False  # with all that is in it
    is_invisible: bool = False  # these three may be undone further in
    is_tiny: bool = False
    is_white: bool = False
    has_ground: bool = False  # a colour or picture behind it, before which white can be read

    @property
    def is_hidden(self) -> bool:
        """Whether a reader sees none of it."""
        return self.is_gone or self.is_invisible or self.is_tiny or (self.is_white and not self.has_ground)


def take_out_hidden(page: lxml.html.HtmlElement) -> int:
    """Empty every hidden text of a page, and say how many characters they held, blanks aside."""
    return _take_out(page, Look())


def _take_out(element: lxml.html.HtmlElement, above: Look) -> int:
    look = _look(element, above)
    num_chars = 0
    if look.is_hidden and element.text:
        num_chars += _num_chars(element.text)
        element.text = None
    for child in element:
        if isinstance(child.tag, str) and child.tag not in NO_TEXT:
            num_chars += _take_out(child, look)
        if look.is_hidden and child.tail:
            num_chars += _num_chars(child.tail)
            child.tail = " "
    return num_chars


def _num_chars(text: str) -> int:
    return len("".join(text.split()))


def _look(element: lxml.html.HtmlElement, above: Look) -> Look:
    style = _style(element.get("style") or "")
    colour = style.get("color") or (element.get("color") if element.tag == "font" else None)
    ground = " ".join(style.get(name, "") for name in ("background", "background-color", "background-image")).strip()
    ground = ground or element.get("bgcolor") or element.get("background") or ""
    look = replace(above, is_gone=above.is_gone or "hidden" in element.attrib or _is_gone(style))
    if seen := style.get("visibility"):
        look = replace(look, is_invisible=seen in ("hidden", "collapse"))
    if (size := style.get("font-size")) and not (above.is_tiny and size.endswith(OF_THE_PARENT) and not size.endswith("rem")):
        look = replace(look, is_tiny=ZERO.fullmatch(size) is not None)
    if colour:
        look = replace(look, is_white=WHITE.fullmatch(colour.strip().lower()) is not None)
    if ground:
        look = replace(look, has_ground=NO_GROUND.fullmatch(ground.lower()) is None)
    return look


def _is_gone(style: dict[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("content-visibility") == "hidden"
        or ZERO.fullmatch(style.get("opacity", "")) is not None
        or any(FAR.fullmatch(style.get(side, "")) for side in SIDES)
        or NO_AREA.match(style.get("clip", "")) is not None
        or NO_AREA.match(style.get("clip-path", "")) is not None
        or NO_SIZE.search(style.get("transform", "")) is not None
        or (
            style.get("overflow", "") in ("hidden", "clip")
            and any(ZERO.fullmatch(style.get(f"{most}{side}", "")) for most in ("", "max-") for side in ("width", "height"))
        )
    )


def _style(written: str) -> dict[str, str]:
    """The declarations of a style attribute, in small letters and without blanks; of two of one name the last holds."""
    declared = (one.partition(":") for one in COMMENT.sub("", written).lower().split(";"))
    return {name.strip(): "".join(value.replace("!important", "").split()) for name, _, value in declared}
