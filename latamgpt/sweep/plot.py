"""A sweep as one picture: for each rung what new text gained and old text lost over the replay share, measured and fitted."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from latamgpt.sweep.fit import RungFit, SweepFit
from latamgpt.sweep.law import Law
from latamgpt.sweep.results import Domain, TrialResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#2a6f97", "#e09f3e", "#9b2226", "#8ab17d", "#5e548e", "#6c757d")
POINTS = 60


def draw(fit: SweepFit, results: Sequence[TrialResult]) -> bytes:
    """A PNG: a row per rung, new on the left, old on the right; dots are trials, lines the rule, a star what is proposed."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (0.6 s that only a plot needs)

    figure = Figure(figsize=(9, 3.4 * len(fit.rungs)), layout="constrained")
    rows = figure.subplots(len(fit.rungs), 2, squeeze=False)
    for (left, right), rung in zip(rows, fit.rungs, strict=True):
        mine = [one for one in results if one.rung == rung.rung]
        for axes, domain, law in ((left, Domain.NEW, rung.new), (right, Domain.OLD, rung.old)):
            _draw_domain(axes, rung, domain, law, mine)
        right.axhline(100 * fit.max_forgetting, color="black", linewidth=0.8, linestyle=":")
        left.set_ylabel(f"{rung.rung}: bits per byte, % of the base's")
        left.legend(fontsize="small", title="learning rate")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
    return buffer.getvalue()


def _draw_domain(axes: "Axes", rung: RungFit, domain: Domain, law: Law | None, results: Sequence[TrialResult]) -> None:
    shares = np.linspace(*rung.replay_shares, POINTS)
    for number, rate in enumerate(sorted({one.learning_rate for one in results})):
        color = COLORS[number % len(COLORS)]
        trials = [one for one in results if one.learning_rate == rate]
        changes = [100 * float(np.expm1(one.mean_change(domain))) for one in trials]
        axes.plot([one.replay_share for one in trials], changes, "o", color=color, label=f"{rate:g}")
        if law:
            own = shares if domain is Domain.OLD else 1 - shares
            axes.plot(shares, 100 * np.expm1(law.predict(np.full_like(shares, rate), own)), color=color)
    if rung.proposal:
        found = rung.proposal.old if domain is Domain.OLD else rung.proposal.new
        axes.plot([rung.proposal.replay_share], [100 * found.value], "*", color="black", markersize=12)
    axes.set_title("what the base knew" if domain is Domain.OLD else "the region's languages")
    axes.set_xlabel("replay share")
