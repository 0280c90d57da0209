"""What an operator dates: nothing is entered as done on a day that has not come."""

from datetime import UTC, date, datetime
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.params import read_params


def today() -> date:
    """The day by the clock, in UTC: west of Greenwich it is never behind."""
    return datetime.now(UTC).date()


def must_have_come(root: Path, day: date, what: str, advice: str) -> None:
    """Refuse a day that lies ahead both of the clock and of the day that the run is held against.

    Args:
        root: the workspace, whose params.yaml says what the run is held against.
        day: what was said.
        what: whose day it is, as a sentence begins: 'the withdrawal is dated'.
        advice: why that cannot be, and what to do next.

    Raises:
        OperatorError: it has not come.
    """
    last = max(today(), read_params(root).rights.as_of)
    if day > last:
        raise OperatorError(f"{what} {day}, and that day has not come: it is {last}. {advice}")
