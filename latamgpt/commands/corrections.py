"""`latamgpt corrections`: the pages of scans that wait for people, as a list and as a page to correct them on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers, add_actor
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.corrections.queue import Look

PORT = 5002
STATE_WORDS = {
    "changed": "read anew since it was corrected: look again",
    "waiting": "not used until it is corrected",
    "unsure": "used, and worth a look",
    "corrected": "corrected",
}


def add(parsers: Parsers) -> None:
    """Add `corrections list` and `corrections serve`."""
    corrections = parsers.add_parser("corrections", help="the pages of scans that wait for people who know the language")
    kinds = corrections.add_subparsers(required=True, metavar="WHAT")
    listed = kinds.add_parser("list", help="name the pages, and who corrected how many")
    listed.add_argument("--partner", default="", help="of one partner")
    listed.add_argument("--corrected", action="store_true", help="name the corrected pages too")
    listed.set_defaults(command=_list)
    serve = kinds.add_parser(
        "serve",
        help="open the page on which people correct",
        description="Serve the correction queue on 127.0.0.1 until Ctrl-C. A correction becomes part of its delivery when it is "
        "saved; the next run of the stage documents uses it.",
    )
    serve.add_argument("--port", type=int, default=PORT, help=f"{PORT} if not given; 0 for any free one")
    add_actor(serve)
    serve.set_defaults(command=_serve)


def _list(options: argparse.Namespace) -> int:
    from latamgpt.corrections.queue import Queue

    print("\n".join(lines_of(Queue(find_workspace(Path.cwd())).look(options.partner), with_corrected=options.corrected)))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from latamgpt.corrections.server import serve

    serve(find_workspace(Path.cwd()), options.port, options.actor, lambda line: print(line, flush=True))
    return 0


def lines_of(look: "Look", *, with_corrected: bool = False) -> list[str]:
    """The queue as a table for a terminal."""
    from collections import Counter

    from latamgpt.corrections.scan_page import State
    from latamgpt.custody.listing import aligned

    pages = [page for page in look.pages if with_corrected or page.state is not State.CORRECTED]
    rows = [("PARTNER", "DELIVERY", "SCAN", "PAGE", "LANGUAGE", "CONFIDENCE", "STATE")]
    for page in pages:
        read, state = page.read, STATE_WORDS[page.state]
        rows.append(
            (
                page.partner,
                page.delivery,
                _printable(page.scan),
                str(read.number),
                page.language,
                f"{read.confidence:.0f} of 100",
                state,
            )
        )
    credited = Counter(_printable(page.corrections[-1].corrector) for page in look.pages if page.state is State.CORRECTED)
    lines = aligned(rows) if pages else ["No page waits for a correction."]
    if credited:
        lines.append(
            f"Corrected: {sum(credited.values()):,} pages, by " + ", ".join(f"{n} ({c})" for n, c in sorted(credited.items()))
        )
    lines += [f"Not shown: {one.partner}/{one.delivery}: {one.reason}: {one.detail}" for one in look.not_shown]
    if pages:
        lines.append("Next: latamgpt corrections serve")
    return lines


def _printable(text: str) -> str:
    """Text that others wrote, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in text)
