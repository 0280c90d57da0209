"""A command that is killed at a chosen point."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

from latamgpt import cli
from latamgpt.custody import deliver, packed

PLACES: dict[str, tuple[Any, str]] = {
    "copy": (shutil, "copyfile"),
    "unpack": (packed, "refuse_unsafe"),
    "log": (deliver, "at_work"),
    "rename": (Path, "rename"),
}


def main(at: str, arguments: list[str]) -> None:
    """Run a command that dies where it would copy a file, look at what it unpacked, open the log, or rename."""
    owner, name = PLACES[at]

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, die)
    cli.main(arguments)
