"""`latamgpt runs`: send to MLflow what runs measured while it was away, and close those whose process is gone."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.store import find_workspace

WAITS = 1
"""The exit code where MLflow did not take all of it."""


def add(parsers: Parsers) -> None:
    """Add `runs`."""
    runs = parsers.add_parser("runs", help="what runs of this checkout measured, on its way to MLflow")
    verbs = runs.add_subparsers(required=True, metavar="WHAT")
    send = verbs.add_parser(
        "send",
        help="send what waits, and close runs whose process is gone",
        description="Send to MLflow what runs of this checkout measured while it was away, and close those whose process is "
        "gone. Every start of a run and of `make ui` does the same.",
    )
    send.set_defaults(command=_send)


def _send(_: argparse.Namespace) -> int:
    from latamgpt.tracking.sending import send_left
    from latamgpt.tracking.server import must_answer

    workspace = find_workspace(Path.cwd())
    must_answer(workspace)
    done = send_left(workspace)
    for key, sent in done:
        print(f"run {key}: " + (f"waits: {sent.problem}" if sent.problem else f"sent, in MLflow as {sent.run_id}"))
    if not done:
        print("nothing waits")
    return WAITS if any(sent.problem for _, sent in done) else 0
