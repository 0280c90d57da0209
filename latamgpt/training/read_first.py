"""One page of a training that a reviewer reads first: what each language gained or lost, and how smoothly it went.

The same history gives the same bytes; only the goodput is of the clock.
"""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latamgpt.training.resume import EvaluatedStep, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "read_first.html"
LINE, BEFORE, AFTER = "#1f4e79", "#9aa5b1", "#1f4e79"
STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse}td,th{padding:.15rem .8rem;text-align:left;border-bottom:1px solid #d8dee4}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}h1{font-size:1.3rem}"
    "h2{font-size:1rem;margin-top:2rem}"
)


@dataclass(frozen=True)
class LanguageChange:
    """Bits per byte of one language's held-out text, before any step and after the last that was measured."""

    language: str
    before: float
    after: float

    @property
    def share(self) -> float:
        """Relative change; below 0 is better."""
        return self.after / self.before - 1


def read_first(name: str, facts: dict[str, str], history: History, goodput: Sequence[tuple[int, float]]) -> bytes:
    """The page, as HTML that needs nothing else; `goodput` is a share against tokens seen."""
    changes = language_changes(history.evaluations)
    rows = "".join(
        f"<tr><td>{html.escape(each.language)}</td><td class=n>{each.before:.4f}</td><td class=n>{each.after:.4f}</td>"
        f"<td class=n>{each.share:+.2%}</td></tr>"
        for each in changes
    )
    known = "".join(f"<tr><th>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>" for key, value in sorted(facts.items()))
    page = (
        f"<!doctype html><meta charset=utf-8><title>{html.escape(name)}</title><style>{STYLE}</style>"
        f"<h1>{html.escape(name)}</h1><p>{html.escape(summary(history, changes, goodput))}</p>"
        f"{_charts(history, changes, goodput)}"
        "<h2>Held-out bits per byte, fewer are better</h2><table><tr><th>language<th>before<th>after<th>change</tr>"
        f"{rows}</table><h2>What was trained, on what, where</h2><table>{known}</table>\n"
    )
    return page.encode()


def language_changes(evaluations: Sequence[EvaluatedStep]) -> list[LanguageChange]:
    """Every language's first and last value, what was gained most first."""
    if not evaluations:
        return []
    after = {each.language: each.bits_per_byte for each in evaluations[-1].languages}
    changes = [LanguageChange(each.language, each.bits_per_byte, after[each.language]) for each in evaluations[0].languages]
    return sorted(changes, key=lambda each: (each.share, each.language))


def summary(history: History, changes: Sequence[LanguageChange], goodput: Sequence[tuple[int, float]]) -> str:
    """The page in two or three sentences."""
    if not history.steps:
        return "No step was finished."
    first, last = history.steps[0], history.steps[-1]
    said = [f"{last.tokens:,} tokens in {len(history.steps):,} steps: loss {first.loss:.3f} to {last.loss:.3f} nats per token."]
    if changes:
        better, best, worst = sum(each.share < 0 for each in changes), changes[0], changes[-1]
        said.append(
            f"Fewer bits per byte in {better} of {len(changes)} languages: best {best.language} ({best.share:+.1%}), "
            f"worst {worst.language} ({worst.share:+.1%})."
        )
    if goodput:
        said.append(f"{goodput[-1][1]:.0%} of the time since the first start went into steps that count (goodput).")
    return " ".join(said)


def _charts(history: History, changes: Sequence[LanguageChange], goodput: Sequence[tuple[int, float]]) -> str:
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    tokens = [step.tokens for step in history.steps]
    fixed: Any = {
        "svg.hashsalt": NAME,
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(fixed):
        figure = Figure(figsize=(12, 6.6 + 0.12 * len(changes)), layout="constrained")
        axes = figure.subplots(2, 3)
        _line(axes[0, 0], "loss, nats per token", tokens, [step.loss for step in history.steps])
        _languages(axes[0, 1], history.evaluations)
        _before_and_after(axes[0, 2], changes)
        _line(axes[1, 0], "gradient norm", tokens, [step.grad_norm for step in history.steps])
        _line(axes[1, 1], "learning rate", tokens, [step.learning_rate for step in history.steps])
        _line(axes[1, 2], "goodput, share of wall time", [at for at, _ in goodput], [share for _, share in goodput])
        axes[1, 2].set_ylim(0, 1)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue().partition("?>")[2].partition(">")[2]  # without XML's prologue and its doctype


def _line(axes: "Axes", title: str, tokens: Sequence[int], values: Sequence[float]) -> None:
    axes.plot(tokens, values, color=LINE, linewidth=1.2, marker="." if len(tokens) < 2 else "")
    axes.set_title(title, loc="left")
    _count_tokens(axes)


def _count_tokens(axes: "Axes") -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator  # noqa: PLC0415

    axes.set_xlabel("tokens seen")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _languages(axes: "Axes", evaluations: Sequence[EvaluatedStep]) -> None:
    axes.set_title("bits per byte against before", loc="left")
    _count_tokens(axes)
    axes.axhline(0, color=BEFORE, linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:+.1%}")
    before = {each.language: each.bits_per_byte for each in evaluations[0].languages} if evaluations else {}
    for number, (language, start) in enumerate(sorted(before.items())):
        found = [
            (e.tokens, each.bits_per_byte / start - 1) for e in evaluations for each in e.languages if each.language == language
        ]
        style = ("-", "--", ":")[number // 10 % 3]
        axes.plot(*zip(*found, strict=True), style, color=f"C{number % 10}", linewidth=1.2, label=language)
    if before:
        axes.legend(fontsize=7, ncols=1 + len(before) // 8, frameon=False)


def _before_and_after(axes: "Axes", changes: Sequence[LanguageChange]) -> None:
    axes.set_title("bits per byte, before (grey) and after", loc="left")
    places = list(range(len(changes)))[::-1]
    axes.hlines(places, [each.before for each in changes], [each.after for each in changes], color=BEFORE)
    axes.plot([each.before for each in changes], places, "o", color=BEFORE, markersize=4)
    axes.plot([each.after for each in changes], places, "o", color=AFTER, markersize=5)
    axes.set_yticks(places, [each.language for each in changes])
