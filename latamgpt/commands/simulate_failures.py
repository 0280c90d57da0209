"""`latamgpt simulate-failures`: what a site's failures would cost a training, before the money is spent. A simulation."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers
from latamgpt.commands.tables import table_lines, terminal_width
from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import read_params
from latamgpt.records import Table
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.training.simulation import Simulated

ACCELERATORS_PER_INSTANCE = 8  # p5, p5en, and the nodes of tarapaca
SECONDS_PER_DAY = 86_400
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
NAME = "simulate-failures"


def add(parsers: Parsers) -> None:
    """Add `simulate-failures`."""
    from latamgpt.training.simulation import TRACES

    parser = parsers.add_parser(NAME, help="SIMULATION: how much of a training's time would count, under published failure rates")
    parser.add_argument("--rates", choices=sorted(TRACES), default="llama-3", help="whose failures; llama-3 if not given")
    parser.add_argument("--failures-per-day", type=float, help="of all accelerators together, instead of the published rate")
    parser.add_argument("--accelerators", type=int, help="how many train; those of the site (LATAMGPT_SITE) if not given")
    parser.add_argument("--days", type=float, default=54.0, help="of steps; 54, as Llama 3's record, if not given")
    parser.add_argument("--step-seconds", type=float, default=20.0)
    parser.add_argument("--save-every", type=int, help="steps; checkpoint.save_every_steps if not given")
    parser.add_argument("--save-seconds", type=float, default=5.0, help="for which a save stops the steps")
    parser.add_argument("--write-seconds", type=float, default=60.0, help="until a state is whole, while steps go on")
    parser.add_argument("--detection-seconds", type=float, default=5.0, help="until a death is seen")
    parser.add_argument("--restart-seconds", type=float, default=300.0, help="from there to the first step")
    parser.add_argument("--trials", type=int, default=50, help="trainings whose mean is shown")
    parser.add_argument("--seed", type=int, default=17)
    parser.set_defaults(command=_simulate)


def _simulate(options: argparse.Namespace) -> int:
    from latamgpt.training.simulation import TRACES, Supervisor, best_interval, simulate_many

    _refuse_nonsense(options)
    accelerators = options.accelerators or read_site(find_workspace(Path.cwd()).root).num_ranks
    save_every = options.save_every or read_params(find_workspace(Path.cwd()).root).checkpoint.save_every_steps
    rates = TRACES[options.rates]
    units = accelerators if rates.unit == "accelerator" else -(-accelerators // ACCELERATORS_PER_INSTANCE)
    if options.failures_per_day:
        rates = rates.scaled(options.failures_per_day / (rates.per_day * units))
    supervisor = Supervisor(
        step_seconds=options.step_seconds,
        save_every_steps=save_every,
        save_seconds=options.save_seconds,
        write_seconds=options.write_seconds,
        detection_seconds=options.detection_seconds,
        restart_seconds=options.restart_seconds,
    )
    num_steps = max(round(options.days * SECONDS_PER_DAY / options.step_seconds), 1)
    seeds = range(options.seed, options.seed + options.trials)
    young = best_interval(supervisor, rates.sudden_per_day * units / SECONDS_PER_DAY)
    intervals = sorted({save_every, *(max(round((young or save_every) * factor), 1) for factor in FACTORS)})
    found: dict[int, Simulated] = {
        steps: simulate_many(replace(supervisor, save_every_steps=steps), rates, units, num_steps, seeds) for steps in intervals
    }
    best = max(found, key=lambda steps: found[steps].effective_share)
    lines = (
        f"SIMULATION, nothing was trained: {options.trials} trainings of {num_steps:,} steps of {options.step_seconds:g} s on "
        f"{accelerators:,} accelerators",
        f"under the rates of {rates.name}: {rates.per_day * units:.3g} failures a day. A save stops the steps for "
        f"{options.save_seconds:g} s and is whole {options.write_seconds:g} s later;",
        f"a death is seen after {options.detection_seconds:g} s, a hang after {supervisor.hang_seconds:g} s; a restart takes "
        f"{options.restart_seconds:g} s.",
        "",
        *table_lines(_table(found, options.step_seconds, save_every, young), terminal_width()),
        "",
        f"SIMULATION: effective time {found[save_every].effective_share:.2%} with a state every {save_every:,} steps; best of "
        f"these: {found[best].effective_share:.2%}, every {best:,}.",
        f"Young's formula says every {young:,}: {found[young].effective_share:.2%}."
        if young
        else "All of these failures are announced, so that no step is lost: Young's formula has nothing to say.",
    )
    print("\n".join(lines))
    return 0


def _table(found: "Mapping[int, Simulated]", step_seconds: float, save_every: int, young: int) -> Table:
    named = {save_every: "as asked", young: "Young's optimum" if young != save_every else "as asked, and Young's optimum"}
    rows = tuple(
        (
            steps,
            round(steps * step_seconds / 60, 1),
            f"{one.effective_share:.2%}",
            round(one.num_failures, 1),
            round(one.lost_steps, 1),
            round(one.given_up, 2),
            named.get(steps, ""),
        )
        for steps, one in found.items()
    )
    columns = ("save every (steps)", "minutes", "effective time", "failures", "steps lost", "given up", "")
    return Table(name="simulation", columns=columns, rows=rows)


def _refuse_nonsense(options: argparse.Namespace) -> None:
    for name in ("accelerators", "days", "step_seconds", "save_every", "save_seconds", "trials", "failures_per_day"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise OperatorError(
                f"--{name.replace('_', '-')} is {value}: there is nothing to simulate with it. Give a number above 0."
            )
