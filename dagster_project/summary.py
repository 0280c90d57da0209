"""What `make run` says: lines as it goes, and at the end where the result lies, how it scored, what comes next."""

import sys

from rich.console import Console
from rich.table import Table as RichTable

from assets.report_view import cell_text
from latamgpt.params import Params
from latamgpt.records import Table
from latamgpt.release.approval import why_no_sample
from latamgpt.store import Workspace

LINE_CHARS = 120  # where there is no terminal to ask
LEFT_OUT = ("base", "candidate", "detectable", "items")  # the page has them, and the rest fits a terminal of 80 characters


def say(line: str) -> None:
    """A line on standard error; on a terminal broken between words, but for what is indented: a command to copy."""
    if not sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)  # noqa: T201
        return
    console = Console(stderr=True, highlight=False)
    for part in line.split("\n"):
        console.print(part, markup=False, soft_wrap=part.startswith(" "))


def show_summary(workspace: Workspace, *, released: bool, seconds: float) -> None:
    """The scorecard, where the result lies, and how to look at all of it."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LINE_CHARS)
    report = workspace.report("scorecard")
    console.print(report.summary, markup=False)
    for table in report.tables:
        if table.name == "scorecard":
            console.print(scorecard_table(table))
    place = workspace.place("release" if released else "release_candidate").relative_to(workspace.root)
    console.print(f"the {'release' if released else 'candidate'} lies in {place} ({seconds:.0f} s)")
    console.print("see it all in the browser: make ui")


def scorecard_table(table: Table) -> RichTable:
    """The scorecard without frames."""
    shown = RichTable(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    kept = [position for position, column in enumerate(table.columns) if column not in LEFT_OUT]
    for position in kept:
        shown.add_column(table.columns[position], no_wrap=True, justify="right" if position else "left")
    for row in table.rows:
        shown.add_row(*(cell_text(row[position]) for position in kept))
    return shown


def next_step(workspace: Workspace, params: Params) -> str:
    """Why a candidate was not approved by itself, and how a person approves it."""
    why = why_no_sample(workspace, params.partners)
    name = params.release_candidate.name
    return (
        f"the candidate waits for a reviewer: {why}. Nothing was approved or released. Read its cards and compare the runs "
        "(make ui), then\n"
        '  latamgpt approve --reviewer "YOUR NAME" --role "YOUR ROLE" --statement "WHAT YOU LOOKED AT" && make run\n'
        f"or set the alias 'approved' on its version of {name} in MLflow (docs/orchestration.md says how)."
    )
