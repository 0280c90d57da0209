"""A command that is killed at a chosen point."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

from latamgpt import cli
from latamgpt.custody import deliver

PLACES: dict[str, tuple[Any, str]] = {
    "copy": (shutil, "copyfile"),
    "log": (deliver, "at_work"),
    "rename": (Path, "rename"),
}


def main(at: str, arguments: list[str]) -> None:
    """Run a command that dies where it would copy a file, open the log, or rename."""
    owner, name = PLACES[at]

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, die)
    cli.main(arguments)
