"""Readers whose files are parsed in a process of their own (see limited.py), and the documents that come back from there."""

from collections.abc import Callable
from dataclasses import replace

from latamgpt.intake import tei
from latamgpt.intake.answers import checked
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.limited import run_limited
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import Source

Parser = Callable[[str, str], list[Found]]
"""From where a file lies and what it is called in the delivery to its documents."""


def apart(parser: Parser, reason: Reason) -> Callable[[Source, str], Reading]:
    """The reader that runs a parser apart; `reason` is the code for a file that breaks it."""

    def read(source: Source, name: str) -> Reading:
        values = run_limited(parser, [str(source.place(name)), name], name=name, reason=reason)
        return [*documents(values, name, reason)]

    return read


def documents(values: object, name: str, reason: Reason) -> list[Found]:
    """The documents in a parser's answer: of this file, and of no other whatever the answer says.

    Raises:
        Rejected: `reason`; the answer is none, as from a parser that the file has got the better of.
    """
    found = checked(list[Found], values, name, reason)
    if any(one.path.partition("#")[0] != name.partition("#")[0] for one in found):
        raise Rejected(reason, f"{name} cannot be read: its parser answered about another file. Ask the partner to save it anew")
    return [replace(one, parts=(), record_id="", orthographies=one.orthographies if _is_from_tei(one) else ()) for one in found]


def _is_from_tei(found: Found) -> bool:
    """Whether the other spellings are what a parser of TEI gives: one, and no long one. No other parser gives any."""
    match found.orthographies:
        case [(tei.REGULARISED_NAME, text)]:
            return len(text) <= tei.MAX_REGULARISED_CHARS and "\0" not in text
        case _:
            return False
