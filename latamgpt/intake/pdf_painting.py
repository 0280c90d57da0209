"""What a page of a PDF paints, step by step: where letters stand, how large and in what colour, and what lies behind them.

The page's own units are points (1/72 inch). Source: ISO 32000-1, sections 8 and 9.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from latamgpt.intake.pdf_fonts import LetterWidths, letter_widths
from latamgpt.intake.pdf_geometry import UPRIGHT, Box, Matrix, Point, around, box_of, corners, matrix_of, meet, taken, times
from latamgpt.intake.pdf_objects import entry, is_drawn_font, is_layer_off, num_codes, numbers, resolved
from latamgpt.intake.pdf_runs import MAX_RUNS, Run, TextState, runs_of

SQUARE = corners(0, 0, 1, 1)  # of an image, before its matrix
LETTER_WIDTH = 0.5  # of their size, on an average
SHOWS = frozenset({b"Tj", b"TJ", b"'", b'"'})
NEXT_LINE = frozenset({b"'", b'"'})
FILLS = frozenset({b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"})
STROKES = frozenset({b"S", b"s", b"B", b"B*", b"b", b"b*"})
MOVES = frozenset({b"BT", b"ET", b"Td", b"TD", b"Tm", b"T*"})
PATH_ENDS = FILLS | STROKES | {b"n"}
FILL_COLOURS = {b"g": "/DeviceGray", b"rg": "/DeviceRGB", b"k": "/DeviceCMYK"}
STROKE_COLOURS = {b"G": "/DeviceGray", b"RG": "/DeviceRGB", b"K": "/DeviceCMYK"}
MIN_BAR = 4.0  # points: a stroke as wide as that may be what letters stand on
PLAIN_SPACES = frozenset({"/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/CalGray", "/CalRGB", "/ICCBased"})
MAX_WHITE_LOSS = 1 / 16  # of 1: what is darker than that is told from white


@dataclass(frozen=True)
class Graphics:
    """The state in which something is painted."""

    matrix: Matrix = UPRIGHT
    is_white: bool = False  # what fills; False too where nobody can say
    space: str = "/DeviceGray"
    is_stroke_white: bool = False
    stroke_space: str = "/DeviceGray"
    line_width: float = 1.0
    alpha: float = 1.0
    mode: int = 0  # of letters; 3 paints none
    font_size: float = 1.0
    is_drawn_font: bool = False  # of Type 3: its glyphs are drawings, with a size and colours of their own
    text: TextState = TextState()


@dataclass(frozen=True)
class Shown:
    """One string that a page shows."""

    box: Box
    size: float  # in points
    graphics: Graphics
    is_off: bool  # in a layer that is switched off
    has_ground: bool  # something other than white was painted there before


@dataclass
class Frame:
    """A page, or a form that it paints: what names mean in it, and what it leaves as it was."""

    resources: Any
    saved: list[Graphics] = field(default_factory=list[Graphics])
    marks: list[bool] = field(default_factory=list[bool])  # of what is open: whether it is of a layer that is off


class Painting:
    """Follows the operators of a page, as pypdf gives them to its visitors, and keeps every string and image."""

    def __init__(self, page: Any, layers_off: frozenset[int]) -> None:
        self.shown: list[Shown] = []
        self.runs: list[Run] = []
        self.images: list[Box] = []
        self._layers_off = layers_off
        self._now = Graphics()
        self._frames = [Frame(entry(page, "/Resources"))]
        self._before_forms: list[tuple[Graphics, Box, int]] = []
        self._grounds: list[Box] = []
        self._path: list[Point] = []
        self._num_operators = 0
        self._pen = 0.0  # from where the page last moved to
        self._widths: dict[int, LetterWidths] = {}

    def before(self, operator: bytes, operands: Sequence[Any], _: object, text_matrix: Sequence[float]) -> None:
        """An operator, before pypdf reads it."""
        self._num_operators += 1
        if operator in MOVES:
            self._pen = 0.0
            if operator == b"TD" and len(values := numbers(operands)) == 2:
                self._now = replace(self._now, text=replace(self._now.text, leading=-values[1]))
        else:
            self._paint(operator, operands, text_matrix)

    def _paint(self, operator: bytes, operands: Sequence[Any], text_matrix: Sequence[float]) -> None:
        frame = self._frames[-1]
        match operator:
            case b"Tj" | b"TJ" | b"'" | b'"':
                self._show(operator, operands, numbers(text_matrix))
            case b"Do" if operands:
                self._do(self._named("/XObject", operands[0]))
            case b"INLINE IMAGE":
                self._image(box_of(self._now.matrix, SQUARE))
            case b"q":
                frame.saved.append(self._now)
            case b"Q":
                self._now = frame.saved.pop() if frame.saved else self._now
            case b"BDC" | b"BMC":
                layer = operands[1] if len(operands) > 1 and operands[0] == "/OC" else None
                frame.marks.append(layer is not None and is_layer_off(self._named("/Properties", layer), self._layers_off))
            case b"EMC":
                del frame.marks[-1:]
            case b"sh":
                self._grounds.append((-1e9, -1e9, 1e9, 1e9))
            case _:
                self._draw(operator, numbers(operands))
                self._now = self._changed(operator, operands)

    def after(self, operator: bytes, operands: Sequence[Any], _: object, __: object) -> None:
        """An operator, after pypdf read it and, of a form, all that is in it."""
        if operator == b"Do" and operands and self._before_forms and self._frames[-1] is not self._frames[0]:
            if entry(self._named("/XObject", operands[0], self._frames[-2]), "/Subtype") != "/Form":
                return
            self._now, box, num_operators = self._before_forms.pop()
            self._frames.pop()
            if num_operators == self._num_operators:  # pypdf did not look into it: whatever it paints may be a ground
                self._grounds.append(box)

    def _show(self, operator: bytes, operands: Sequence[Any], text_matrix: Sequence[float]) -> None:
        if operator in NEXT_LINE:
            self._next_line(operator, operands)
        leading = self._now.text.leading if operator in NEXT_LINE else 0.0
        matrix = times((1, 0, 0, 1, 0, -leading), times(matrix_of(text_matrix), self._now.matrix))
        parts: Any = operands[-1] if operands else ()
        parts = parts if isinstance(parts, list) else [parts]
        if len(self.runs) <= MAX_RUNS:
            runs, self._pen = runs_of(len(self.shown), parts, self._now.text, self._now.font_size, matrix, self._pen)
            self.runs += runs
        size, width = self._now.font_size, LETTER_WIDTH * abs(self._now.font_size) * num_codes(operands)
        box = box_of(matrix, corners(0, 0, width, size))
        height = abs(size) * (matrix[2] ** 2 + matrix[3] ** 2) ** 0.5
        is_off = any(mark for frame in self._frames for mark in frame.marks)
        middle = box_of(matrix, ((0, size / 4), (width, size / 4)))
        has_ground = self._now.is_white and any(meet(ground, middle) for ground in self._grounds)
        self.shown.append(Shown(box, height, self._now, is_off, has_ground))

    def _next_line(self, operator: bytes, operands: Sequence[Any]) -> None:
        self._pen = 0.0
        if operator == b'"' and len(spacing := numbers(operands[:2])) == 2:
            text = replace(self._now.text, word_spacing=spacing[0], char_spacing=spacing[1])
            self._now = replace(self._now, text=text)

    def _do(self, painted: Any) -> None:
        if entry(painted, "/Subtype") == "/Image":
            self._image(box_of(self._now.matrix, SQUARE))
        elif entry(painted, "/Subtype") == "/Form":
            matrix = times(matrix_of(numbers(entry(painted, "/Matrix") or ())), self._now.matrix)
            left, bottom, right, top = (numbers(entry(painted, "/BBox") or ()) or [0, 0, 0, 0])[:4]
            box = box_of(matrix, corners(left, bottom, right, top))
            self._before_forms.append((self._now, box, self._num_operators))
            resources = entry(painted, "/Resources") or self._frames[-1].resources
            self._frames.append(Frame(resources, marks=[is_layer_off(entry(painted, "/OC"), self._layers_off)]))
            self._now = replace(self._now, matrix=matrix)

    def _image(self, box: Box) -> None:
        self.images.append(box)
        self._grounds.append(box)

    def _draw(self, operator: bytes, values: Sequence[float]) -> None:
        match operator:
            case b"re" if len(values) == 4:
                x, y, width, height = values
                self._path += [taken(self._now.matrix, one) for one in corners(x, y, x + width, y + height)]
            case b"m" | b"l" | b"c" | b"v" | b"y":
                self._path += [taken(self._now.matrix, (x, y)) for x, y in zip(values[::2], values[1::2], strict=False)]
            case _ if operator in PATH_ENDS:
                if operator in FILLS and self._path and not self._now.is_white:
                    self._grounds.append(around(self._path))
                if operator in STROKES and self._path and not self._now.is_stroke_white:
                    self._bar(around(self._path))
                self._path = []
            case _:
                pass

    def _bar(self, path: Box) -> None:
        a, b, c, d, *_ = self._now.matrix
        half = self._now.line_width * abs(a * d - b * c) ** 0.5 / 2
        if 2 * half >= MIN_BAR:
            left, bottom, right, top = path
            self._grounds.append((left - half, bottom - half, right + half, top + half))

    def _changed(self, operator: bytes, operands: Sequence[Any]) -> Graphics:
        """The state after an operator that changes it."""
        now, values = self._now, numbers(operands)
        match operator:
            case b"cm" if len(values) == 6:
                return replace(now, matrix=times(matrix_of(values), now.matrix))
            case b"w" if values:
                return replace(now, line_width=values[0])
            case b"Tr" if values:
                return replace(now, mode=int(values[0]))
            case b"Tf" if len(operands) > 1 and values:
                return self._with_font(values[-1], self._named("/Font", operands[0]))
            case b"Tc" | b"Tw" | b"Tz" | b"TL" if values:
                return replace(now, text=_set_text(now.text, operator, values[0]))
            case b"gs" if operands:
                return _set_at_once(now, self._named("/ExtGState", operands[0]))
            case _:
                return self._coloured(operator, operands)

    def _with_font(self, size: float, font: Any) -> Graphics:
        widths = self._widths.get(id(font))
        if widths is None:
            widths = self._widths[id(font)] = letter_widths(font)
        text = replace(self._now.text, font=widths)
        return replace(self._now, font_size=size, is_drawn_font=is_drawn_font(font), text=text)

    def _coloured(self, operator: bytes, operands: Sequence[Any]) -> Graphics:
        now, values = self._now, numbers(operands)
        match operator:
            case b"g" | b"rg" | b"k":
                return replace(now, space=FILL_COLOURS[operator], is_white=_is_white(values))
            case b"G" | b"RG" | b"K":
                return replace(now, stroke_space=STROKE_COLOURS[operator], is_stroke_white=_is_white(values))
            case b"cs" if operands:
                return replace(now, space=self._space(operands[0]), is_white=False)
            case b"CS" if operands:
                return replace(now, stroke_space=self._space(operands[0]), is_stroke_white=False)
            case b"sc" | b"scn":
                return replace(now, is_white=now.space in PLAIN_SPACES and _is_white(values))
            case b"SC" | b"SCN":
                return replace(now, is_stroke_white=now.stroke_space in PLAIN_SPACES and _is_white(values))
            case _:
                return now

    def _space(self, name: Any) -> str:
        space = self._named("/ColorSpace", name)
        return str(space[0]) if isinstance(space, list) and space else str(name)

    def _named(self, kind: str, name: Any, frame: Frame | None = None) -> Any:
        """What a name stands for; what is no name stands for itself."""
        if not isinstance(name, str):
            return resolved(name)
        return entry(entry((frame or self._frames[-1]).resources, kind), name)


def _set_at_once(now: Graphics, settings: Any) -> Graphics:
    """The state with what a dictionary of settings changes."""
    alpha, width = numbers([entry(settings, "/ca")]), numbers([entry(settings, "/LW")])
    font: Any = entry(settings, "/Font")
    if isinstance(font, list) and len(font) == 2 and (size := numbers([resolved(font[1])])):  # pyright: ignore[reportUnknownArgumentType]
        now = replace(now, font_size=size[0], is_drawn_font=is_drawn_font(font[0]))
    return replace(now, alpha=(alpha or [now.alpha])[0], line_width=(width or [now.line_width])[0])


def _set_text(text: TextState, operator: bytes, value: float) -> TextState:
    match operator:
        case b"Tc":
            return replace(text, char_spacing=value)
        case b"Tw":
            return replace(text, word_spacing=value)
        case b"Tz":
            return replace(text, stretch=value / 100)
        case _:
            return replace(text, leading=value)


def _is_white(values: Sequence[float]) -> bool:
    darkest = max(values, default=1) if len(values) == 4 else 1 - min(values, default=0)
    return darkest <= MAX_WHITE_LOSS
