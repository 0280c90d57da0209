"""What a launcher tells whoever follows it."""

import sys


def say(line: str) -> None:
    """One line on standard error, which Dagster shows as the step's own."""
    print(f"latamgpt: {line}", file=sys.stderr, flush=True)  # noqa: T201
