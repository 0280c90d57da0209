"""The text of a page of a PDF: what its readers see, column after column, and all that it holds."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from latamgpt.intake.hidden_in_pdf import hidden_strings
from latamgpt.intake.page_columns import MIN_COLUMN_WORDS, MIN_LINES
from latamgpt.intake.pdf_columns import reading_order
from latamgpt.intake.pdf_painting import SHOWS, Painting
from latamgpt.intake.pdf_runs import Run

if TYPE_CHECKING:
    import pypdf

MIN_GOING_ON = 0.25  # of a column's lines, that begin in a small letter: those of a table's cells and of lists do not


def read_page(page: "pypdf.PageObject", layers_off: frozenset[int]) -> tuple[str, str]:
    """The text that a page's readers see, and all that it holds; the same, but where some is hidden or columns are untangled."""
    painting = Painting(page, layers_off)
    with _read_once(page):
        whole = page.extract_text(visitor_operand_before=painting.before, visitor_operand_after=painting.after)
        hidden = hidden_strings(painting, page)
        runs = [run for run in painting.runs if run.show not in hidden] if hidden else painting.runs
        pieces = reading_order(runs)
        texts = [_text_of(page, piece.runs) for piece in pieces] if len(pieces) > 1 else []
        if texts and all(_is_prose(text) for piece, text in zip(pieces, texts, strict=True) if piece.is_column):
            return "\n".join(text for text in texts if text), whole
        return (_text_without(page, hidden) if hidden else whole), whole


@contextmanager
def _read_once(page: "pypdf.PageObject") -> Generator[None]:
    """The page's operators are parsed for the first reading and kept for the next: parsing is half of what a reading costs."""
    from pypdf.generic import ContentStream, NameObject

    name = NameObject("/Contents")
    before = page.raw_get(name)
    page[name] = ContentStream(before.get_object(), page.pdf, "bytes")  # as pypdf itself asks for it
    try:
        yield
    finally:
        page[name] = before


def _text_of(page: "pypdf.PageObject", runs: Sequence[Run]) -> str:
    """The text of some of a page's strings, in the order in which they were drawn."""
    kept: dict[int, set[int]] = {}
    for run in runs:
        kept.setdefault(run.show, set()).update(run.parts)
    text = _extract(page, lambda number, shown: _only(shown, kept.get(number, set())))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _text_without(page: "pypdf.PageObject", hidden: frozenset[int]) -> str:
    return _extract(page, lambda number, shown: _only(shown, set()) if number in hidden else shown)


def _only(shown: Any, parts: set[int]) -> Any:
    if not isinstance(shown, list):
        return shown if parts else b""
    if len(parts) == len(shown):  # pyright: ignore[reportUnknownArgumentType]
        return shown
    some = [b"" if isinstance(one, (str, bytes)) and n not in parts else one for n, one in enumerate(shown)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return type(shown)(some)  # pyright: ignore[reportUnknownVariableType]


def _extract(page: "pypdf.PageObject", changed: Callable[[int, Any], Any]) -> str:
    """The page's text with what its operators show replaced; afterwards the operators are as they were."""
    number = -1
    original: Any = None

    def before(operator: bytes, operands: list[Any], _: object, __: object) -> None:
        nonlocal number, original
        if operator in SHOWS:
            number += 1
            if operands:
                original = operands[-1]
                operands[-1] = changed(number, original)

    def after(operator: bytes, operands: list[Any], _: object, __: object) -> None:
        if operator in SHOWS and operands:
            operands[-1] = original

    return page.extract_text(visitor_operand_before=before, visitor_operand_after=after)


def _is_prose(text: str) -> bool:
    lines = text.split("\n")
    goes_on = sum(line[:1].islower() for line in lines)
    num_words = sum(len(line.split()) for line in lines)
    return len(lines) >= MIN_LINES - 1 and num_words >= MIN_COLUMN_WORDS * len(lines) and goes_on >= MIN_GOING_ON * len(lines)
