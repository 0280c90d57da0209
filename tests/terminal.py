"""What a terminal of some width shows after some output: as much of its language as moving bars use, and no more."""

import re
from dataclasses import dataclass, field

BAR = "━"
PIECE = re.compile(
    r"\x1b\[(?P<number>\d*)(?:;\d+)*(?P<move>[mAK])|\x1b\[\?25(?P<cursor>[lh])|(?P<control>[\r\n])|(?P<text>[^\x00-\x1f])"
)


@dataclass
class Shown:
    """A terminal's lines, and where its cursor stands."""

    columns: int
    lines: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    cursor_is_shown: bool = True

    def feed(self, output: str) -> "Shown":
        """Take output in; a sequence that is not known is an error, and so is half a one."""
        at = 0
        while at < len(output):
            piece = PIECE.match(output, at)
            assert piece, f"unknown to this terminal: {output[at : at + 20]!r}"
            at = piece.end()
            self._take(piece)
        return self

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.rstrip() for line in self.lines)

    def _take(self, piece: re.Match[str]) -> None:
        if piece["text"]:
            self._write(piece["text"])
        elif piece["control"] == "\r":
            self.column = 0
        elif piece["control"] == "\n":
            self._down()
        elif piece["cursor"]:
            self.cursor_is_shown = piece["cursor"] == "h"
        elif piece["move"] == "A":
            self.row = max(0, self.row - int(piece["number"] or 1))
        elif piece["move"] == "K":
            assert piece["number"] == "2", "only whole lines are erased"
            self.lines[self.row] = ""

    def _write(self, letter: str) -> None:
        if self.column == self.columns:
            self._down()
            self.column = 0
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + letter + line[self.column + 1 :]
        self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")
