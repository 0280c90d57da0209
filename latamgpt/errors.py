"""The two kinds of failure: a person's mistake, which is explained, and a bug, which travels up; and how values are quoted."""

import unicodedata

QUOTED_CHARS = 40  # of a value that somebody sent: enough to find it by, too few to hold a text
SENTENCE_CHARS = 600


class OperatorError(Exception):
    """Something a person can mend: says what happened, why it matters and what to do next.

    The command line prints it without a traceback and exits with `exit_code`.
    """

    exit_code = 2


class InputDamagedError(OperatorError):
    """A published input does not match its manifest: bytes were lost or changed since it was written."""

    exit_code = 66


class NotPermittedError(OperatorError):
    """An agreement does not permit what was about to happen. Default is deny."""

    exit_code = 77


DRAINED = 85
"""Exit code of processes that were asked to stop and have saved what they did: they are to be started again."""


class DrainedError(OperatorError):
    """What was asked to stop has saved all it did; the next run goes on from there."""

    exit_code = DRAINED


def quoted(value: object, max_chars: int = QUOTED_CHARS) -> str:
    """A value that somebody sent as a person may safely see it: short, and nothing in it that a screen would act on or hide."""
    text = str(value)
    safe = "".join(_escaped(character) for character in text[:max_chars])
    return f"'{safe}'" if len(text) <= max_chars else f"'{safe}' and {len(text) - max_chars:,} characters more"


def harmless(sentence: str, max_chars: int = SENTENCE_CHARS) -> str:
    """A sentence on one line, without controls and invisible characters, and cut where it is too long to be one."""
    line = " ".join(sentence[: 2 * max_chars].split())
    safe = "".join(character if unicodedata.category(character)[0] != "C" else _in_ascii(character) for character in line)
    return safe if len(safe) <= max_chars else f"{safe[: max_chars - 1]}…"


def _escaped(character: str) -> str:
    plain = unicodedata.category(character)[0] in "LMNPS" or character == " "
    return character if plain and character not in "<>&`'\\|" else _in_ascii(character)


def _in_ascii(character: str) -> str:
    return character.encode("unicode_escape").decode() if not 32 <= ord(character) < 127 else f"\\x{ord(character):02x}"
