"""Colours as pages write them, and whether one can be told from what is behind it."""

import colorsys
import re

Colour = tuple[int, int, int]  # red, green, blue, each 0 to 255
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
CLEAR = "clear"  # nothing is painted
NEAR = 16  # of 255, in each of the three: nobody reads letters that differ less from their ground

NAMED: dict[str, Colour] = {
    "black": BLACK,
    "white": WHITE,
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "maroon": (128, 0, 0),
    "red": (255, 0, 0),
    "purple": (128, 0, 128),
    "fuchsia": (255, 0, 255),
    "magenta": (255, 0, 255),
    "green": (0, 128, 0),
    "lime": (0, 255, 0),
    "olive": (128, 128, 0),
    "yellow": (255, 255, 0),
    "navy": (0, 0, 128),
    "blue": (0, 0, 255),
    "teal": (0, 128, 128),
    "aqua": (0, 255, 255),
    "cyan": (0, 255, 255),
    "orange": (255, 165, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240),
    "mintcream": (245, 255, 250),
    "azure": (240, 255, 255),
    "seashell": (255, 245, 238),
}
HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
CALL = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")
PART = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)")
MIN_ALPHA = 0.1  # of 1: below it letters are as good as not there


def read_colour(written: str) -> Colour | str | None:
    """A colour in CSS or HTML; CLEAR where it lets everything through, None where it is none that can be judged."""
    written = written.strip().lower()
    if written == "transparent":
        return CLEAR
    if HEX.fullmatch(written):
        digits = written[1:] if len(written) > 5 else "".join(2 * digit for digit in written[1:])
        red, green, blue, alpha = (int(pair, 16) for pair in (digits[:2], digits[2:4], digits[4:6], digits[6:] or "ff"))
        return _with_alpha((red, green, blue), alpha / 255)
    call = CALL.fullmatch(written)
    return _called(call[1], call[2]) if call else NAMED.get(written)


def alike(one: Colour, other: Colour) -> bool:
    """Whether nobody sees one on the other."""
    return all(abs(a - b) <= NEAR for a, b in zip(one, other, strict=True))


def _called(kind: str, written: str) -> Colour | str | None:
    parts = [(float(match[0]), written[match.end() : match.end() + 1] == "%") for match in PART.finditer(written)]
    if len(parts) not in (3, 4):
        return None
    alpha = parts[3][0] / (100 if parts[3][1] else 1) if len(parts) == 4 else 1.0
    if kind == "rgb":
        red, green, blue = (value * 255 / 100 if percent else value for value, percent in parts[:3])
    else:
        (hue, _), (saturation, _), (light, _) = parts[:3]
        red, green, blue = (255 * value for value in colorsys.hls_to_rgb(hue % 360 / 360, light / 100, saturation / 100))
    return _with_alpha((_byte(red), _byte(green), _byte(blue)), alpha)


def _with_alpha(colour: Colour, alpha: float) -> Colour | str | None:
    if alpha < MIN_ALPHA:
        return CLEAR
    return colour if alpha >= 1 else None


def _byte(value: float) -> int:
    return min(max(round(value), 0), 255)
