"""A stage's report as Dagster shows it: sentence, numbers, tables, plots. Nothing is computed here."""

import base64
import io
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from assets.shown import Shown
from latamgpt.commands.tables import ID_CHARS, ID_COLUMNS
from latamgpt.records import Cell, Curve, Report, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWING = threading.Lock()
ROWS_SHOWN = 60
BARS_SHOWN = 25
METRICS_SHOWN = 80
METRIC_DIGITS = 6
CURVES_PER_PLOT = 16
BAR_COLORS = ("#2a6f97", "#e09f3e", "#8ab17d", "#9b2226")


def report_metadata(report: Report, shown: Shown) -> dict[str, dg.MetadataValue]:
    """Everything of a report that a person wants to see beside the asset."""
    view: dict[str, dg.MetadataValue] = {"summary": dg.MetadataValue.md(report.summary)}
    for name, count in sorted(report.counts.items()):
        view[f"count/{name}"] = dg.MetadataValue.int(count)
    for name, label, *values in shown.bars:
        table = next((t for t in report.tables if t.name == name and {label, *values} <= set(t.columns)), None)
        if table is not None and table.rows:
            view[f"plot/{name}"] = dg.MetadataValue.md(picture(f"{name}: {', '.join(values)}", draw_bars(table, label, values)))
    if shown.curves and report.curves:
        for axis in dict.fromkeys(curve.y_label for curve in report.curves):
            lines = [curve for curve in report.curves if curve.y_label == axis]
            view[f"plot/{axis}"] = dg.MetadataValue.md(picture(axis, draw_lines(lines)))
    view |= tables_metadata(report)
    if report.expectations:
        view["expectations"] = dg.MetadataValue.md(table_markdown(expectation_table(report)))
    for name, value in sorted(report.metrics.items())[:METRICS_SHOWN]:
        view[f"metric/{name}"] = dg.MetadataValue.float(float(f"{value:.{METRIC_DIGITS}g}"))
    return view


def tables_metadata(report: Report) -> dict[str, dg.MetadataValue]:
    """A report's tables, by their names."""
    return {f"table/{table.name}": dg.MetadataValue.md(table_markdown(table)) for table in report.tables}


def table_markdown(table: Table) -> str:
    """A table as Markdown, cut to what a page can hold; numbers stand to the right, ids are their first digits."""
    if not table.rows:
        return "none"
    marks = "".join("---:|" if _is_of_numbers(table, at) else "---|" for at in range(len(table.columns)))
    head = f"| {' | '.join(table.columns)} |\n|{marks}\n"
    ids = [name in ID_COLUMNS for name in table.columns]
    cells = (
        [cell_text(one)[: ID_CHARS if cut else None] for one, cut in zip(row, ids, strict=True)]
        for row in table.rows[:ROWS_SHOWN]
    )
    rows = "\n".join(f"| {' | '.join(row)} |" for row in cells)
    rest = len(table.rows) - ROWS_SHOWN
    return head + rows + (f"\n\nand {rest:,} more rows in report.json" if rest > 0 else "")


def cell_text(cell: Cell) -> str:
    """A value as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.4g}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell).replace("|", "\\|")


def _is_of_numbers(table: Table, at: int) -> bool:
    cells = [row[at] for row in table.rows if row[at] is not None]
    return bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


def expectation_table(report: Report) -> Table:
    """A gate's expectations as a table, the failed ones first."""
    rows = sorted(report.expectations, key=lambda e: (e.passed, e.severity))
    return Table(
        name="expectations",
        columns=("passed", "severity", "expectation", "arguments", "observed"),
        rows=tuple(("yes" if e.passed else "NO", str(e.severity), e.kind, _arguments(e.arguments), e.observed) for e in rows),
    )


def picture(title: str, png: bytes) -> str:
    """An image inside Markdown, which is the one way to show a plot in Dagster."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"


def draw_bars(table: Table, label: str, values: Sequence[str]) -> bytes:
    """A bar of each value for each row, the rows longest by the last value on top."""
    at, columns = table.columns.index(label), [table.columns.index(value) for value in values]
    totals: dict[str, list[float]] = {}
    for row in table.rows:  # a label may have several rows: one reason, many partners
        before = totals.get(str(row[at]), [0.0] * len(columns))
        totals[str(row[at])] = [total + float(row[of] or 0) for total, of in zip(before, columns, strict=True)]
    rows = sorted(totals.items(), key=lambda r: (r[1][-1], r[0]))[-BARS_SHOWN:]
    thickness = 0.8 / len(values)
    with _figure(0.5 + 0.22 * len(rows) * max(1, len(values) / 2)) as figure:
        axes = figure.subplots()
        for number, (value, color) in enumerate(zip(values, BAR_COLORS, strict=False)):
            places = [place + 0.4 - (number + 0.5) * thickness for place in range(len(rows))]
            axes.barh(places, [numbers[number] for _, numbers in rows], thickness, color=color, label=value)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        if len(values) == 1:
            axes.set_xlabel(values[0])
        else:
            axes.legend(fontsize="small")
        return _png(figure)


def draw_lines(curves: Sequence[Curve]) -> bytes:
    """Curves that share a y axis in one plot."""
    with _figure(3.2) as figure:
        axes = figure.subplots()
        for curve in curves[:CURVES_PER_PLOT]:
            axes.plot(curve.x, curve.y, label=curve.name)
        axes.set_xlabel(curves[0].x_label)
        axes.set_ylabel(curves[0].y_label)
        axes.legend(fontsize="small")
        return _png(figure)


@contextmanager
def _figure(height: float) -> Generator["Figure"]:
    """One figure at a time: steps run in threads, and matplotlib keeps state that they would share."""
    with DRAWING:
        from matplotlib.figure import Figure  # noqa: PLC0415  (0.6 s that only a shown plot needs)

        yield Figure(figsize=(6, height), layout="constrained")


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()


def _arguments(arguments: Mapping[str, Cell | list[Cell]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(arguments.items()))
