"""Functions as a parser that a partner's file has got the better of would behave."""

import ctypes
import os
import signal
import stat
import sys
import time
from contextlib import suppress
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


def spin_and_ignore_the_limit() -> None:
    """For ever, deaf to what announces the end of its time."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    spin()


def be_killed() -> None:
    """As by a machine whose memory has run out."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill_the_disk() -> None:
    """Of the machine: nothing is wrong with the file."""
    with Path("/dev/full").open("wb", buffering=0) as disk:
        disk.write(b"x")


def leave_somebody_behind(found_at: str) -> str:
    """A process that goes on after the answer, with the answer's pipe still open."""
    process = os.fork()
    if process == 0:
        time.sleep(3600)
    return f"{process} {found_at}"


def say(raw: str) -> None:
    """An answer of its own making, past what should write it."""
    for descriptor in range(3, 64):
        with suppress(OSError):
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, raw.encode())
    os._exit(0)


def own_process() -> int:
    """Which process it is in."""
    return os.getpid()


def kill_the_server() -> None:
    """The process that it was forked from."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)
