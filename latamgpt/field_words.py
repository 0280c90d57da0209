"""What is wrong with a value that a record refuses, in plain words: a library's own speak to programmers."""

from collections.abc import Mapping
from typing import Any

Says = Mapping[str, Any]

PATTERNS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "small letters and digits, joined by hyphens, as in archivo-sur",
    r"^[A-Z]{2}$": "a country by its two capital letters, as in CL",
    r"^([A-Z]{2})?$": "a country by its two capital letters, as in CL, or nothing",
    r"^([A-Z]{2}|[a-z0-9]+(-[a-z0-9]+)*)$": "a country (CL) or a site (tarapaca)",
    r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$": "the tag of a language, as in quy or es-AR",
    r"^\d{2}-\d{2}$": "a month and a day, as in 10-15",
    r"^[0-9a-f]{64}$": "a sha256: 64 of the digits 0 to 9 and a to f",
}
KINDS = {
    "int": "asks for a whole number",
    "float": "asks for a number",
    "finite_number": "asks for a number that has an end",
    "bool": "asks for true or false",
    "string": "asks for words (a number or a date among quotes)",
    "date": "asks for a day, as in 2027-12-31",
    "datetime": "asks for a day and an hour, as in 2027-12-31T09:00:00Z",
    "time": "asks for a time of day, as in 09:00",
    "list": "asks for a list, as in [train, evaluate]",
    "tuple": "asks for a list, as in [train, evaluate]",
    "dict": "asks for keys of its own",
    "model": "asks for keys of its own",
}
"""By how the library's kind of error begins."""


def wrong_value(kind: str, says: Says, message: str) -> str:
    """What a field asks for, by the kind of a pydantic error, what that says besides, and its message."""
    match kind:
        case "greater_than":
            return f"has to be above {says['gt']}"
        case "greater_than_equal":
            return f"has to be {says['ge']} or more"
        case "less_than":
            return f"has to be below {says['lt']}"
        case "less_than_equal":
            return f"has to be {says['le']} or less"
        case "enum" | "literal_error":
            return f"has to be {says['expected']}"
        case "string_pattern_mismatch":
            pattern = str(says["pattern"])
            return f"asks for {PATTERNS[pattern]}" if pattern in PATTERNS else f"has to fit the pattern {pattern}"
        case "string_too_short" | "too_short":
            least = int(says["min_length"])
            return "is empty, and something has to stand there" if least == 1 else f"asks for {least} or more"
        case "string_too_long" | "too_long":
            return f"asks for {says['max_length']} or fewer"
        case "value_error":
            plain = message.removeprefix("Value error, ")
            return plain[:1].lower() + plain[1:]
        case _:
            known = next((words for begin, words in KINDS.items() if kind == begin or kind.startswith(f"{begin}_")), "")
            return known or message[:1].lower() + message[1:]
