"""The command line: `latamgpt stage NAME [KEY]` is what a person, DVC, Dagster and a cluster all run."""

import argparse
import sys

from latamgpt.commands import audit, deliver, dsr, ocr, receipt, registry, release, stage, trace, withdraw
from latamgpt.errors import OperatorError

COMMANDS = (stage, registry, deliver, ocr, withdraw, release, receipt, trace, audit, dsr)
"""Each is a module of latamgpt.commands whose `add` adds one command or a few; what only one needs, it imports when it runs."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; a person's mistake is explained in plain words on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except OperatorError as error:
        print(f"latamgpt: {error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="latamgpt", description="From partners' texts to a language model of their own.")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(parsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
