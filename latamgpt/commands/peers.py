"""`latamgpt peers`: other models that are asked what ours are asked, what that costs, and asking them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers
from latamgpt.commands.tables import table_lines, terminal_width
from latamgpt.errors import OperatorError
from latamgpt.records import Table
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.params import ScorecardParams


def add(parsers: Parsers) -> None:
    """Add `peers`."""
    peers = parsers.add_parser(
        "peers",
        help="ask other models, behind OpenAI-compatible endpoints, what ours are asked",
        description="The models of evaluation_peers/, each with its endpoint, prices and limit. docs/peers.md says what is sent "
        "and what is compared. Ask them before the stage scorecard, which shows them side by side with ours.",
    )
    verbs = peers.add_subparsers(required=True, metavar="WHAT")
    verbs.add_parser("list", help="the peers, and which were asked").set_defaults(command=_list)
    quote = verbs.add_parser("quote", help="what asking them would cost; sends nothing")
    quote.add_argument("--peer", default="", metavar="NAME", help="of this one alone")
    run = verbs.add_parser("run", help="ask a peer; a killed run goes on at the task that it was at")
    run.add_argument("--peer", required=True, metavar="NAME", help="of evaluation_peers/NAME.yaml")
    for verb, command in ((quote, _quote), (run, _run)):
        verb.add_argument("--questions", type=int, metavar="N", help="at most so many questions of each file")
        verb.set_defaults(command=command)


def _list(_: argparse.Namespace) -> int:
    from latamgpt.evaluation.peers.config import read_peers
    from latamgpt.evaluation.peers.results import read_result

    root = find_workspace(Path.cwd()).root
    rows: list[tuple[str | int | float, ...]] = []
    for peer in read_peers(root):
        found = read_result(root, peer.name)
        state = f"asked {len(found[1]):,} items until {found[0].last_day}, US$ {found[0].us_dollars:,.4f}" if found else "not run"
        rows.append((peer.name, peer.model, peer.protocol.value, state, peer.why_not or "ready"))
    _print(Table(name="peers", columns=("peer", "model", "protocol", "result", "now"), rows=tuple(rows)))
    return 0


def _quote(options: argparse.Namespace) -> int:
    from latamgpt.evaluation.peers.config import read_peer, read_peers
    from latamgpt.evaluation.peers.own_questions import tasks_for_peers
    from latamgpt.evaluation.peers.quote import quote

    root = find_workspace(Path.cwd()).root
    tasks = tasks_for_peers(_asked(root, options.questions))
    peers = [read_peer(root, options.peer)] if options.peer else read_peers(root)
    quoted = [(peer, quote(peer, tasks)) for peer in peers]
    rows = [
        (peer.name, q.num_items, q.num_requests, q.tokens_in, q.tokens_out, round(q.us_dollars, 4), peer.max_us_dollars)
        for peer, q in quoted
    ]
    columns = ("peer", "items", "requests", "tokens in", "tokens out, at most", "US$, at most", "allowed")
    _print(Table(name="quote", columns=columns, rows=tuple(rows)))
    return 0


def _run(options: argparse.Namespace) -> int:
    from latamgpt.evaluation.peers.ask import ask_peer
    from latamgpt.evaluation.peers.config import read_peer
    from latamgpt.evaluation.peers.own_questions import tasks_for_peers
    from latamgpt.progress import follow

    root = find_workspace(Path.cwd()).root
    peer, params = read_peer(root, options.peer), _asked(root, options.questions)
    tasks = tasks_for_peers(params)
    with follow("peers", peer.name, "tasks", len(tasks)) as progress:
        told = ask_peer(root, peer, tasks, params.seed, lambda task: progress.advance(note=task))
    num_items = sum(len(task.items) for task in tasks)
    print(
        f"{peer.name}: {num_items:,} items by {told.protocol.value}, {told.tokens_in:,} tokens in and {told.tokens_out:,} out, "
        f"US$ {told.us_dollars:,.4f}; {told.num_unread:,} answers were no letter. It lies in peer_results/{peer.name}; "
        "`latamgpt stage scorecard` shows it beside ours, `latamgpt compare` compares it with another."
    )
    return 0


def _asked(root: Path, num_questions: int | None) -> "ScorecardParams":
    from latamgpt.params import read_params

    params = read_params(root).scorecard
    if num_questions is None:
        return params
    if num_questions < 1:
        raise OperatorError(f"--questions {num_questions}: a file of questions has one at least to ask. Give a number from 1 on.")
    fewer = {name: min(num_questions, getattr(params, name)) for name in ("max_items", "max_ability_items")}
    return params.model_copy(update=fewer)


def _print(table: Table) -> None:
    for line in table_lines(table, terminal_width()):
        print(line)
