"""The ledger for people: what is left of every funder's credits, what trainings took against their quotes, and both as plots."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.budget.funders import Funder
from latamgpt.budget.ledger import ENDS, LedgerEntry, left_of, lefts, trainings_of, under_way
from latamgpt.budget.quote import readable
from latamgpt.errors import OperatorError
from latamgpt.records import Curve, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SECONDS_PER_HOUR, SECONDS_PER_DAY = 3600, 86_400
FORMATS = (".svg", ".png", ".pdf")
USED_HOURS = "hours used"


def left_table(funders: Sequence[Funder], entries: Sequence[LedgerEntry]) -> Table:
    """Credits by funder: given, used and reserved, left."""
    left = left_of(funders, entries)
    reserved = left_of(funders, under_way(entries))
    rows = tuple(
        (
            each.name,
            each.unit,
            readable(each.credits),
            readable(reserved[each.id] - left[each.id]),
            readable(each.credits - reserved[each.id]),
            readable(left[each.id]),
            str(each.valid_until),
            ", ".join(each.sites),
        )
        for each in funders
    )
    return Table(
        name="credits", columns=("funder", "unit", "given", "used", "reserved", "left", "good until", "sites"), rows=rows
    )


def trainings_table(entries: Sequence[LedgerEntry]) -> Table:
    """Every training: quoted when it first started, used over all its attempts, and how many times the quote that is."""
    rows: list[tuple[str | float | int | None, ...]] = []
    for mine in trainings_of(entries):
        first = mine[0]
        used = [entry for entry in mine if entry.action in ENDS]
        hours, kwh = sum(e.amounts.accelerator_hours for e in used), sum(e.amounts.kwh for e in used)
        rows.append(
            (
                first.subject[:16],
                first.site,
                first.time[:10],
                len(used),
                first.amounts.accelerator_hours,
                hours,
                _ratio(hours, first.amounts.accelerator_hours),
                first.amounts.kwh,
                kwh,
                _ratio(kwh, first.amounts.kwh),
                "; ".join(_known_by(used)) if mine[-1].action in ENDS else "under way",
            )
        )
    columns = ("training", "site", "began", "attempts", "hours quoted", "used", "ratio", "kWh quoted", "kWh used", "kWh ratio")
    return Table(name="trainings", columns=(*columns, "known by"), rows=tuple(rows))


def reservations_table(entries: Sequence[LedgerEntry], now: datetime) -> Table:
    """Trainings that have not ended by this ledger, and what is kept for each, the oldest first."""
    rows = tuple(
        (
            entry.subject[:16],
            entry.site,
            entry.time[:16],
            round((now.timestamp() - _seconds(entry)) / SECONDS_PER_HOUR, 1),
            readable(entry.amounts.accelerator_hours),
            readable(entry.amounts.us_dollars),
            ", ".join(share.funder for share in entry.shares),
        )
        for entry in sorted(under_way(entries), key=_seconds)
    )
    columns = ("training", "site", "since", "age, hours", "accelerator hours", "US$", "of")
    return Table(name="open reservations", columns=columns, rows=rows)


def burn_down(funders: Sequence[Funder], entries: Sequence[LedgerEntry]) -> tuple[Curve, ...]:
    """What is left of every funder's credits, line by line of the ledger; and the hours that trainings took, added up.

    The x axis is days since the ledger's first line.
    """
    if not entries:
        return ()
    days = [(_seconds(entry) - _seconds(entries[0])) / SECONDS_PER_DAY for entry in entries]
    stands = list(lefts(funders, entries))
    curves = [
        _curve(f"{each.name}: {each.unit}", f"left, {each.unit}", (0.0, *days), [each.credits, *(s[each.id] for s in stands)])
        for each in funders
    ]
    used, total = [0.0], 0.0
    for entry in entries:
        total += entry.amounts.accelerator_hours if entry.action in ENDS else 0.0
        used.append(total)
    return (*curves, _curve("all trainings", USED_HOURS, (0.0, *days), used))


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Write the burn-down as a picture: one plot for each unit.

    Raises:
        OperatorError: the name ends in no format of pictures, or the ledger is empty.
    """
    if path.suffix not in FORMATS:
        raise OperatorError(
            f"{path} is no picture that can be drawn: its name must end in {', '.join(FORMATS)}. Nothing was written."
        )
    if not curves:
        raise OperatorError("the ledger is empty: no training was quoted at this site yet. There is nothing to draw.")
    axes = list(dict.fromkeys(curve.y_label for curve in curves))
    figure = _figure(len(axes))
    plots = figure.subplots(len(axes), sharex=True, squeeze=False)
    for plot, label in zip(plots[:, 0], axes, strict=True):
        for curve in (each for each in curves if each.y_label == label):
            plot.step(curve.x, curve.y, where="post", label=curve.name)
        plot.set_ylabel(label)
        plot.set_ylim(bottom=min(0.0, *plot.get_ylim()))
        plot.legend(fontsize="small")
    plots[-1, 0].set_xlabel(curves[0].x_label)
    try:
        figure.savefig(path)
    except OSError as error:
        raise OperatorError(f"{path} could not be written: {error.strerror}. Name another place.") from error


def _figure(num_plots: int) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415  (0.6 s that only a plot needs)

    return Figure(figsize=(7, 2.6 * num_plots), layout="constrained")


def _curve(name: str, y_label: str, x: Sequence[float], y: Sequence[float]) -> Curve:
    return Curve(name=name, x_label="days since the ledger's first line", y_label=y_label, x=tuple(x), y=tuple(y))


def _known_by(used: Sequence[LedgerEntry]) -> list[str]:
    return sorted({entry.energy for entry in used} | {entry.clock for entry in used if entry.clock})


def _seconds(entry: LedgerEntry) -> float:
    return datetime.fromisoformat(entry.time).timestamp()


def _ratio(used: float, quoted: float) -> float | None:
    return used / quoted if used and quoted else None
