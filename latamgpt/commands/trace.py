"""`latamgpt trace`: what a document, a partner's or an agreement's texts touched, and what undoing it would cost."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers
from latamgpt.params import read_params
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.receipts.trace import Trace

STEPS_SHOWN = 12


def add(parsers: Parsers) -> None:
    """Add `trace`."""
    parser = parsers.add_parser(
        "trace",
        help="follow documents to shards, steps, checkpoint, releases and recipients, and price the remedies",
        description="Follow documents of the corpus to all that they touched. Nothing is changed.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--document", metavar="DOC_ID", default="", help="one document, by its id or the first digits of it")
    what.add_argument("--partner", metavar="P", default="", help="all documents of a partner")
    what.add_argument("--agreement", metavar="A", default="", help="all documents under an agreement")
    parser.add_argument("--json", action="store_true", help="print the whole record, with every token range")
    parser.set_defaults(command=_trace)


def _trace(options: argparse.Namespace) -> int:
    from latamgpt.receipts.trace import Wanted, trace

    workspace = find_workspace(Path.cwd())
    wanted = Wanted(options.document.strip().lower(), options.partner.strip(), options.agreement.strip())
    found = trace(workspace, read_params(workspace.root), wanted)
    print(found.model_dump_json(indent=2) if options.json else "\n".join(lines_of(found)))
    return 0


def lines_of(found: "Trace") -> list[str]:
    """A trace as a table for a terminal."""
    trained = [document for document in found.documents if document.seen]
    return [
        f"{len(found.documents):,} documents in the corpus, {len(trained):,} of them trained on, "
        f"{sum(document.held_out for document in found.documents):,} held out",
        *(
            f"  {d.doc_id[:12]}  {d.partner}/{d.delivery}/{d.path}  {sum(s.end - s.start for s in d.seen):,} tokens seen in "
            f"steps {_steps(sorted({s.step for s in d.seen}))}"
            for d in trained
        ),
        *touched(found),
    ]


def touched(found: "Trace") -> list[str]:
    """What documents touched together, and the remedies, a line each."""
    ranges = [one for document in found.documents for one in document.seen]
    lines = [
        f"shards      {len({one.shard for one in ranges}):,}: {len({(one.shard, one.row) for one in ranges}):,} rows, "
        f"{len(ranges):,} token ranges",
        f"steps       {_steps(found.steps)} of {found.num_steps:,}; {found.num_tokens_seen:,} tokens seen",
        f"checkpoint  {found.checkpoint[:12] or 'none'}",
    ]
    for release in found.releases:
        copies = "; ".join(f"{one.name} ({one.address})" for one in release.recipients) or "no copy on record"
        lines.append(f"{release.stage:18} {release.release}, manifest {release.manifest[:12]}: {copies}")
    for remedy in found.remedies:
        price = f"{remedy.num_steps:,} steps, {remedy.num_tokens:,} tokens, {remedy.accelerator_hours:,.2f} hours, "
        lines.append(
            f"{remedy.name:22} {price + f'US$ {remedy.us_dollars:,.2f}' if remedy.num_steps else 'US$ 0.00'}"
            f"{'' if remedy.possible else ', not possible'}: {remedy.explanation}"
        )
    return lines


def _steps(steps: "list[int] | tuple[int, ...]") -> str:
    shown = ", ".join(str(step + 1) for step in steps[:STEPS_SHOWN])
    more = len(steps) - STEPS_SHOWN
    return (f"{shown} and {more:,} more" if more > 0 else shown) or "none"
