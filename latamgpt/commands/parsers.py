"""What a command is given to add itself to, and how the parts of the command line are typed."""

import argparse
import re
from datetime import date
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # pyright: ignore[reportPrivateUsage]
"""What `add_subparsers` returns; argparse gives it no public name."""


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Give a command `--dry-run`."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and change nothing")


def add_actor(parser: argparse.ArgumentParser) -> None:
    """Give a command `--actor`."""
    parser.add_argument("--actor", default="", help="who acts, as the audit log names them; git's user.name if not given")


def country(text: str) -> str:
    """A country on the command line, as in CL."""
    if re.fullmatch(r"[A-Za-z]{2}", text):
        return text.upper()
    raise argparse.ArgumentTypeError(f"{text!r} is no country's code; write its two letters, as in CL or BR")


def day(text: str) -> date:
    """A day on the command line, as in 2027-12-31."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2027-12-31") from error
