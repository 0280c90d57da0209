"""The same figures as a picture: pipelines, kernels beside the limits, and growth."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.curation_bench.kernel_runs import LIMIT, OURS, KernelRun
from scripts.curation_bench.report import Measured
from scripts.curation_bench.systems import PipelineRun, median_cpu_seconds

OWN_COLOUR, PEER_COLOUR, LIMIT_COLOUR = "#0b6e4f", "#8a8d91", "#c8553d"
SPEED = "MB per CPU second"


def draw(measured: Measured, path: Path) -> None:
    """Write the picture as SVG."""
    mpl.rcParams["svg.hashsalt"] = "curation"
    figure = Figure(figsize=(13, 8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.4), squeeze=True)
    upper, lower = left.inset_axes((0, 0.58, 1, 0.42)), left.inset_axes((0, 0, 1, 0.42))
    left.set_axis_off()
    draw_pipelines(upper, measured.pipelines)
    draw_growth(lower, [*measured.growing, *measured.pipelines])
    draw_kernels(right, measured.kernels)
    figure.savefig(path, format="svg", metadata={"Date": None})


def colour(system: str) -> str:
    """Ours stand out."""
    return OWN_COLOUR if system.startswith(OURS) else PEER_COLOUR


def draw_pipelines(axes: Axes, runs: Sequence[PipelineRun]) -> None:
    """A bar per system, from zero."""
    names = list(dict.fromkeys(run.system for run in runs))
    size = runs[0].num_bytes / 1e6
    speeds = [size / median_cpu_seconds(runs, name) for name in names]
    bars = axes.barh(range(len(names)), speeds, color=[colour(name) for name in names])
    axes.set_yticks(range(len(names)), names)
    axes.bar_label(bars, [f"{speed:.2f}" for speed in speeds], padding=3)
    axes.set(xlabel=SPEED, title="From raw text to token shards", xlim=(0, 1.2 * max(speeds)))
    axes.invert_yaxis()


def draw_growth(axes: Axes, runs: Sequence[PipelineRun]) -> None:
    """CPU seconds by size, a line per system measured at several sizes."""
    axes.set(xscale="log", yscale="log", xlabel="MB of raw text", ylabel="CPU seconds", title="Growth")
    sizes = sorted({run.num_bytes for run in runs})
    for name in dict.fromkeys(run.system for run in runs):
        own = [[run for run in runs if run.system == name and run.num_bytes == size] for size in sizes]
        if all(own):
            seconds = [median_cpu_seconds(of_size, name) for of_size in own]
            axes.plot([size / 1e6 for size in sizes], seconds, marker="o", color=colour(name), label=name)
    axes.set_xticks([size / 1e6 for size in sizes], [f"{size / 1e6:.1f}" for size in sizes], minor=False)
    axes.xaxis.set_minor_formatter("")
    axes.legend(frameon=False)


def draw_kernels(axes: Axes, runs: Sequence[KernelRun]) -> None:
    """A row per kernel and system; the limits as lines."""
    shown = [run for run in runs if run.kernel != LIMIT and run.mb_per_cpu_second]
    kernels = list(dict.fromkeys(run.kernel for run in shown))
    shown.sort(key=lambda run: (kernels.index(run.kernel), -run.mb_per_cpu_second))
    rows = range(len(shown))
    speeds = [run.mb_per_cpu_second for run in shown]
    axes.set(xscale="log", xlabel=SPEED, title="Kernels, and the machine's limits")
    axes.scatter(speeds, rows, color=[colour(run.system) for run in shown], zorder=3)
    axes.set_yticks(rows, [f"{run.kernel}: {run.system}" for run in shown])
    limits = sorted((run for run in runs if run.kernel == LIMIT), key=lambda run: run.mb_per_cpu_second)
    for run, style in zip(limits, cycle(("-", "--", "-.", ":")), strict=False):
        axes.axvline(run.mb_per_cpu_second, color=LIMIT_COLOUR, linestyle=style, linewidth=1, label=run.system)
    axes.legend(loc="upper center", bbox_to_anchor=(0.3, -0.07), ncols=4, frameon=False)
    axes.grid(color="#dddddd")
    axes.invert_yaxis()
