"""A stage's report as Dagster shows it: sentence, numbers, tables, plots. Nothing is computed here."""

import base64
import io
from collections.abc import Mapping, Sequence

import dagster as dg

from assets.shown import Shown
from latamgpt.records import Cell, Curve, Report, Table

ROWS_SHOWN = 60
BARS_SHOWN = 25
METRICS_SHOWN = 80
CURVES_PER_PLOT = 8


def report_metadata(report: Report, shown: Shown) -> dict[str, dg.MetadataValue]:
    """Everything of a report that a person wants to see beside the asset."""
    view: dict[str, dg.MetadataValue] = {"summary": dg.MetadataValue.md(report.summary)}
    for name, count in sorted(report.counts.items()):
        view[f"count/{name}"] = dg.MetadataValue.int(count)
    for name, value in sorted(report.metrics.items())[:METRICS_SHOWN]:
        view[f"metric/{name}"] = dg.MetadataValue.float(value)
    for table in report.tables:
        view[f"table/{table.name}"] = dg.MetadataValue.md(table_markdown(table))
    for name, label, value in shown.bars:
        table = next((t for t in report.tables if t.name == name and {label, value} <= set(t.columns)), None)
        if table is not None and table.rows:
            view[f"plot/{name}"] = dg.MetadataValue.md(picture(f"{name}: {value}", draw_bars(table, label, value)))
    if shown.curves and report.curves:
        for axis in dict.fromkeys(curve.y_label for curve in report.curves):
            lines = [curve for curve in report.curves if curve.y_label == axis]
            view[f"plot/{axis}"] = dg.MetadataValue.md(picture(axis, draw_lines(lines)))
    return view


def table_markdown(table: Table) -> str:
    """A table as Markdown, cut to what a page can hold."""
    head = f"| {' | '.join(table.columns)} |\n|{'---|' * len(table.columns)}\n"
    rows = "\n".join(f"| {' | '.join(cell_text(cell) for cell in row)} |" for row in table.rows[:ROWS_SHOWN])
    rest = len(table.rows) - ROWS_SHOWN
    return head + rows + (f"\n\nand {rest:,} more rows in report.json" if rest > 0 else "")


def cell_text(cell: Cell) -> str:
    """A value as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.4g}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell).replace("|", "\\|")


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


def draw_bars(table: Table, label: str, value: str) -> bytes:
    """A bar for each row, the longest on top."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (0.6 s that only a shown plot needs)

    at, of = table.columns.index(label), table.columns.index(value)
    rows = sorted(((str(row[at]), float(row[of] or 0)) for row in table.rows), key=lambda r: (r[1], r[0]))[-BARS_SHOWN:]
    figure = Figure(figsize=(6, 0.5 + 0.22 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.barh([name for name, _ in rows], [number for _, number in rows], color="#2a6f97")
    axes.set_xlabel(value)
    return _png(figure)


def draw_lines(curves: Sequence[Curve]) -> bytes:
    """Curves that share a y axis in one plot."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    for curve in curves[:CURVES_PER_PLOT]:
        axes.plot(curve.x, curve.y, label=curve.name)
    axes.set_xlabel(curves[0].x_label)
    axes.set_ylabel(curves[0].y_label)
    axes.legend(fontsize="small")
    return _png(figure)


def _png(figure: object) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)  # pyright: ignore[reportAttributeAccessIssue]
    return buffer.getvalue()


def _arguments(arguments: Mapping[str, Cell | list[Cell]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(arguments.items()))
