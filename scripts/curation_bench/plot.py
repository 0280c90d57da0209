"""The same figures as a picture: pipelines, kernels beside the limits, and growth; all speeds on logarithmic axes."""

from collections.abc import Sequence
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


def draw_pipelines(axes: Axes, runs: Sequence[PipelineRun]) -> None:
    """A bar per system."""
    names = list(dict.fromkeys(run.system for run in runs))
    size = runs[0].num_bytes / 1e6
    speeds = [size / median_cpu_seconds(runs, name) for name in names]
    bars = axes.barh(range(len(names)), speeds, color=[OWN_COLOUR if name == OURS else PEER_COLOUR for name in names])
    axes.set_yticks(range(len(names)), names)
    axes.bar_label(bars, [f"{speed:.2f}" for speed in speeds], padding=3)
    axes.set(xscale="log", xlabel=SPEED, title="From raw text to token shards")
    axes.margins(x=0.2)
    axes.invert_yaxis()


def draw_growth(axes: Axes, runs: Sequence[PipelineRun]) -> None:
    """CPU seconds by size, a line per system measured at several sizes."""
    for name in dict.fromkeys(run.system for run in runs):
        own = [run for run in runs if run.system == name]
        sizes = sorted({run.num_bytes for run in own})
        seconds = [median_cpu_seconds([run for run in own if run.num_bytes == size], name) for size in sizes]
        colour = OWN_COLOUR if name == OURS else PEER_COLOUR
        axes.plot([size / 1e6 for size in sizes], seconds, marker="o", color=colour)
        axes.annotate(name, (sizes[-1] / 1e6, seconds[-1]), textcoords="offset points", xytext=(-4, 6), ha="right")
    axes.set(xscale="log", yscale="log", xlabel="MB of raw text", ylabel="CPU seconds", title="Growth")


def draw_kernels(axes: Axes, runs: Sequence[KernelRun]) -> None:
    """A row per kernel and system; the limits as lines."""
    shown = [run for run in runs if run.kernel != LIMIT and run.mb_per_cpu_second]
    kernels = list(dict.fromkeys(run.kernel for run in shown))
    shown.sort(key=lambda run: (kernels.index(run.kernel), -run.mb_per_cpu_second))
    rows = range(len(shown))
    colours = [OWN_COLOUR if run.system == OURS else PEER_COLOUR for run in shown]
    axes.barh(rows, [run.mb_per_cpu_second for run in shown], color=colours)
    axes.set_yticks(rows, [f"{run.kernel}: {run.system}" for run in shown])
    for run in runs:
        if run.kernel == LIMIT:
            axes.axvline(run.mb_per_cpu_second, color=LIMIT_COLOUR, linestyle=":")
            axes.annotate(run.system, (run.mb_per_cpu_second, len(shown) - 0.4), rotation=90, va="bottom", ha="right", fontsize=7)
    axes.set(xscale="log", xlabel=SPEED, title="Kernels, and the machine's limits (dotted)")
    axes.invert_yaxis()
