"""Functions as a parser that a partner's file has got the better of would behave."""

import ctypes
import os
import sys
import time
from pathlib import Path

from latamgpt.intake.quarantine import Reason, Rejected


def echo(*args: object) -> object:
    """Its arguments, after printing what is no answer."""
    sys.stdout.write("noise")
    return list(args)


def eat_memory() -> int:
    """More than any limit."""
    return len(bytearray(8 << 30))


def spin() -> None:
    """For ever."""
    while True:
        pass


def sleep() -> None:
    """For ever, without using the processor."""
    time.sleep(3600)


def crash() -> None:
    """As a parser in C does."""
    ctypes.string_at(0)


def leave() -> None:
    """Without an answer."""
    os._exit(3)


def fail() -> None:
    """As a parser in Python does."""
    raise KeyError("word/document.xml")


def refuse() -> None:
    """With a reason of its own."""
    raise Rejected(Reason.ENCODING, "not text", "a.docx")


def recurse(depth: int = 0) -> int:
    """Without end."""
    return recurse(depth + 1) + 1


def give_too_much(num_bytes: int) -> str:
    """A text of so many bytes."""
    return "a" * num_bytes


def give_no_json() -> object:
    """What JSON cannot hold."""
    return {"text": "\ud800"}


def write(path: str) -> int:
    """A file."""
    return Path(path).write_bytes(b"x" * 4096)


def environment() -> dict[str, str]:
    """What it can see of the machine."""
    return dict(os.environ)
