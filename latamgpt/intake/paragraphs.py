"""Putting a text together from a tree of elements: paragraphs, lines of verse, rows of tables, footnotes."""

from latamgpt.intake.line_ends import HYPHENS, SOFT_HYPHEN

BROKEN_LINE = "\x01"
"""In a text that was put together: where a line of the print ends with a hyphen. No XML holds this character."""


class Paragraphs:
    """A text being put together. White space runs together, as in HTML; a line of verse stays a line."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._line: list[str] = []
        self._cells: list[str] = []
        self._rows: list[str] = []
        self._cell_depth = 0
        self._label = ""
        self._notes: list[str] = []

    def words(self, text: str | None) -> None:
        """Go on with the paragraph."""
        if text:
            self._line.append(text.replace("\n", " "))

    def label(self, mark: str) -> None:
        """What stands before the next words, such as a list item's dash, whatever paragraph they begin."""
        self._label = mark

    def new_line(self) -> None:
        """A line break inside of a paragraph, as between verses."""
        self._line.append("\n")

    def end_printed_line(self) -> None:
        """A line of the print ends, which is a space; after a hyphen it is marked, for whoever knows whose the hyphen is."""
        last = next((piece for piece in reversed(self._line[-4:]) if piece.strip()), "")
        self._line.append(BROKEN_LINE if last.rstrip().endswith(tuple(HYPHENS + SOFT_HYPHEN)) else " ")

    def join(self) -> None:
        """The word goes on with what follows: white space and a hyphen before this point are those of a line's end."""
        before = "".join(self._line).rstrip().rstrip("-¬‐\u00ad")
        self._line = [before, "\0"]

    def end(self) -> None:
        """The paragraph ends; inside of a table's cell that is a space."""
        if self._cell_depth:
            self._line.append(" ")
        elif text := self._taken():
            self._done.append(self._label + text)
            self._label = ""

    def begin_cell(self) -> None:
        """A table's cell; a table inside of it becomes words of the cell."""
        if not self._cell_depth:
            self.end()
        self._cell_depth += 1

    def end_cell(self) -> None:
        """The cell ends."""
        self._cell_depth -= 1
        if self._cell_depth:
            self._line.append(" ")
        else:
            self._cells.append(self._taken().replace("\n", " "))

    def end_row(self) -> None:
        """The row ends: its cells stand on one line."""
        if not self._cell_depth:
            if any(self._cells):
                self._rows.append(" | ".join(self._cells))
            self._cells = []

    def end_table(self) -> None:
        """The table ends: its rows are one paragraph."""
        if not self._cell_depth:
            self.end_row()
            if self._rows:
                self._done.append("\n".join(self._rows))
            self._rows = []

    def note(self, mark: str, text: str) -> None:
        """A footnote: its mark stays where it stands, its text comes after all paragraphs."""
        label = f"[{mark.strip() or len(self._notes) + 1}]"
        self._line.append(label)
        self._notes.append(f"{label} {text}")

    def text(self) -> str:
        """All of it, with a blank line between paragraphs, the footnotes last."""
        self._cell_depth = 0
        self.end_table()
        self.end()
        return "\n\n".join([*self._done, *self._notes])

    def _taken(self) -> str:
        text = "".join(self._line)
        while "\0" in text:
            before, _, after = text.partition("\0")
            text = before + after.lstrip()
        self._line = []
        lines = [" ".join(line.split()) for line in text.split("\n")]
        return "\n".join(lines).strip("\n")
