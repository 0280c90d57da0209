"""JSON in which no object has a key twice: of the two values each reader takes another, and nobody knows which was meant."""

import json

from latamgpt.errors import quoted
from latamgpt.intake.quarantine import Reason, Rejected


def refuse_repeated_keys(text: str | bytes, name: str, reason: Reason) -> None:
    """Refuse JSON, which some parser has read before, where an object at any depth has a key twice.

    Raises:
        Rejected: `reason`, also where it is nested too deeply to look.
    """

    def hold(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Rejected(
                    reason,
                    f"the key {quoted(key)} stands twice in one object of {name}: which value holds is unknown, correct it",
                )
            seen.add(key)

    try:
        json.loads(text, object_pairs_hook=hold, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise Rejected(reason, f"{name} is nested too deeply") from error
