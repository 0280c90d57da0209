"""The command line: `latamgpt stage NAME [KEY]` is what a person, DVC, Dagster and a cluster all run."""

import argparse
import os
import re
import select
import signal
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from latamgpt.commands import (
    audit,
    compare,
    corpus,
    corrections,
    deliver,
    drill,
    dsr,
    evaluate,
    languages,
    ocr,
    peers,
    quote,
    receipt,
    registry,
    release,
    runs,
    simulate_failures,
    site,
    stage,
    sweep,
    trace,
    withdraw,
)
from latamgpt.commands.machine import STANDS, refusal
from latamgpt.errors import OperatorError

COMMANDS = (
    *(stage, registry, languages, deliver, ocr, corrections, withdraw, drill, peers),
    *(release, receipt, evaluate, compare, trace, corpus, audit, dsr, quote, runs, site, simulate_failures, sweep),
)
"""Each is a module of latamgpt.commands whose `add` adds one command or a few; what only one needs, it imports when it runs."""


NOBODY_READS = 128 + signal.SIGPIPE  # the exit code that a shell gives a command whose reader has gone
STOPPED = 128 + signal.SIGINT


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; a person's mistake is explained in plain words on standard error."""
    try:
        options = _parser().parse_args(arguments)
        _refuse_gone_folder()
        code = options.command(options)
        sys.stdout.flush()
        return code
    except OperatorError as error:
        print(f"latamgpt: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        if _is_read():
            raise
        return NOBODY_READS
    except KeyboardInterrupt:
        print(f"\nlatamgpt: stopped by Ctrl-C. {STANDS} To go on, give the same command again.", file=sys.stderr)
        return STOPPED
    except Exception as error:
        words = refusal(error)
        if not words:
            raise
        print(f"latamgpt: {words}", file=sys.stderr)
        return OperatorError.exit_code


def _refuse_gone_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise OperatorError(
            "the folder that you are in was deleted, so there is no workspace to work in. Go to one that is there (`cd`), and "
            "give the command again."
        ) from error


def _is_read() -> bool:
    """Whether somebody still reads what is printed; where nobody does, as after `| head`, the rest goes nowhere."""
    pipe = select.poll()
    pipe.register(sys.stdout.fileno(), 0)
    if not pipe.poll(0):
        return True
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return False


class Parser(argparse.ArgumentParser):
    """A parser, of the program or of one of its commands, that explains by its own usage what it does not know."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Refuse here what is left over: argparse would hand it up, and the whole program would answer for the command."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(self._unknown(unknown))
        return options, unknown

    def error(self, message: str) -> NoReturn:
        """Name the choice that is nearest to a misspelt one, as argparse names all of them."""
        if choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            near = get_close_matches(choice[1], re.findall(r"[\w-]+", choice[2]), 1)
            message += f": did you mean {near[0]}?" if near else ""
        super().error(message)

    def _unknown(self, unknown: list[str]) -> str:
        words = [word for word in unknown if word.startswith("-")] or unknown
        known = re.findall(r"--[a-z][a-z-]*", self.format_help())
        like = {near[0] for word in words if (near := get_close_matches(word.partition("=")[0], known, 1))}
        hint = f"did you mean {' or '.join(sorted(like))}?" if like else f"see `{self.prog} --help`"
        return f"{self.prog} does not know {', '.join(words)}: {hint}"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="latamgpt", description="From partners' texts to a language model of their own.")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(parsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
