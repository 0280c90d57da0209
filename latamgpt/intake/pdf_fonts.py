"""How wide a PDF's fonts draw their letters, in ems. Source: ISO 32000-1, sections 9.2.4, 9.6 and 9.7.4.3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from latamgpt.intake.pdf_objects import entry, numbers, resolved

MAX_CODES = 1 << 16  # of two bytes
USUAL_WIDTH = 0.5
COURIER_WIDTH = 0.6
TIMES_SHARE = 0.91  # of the width of the same letter in Helvetica
BOLD_SHARE = 1.07  # of the width of the same letter that is not bold
WIDTHS = {
    **dict.fromkeys("ijlíìïî'’|", 0.23),
    **dict.fromkeys(" .,;:!/\\tfI[]·ÍÌ", 0.28),
    **dict.fromkeys('r()-`´{}*“”"', 0.34),
    **dict.fromkeys("ckszvxyçJ", 0.5),
    **dict.fromkeys("ABEKPSVXYZÁÉÀÂÃÊ&", 0.67),
    **dict.fromkeys("CDHNRUwÇÑÚÜ", 0.72),
    **dict.fromkeys("GOQÓÔÕ", 0.78),
    **dict.fromkeys("mM", 0.83),
    **dict.fromkeys("W%@—…", 0.95),
}
"""Of Helvetica, in ems; all other letters take `OTHER_WIDTH`. A file may use the standard fonts without giving widths."""
OTHER_WIDTH = 0.556


@dataclass(frozen=True)
class LetterWidths:
    """Widths of a font's codes, in ems."""

    of_code: Mapping[int, float]
    other: float = USUAL_WIDTH  # of a code that is not among them
    num_bytes: int = 1  # of one code

    def width(self, codes: bytes) -> float:
        """Of a string, without the room that the page's settings add."""
        listed = codes if self.num_bytes == 1 else [a << 8 | b for a, b in zip(codes[::2], codes[1::2], strict=False)]
        return sum(self.of_code.get(code, self.other) for code in listed)


def letter_widths(font: Any) -> LetterWidths:
    """What a font's dictionary says of its widths, else what is usual."""
    if entry(font, "/Subtype") == "/Type0":
        return _composite_widths(font)
    listed, first = entry(font, "/Widths"), numbers([entry(font, "/FirstChar")])
    if not isinstance(listed, list) or not first:
        return _standard_widths(str(entry(font, "/BaseFont")))
    matrix = numbers(entry(font, "/FontMatrix") or ()) if entry(font, "/Subtype") == "/Type3" else []
    scale = abs(matrix[0]) if matrix else 1 / 1000
    of_code = {int(first[0]) + n: scale * (numbers([resolved(one)]) or [0.0])[0] for n, one in enumerate(listed[:MAX_CODES])}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    missing = numbers([entry(entry(font, "/FontDescriptor"), "/MissingWidth")])
    return LetterWidths(of_code, scale * missing[0] if missing and missing[0] else USUAL_WIDTH)


def _standard_widths(name: str) -> LetterWidths:
    if "Courier" in name:
        return LetterWidths({}, COURIER_WIDTH)
    share = (TIMES_SHARE if "Times" in name else 1.0) * (BOLD_SHARE if "Bold" in name else 1.0)
    of_code = {letter.encode("cp1252")[0]: share * width for letter, width in WIDTHS.items()}
    return LetterWidths(of_code, share * OTHER_WIDTH)


def _composite_widths(font: Any) -> LetterWidths:
    descendants: Any = entry(font, "/DescendantFonts")
    inner: Any = resolved(descendants[0]) if isinstance(descendants, list) and descendants else None
    usual = numbers([entry(inner, "/DW")]) or [1000.0]
    listed: Any = entry(inner, "/W")
    items: list[Any] = [resolved(one) for one in listed[: 2 * MAX_CODES]] if isinstance(listed, list) else []
    of_code: dict[int, float] = {}
    at = 0
    while at + 1 < len(items) and len(of_code) < MAX_CODES:  # 'first [width width ...]' or 'first last width'
        first, then = numbers([items[at]]), items[at + 1]
        if isinstance(then, list):
            given = [numbers([resolved(one)]) or usual for one in then[:MAX_CODES]]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            at += 2
        else:
            last, width = numbers([then]), numbers(items[at + 2 : at + 3]) or usual
            given = [width] * min(int(last[0] - first[0]) + 1, MAX_CODES) if first and last else []
            at += 3
        if first:
            of_code.update((int(first[0]) + n, width[0] / 1000) for n, width in enumerate(given))
    return LetterWidths(of_code, usual[0] / 1000, num_bytes=2)
