"""`latamgpt sweep`: what trials of learning rate x replay share would cost, run them, and what follows from them."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.commands.tables import table_lines, terminal_width
from latamgpt.errors import OperatorError
from latamgpt.records import Table
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `sweep`."""
    sweep = parsers.add_parser(
        "sweep",
        help="try learning rates and replay shares on small models, and fit what they say",
        description="Trials of learning rate x replay share on the ladder of params.yaml, section sweep. docs/sweep.md says how "
        "the rule is fitted. Not part of `make run`.",
    )
    verbs = sweep.add_subparsers(required=True, metavar="WHAT")
    plan = verbs.add_parser("plan", help="the trials, which are done, and what each rung costs on this site; runs nothing")
    plan.set_defaults(command=_plan)
    run = verbs.add_parser("run", help="run a trial, or all of some rungs; a finished one is not run again")
    run.add_argument("trial", metavar="TRIAL", nargs="?", default="", help="such as tiny/lr=0.001/replay=0.25/seed=1")
    run.add_argument("--all", action="store_true", dest="is_all", help="every trial, or every one of --rung, then the fit")
    run.add_argument("--rung", default="", help="with --all: of this rung alone")
    run.set_defaults(command=_run)
    show = verbs.add_parser("show", help="the trials that were run, the rule, and what it proposes")
    show.add_argument("--plot", type=Path, metavar="FILE.png", help="draw them too")
    show.set_defaults(command=_show)


def _plan(_: argparse.Namespace) -> int:
    from latamgpt.ladder.price import price_rung, price_table
    from latamgpt.ladder.rungs import read_ladder
    from latamgpt.ladder.standing import standing_result
    from latamgpt.params import read_params
    from latamgpt.sweep.trials import trials_of

    workspace = find_workspace(Path.cwd())
    sweep = read_params(workspace.root).sweep
    ladder = read_ladder(workspace.root, sweep)
    trials = [trial for trial in trials_of(sweep) if trial.rung in ladder.params]
    rows = tuple((trial.name, "done" if standing_result(workspace, sweep, trial) else "to run") for trial in trials)
    _print(Table(name="trials", columns=("trial", "state"), rows=rows))
    _print(price_table([price_rung(workspace, sweep, rung) for rung in sweep.ladder if rung.name in ladder.params]))
    for name, reason in ladder.reasons.items():
        print(f"{name}: not priced. {reason}")
    return 0


def _run(options: argparse.Namespace) -> int:
    if options.is_all == bool(options.trial) or (options.rung and not options.is_all):
        raise OperatorError("name one TRIAL, or give --all (with --rung for one rung of it). `latamgpt sweep plan` lists them.")
    from latamgpt.ladder.conclude import conclude
    from latamgpt.ladder.price import must_afford
    from latamgpt.ladder.trial import run_trial
    from latamgpt.params import read_params
    from latamgpt.sweep.results import Domain
    from latamgpt.sweep.trials import find_rung, find_trial, trials_of

    workspace = find_workspace(Path.cwd())
    sweep = read_params(workspace.root).sweep
    chosen = trials_of(sweep, (options.rung,) if options.rung else ()) if options.is_all else (find_trial(sweep, options.trial),)
    for name in dict.fromkeys(trial.rung for trial in chosen):
        must_afford(workspace, sweep, find_rung(sweep, name))  # all rungs, before the first trial starts
    for trial in chosen:
        result = run_trial(workspace, sweep, trial)
        print(
            f"{trial.name}: new {result.mean_change(Domain.NEW):+.3f}, old {result.mean_change(Domain.OLD):+.3f} in ln",
            flush=True,
        )
    if options.is_all:
        print(conclude(workspace, sweep)[0].summary)
    return 0


def _show(options: argparse.Namespace) -> int:
    from latamgpt.ladder.conclude import fitted
    from latamgpt.params import read_params

    workspace = find_workspace(Path.cwd())
    report, plot = fitted(workspace, read_params(workspace.root).sweep)
    for table in report.tables[:2]:
        _print(table)
    if options.plot:
        options.plot.write_bytes(plot)
    print(report.summary)
    return 0


def _print(table: Table) -> None:
    print(f"{table.name}:")
    for line in table_lines(table, terminal_width()):
        print(f"  {line}")
    print()
