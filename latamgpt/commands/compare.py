"""`latamgpt compare`: two models that were measured, on the items that both were asked."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers
from latamgpt.commands.tables import table_lines, terminal_width
from latamgpt.errors import OperatorError
from latamgpt.records import Table
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.evaluation.comparison import Comparison

COLUMNS = ("measure", "group", "A", "B", "B - A", "low", "high", "detectable", "p Holm", "items", "result")


def add(parsers: Parsers) -> None:
    """Add `compare`."""
    compare = parsers.add_parser(
        "compare",
        help="two scorecards side by side: what B gained and lost against A, and where the test cannot tell",
        description="Compare two measured models item by item, with a scorecard's statistics: difference, interval, what is "
        "detectable, and Holm's correction. A and B are each a folder that holds a scorecard.json (data/scorecard, a release), "
        "such a file, or the id of a scorecard's run in MLflow. Of a run its own model is taken, else the candidate.",
    )
    compare.add_argument("a", metavar="A", help="the one that is compared with")
    compare.add_argument("b", metavar="B", help="the one that is compared")
    compare.add_argument("--model-a", default="", metavar="NAME", help="of A: base, candidate, or another name in its scorecard")
    compare.add_argument("--model-b", default="", metavar="NAME", help="of B: the same")
    compare.add_argument("--json", action="store_true", help="print every comparison as JSON instead of a table")
    compare.add_argument("--html", type=Path, metavar="PATH", help="write the page that a person reads, too")
    compare.add_argument("--lang", choices=("es", "pt", "en"), default="es", help="the page's language, es if not given")
    compare.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    from latamgpt.evaluation.comparison import compare_sides, read_side
    from latamgpt.params import read_params

    workspace = find_workspace(Path.cwd())
    params = read_params(workspace.root).scorecard
    sides = [
        read_side(workspace, letter, place, model)
        for letter, place, model in (("A", options.a, options.model_a), ("B", options.b, options.model_b))
    ]
    found = compare_sides(sides[0], sides[1], params)
    if options.html is not None:
        _write_page(options.html, found, options.lang)
    if options.json:
        print(found.model_dump_json(exclude={"scorecard": {"items"}}, indent=2))
        return 0
    _print(found)
    if options.html is not None:
        print(f"the page lies in {options.html}")
    return 0


def _print(found: "Comparison") -> None:
    from latamgpt.evaluation.page.lead import alpha_of
    from latamgpt.evaluation.page.meaning import SAID, judge

    scorecard = found.scorecard
    alpha = alpha_of(scorecard)
    print(f"{scorecard.base}\n{scorecard.candidate}")
    print(f"{found.num_both:,} items in both; {found.num_only_a:,} only in A, {found.num_only_b:,} only in B", end="")
    print(f", {found.num_changed:,} asked otherwise" if found.num_changed else "")
    for difference in found.differences:
        print(f"note: {difference}")
    rows = [
        (c.measure, c.group, c.base, c.candidate, c.difference, c.low, c.high, c.minimum_detectable, c.p_holm, c.num_items, said)
        for c in scorecard.cells
        for said in [SAID[judge(c, alpha)]]
    ]
    print()
    for line in table_lines(Table(name="comparison", columns=COLUMNS, rows=tuple(rows)), terminal_width()):
        print(line)


def _write_page(path: Path, found: "Comparison", lang: str) -> None:
    from latamgpt.evaluation.page.differing import wordings
    from latamgpt.evaluation.page.render import render
    from latamgpt.pages import Language

    page = render(found.scorecard, Language(lang), wordings(), compared=True)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written ({error.strerror}), so there is no page. Name a file in a folder that you may write to."
        ) from error
