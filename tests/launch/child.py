"""A child process for the tests of the launcher: `python -m tests.launch.child HOW [PATH]`."""

import os
import sys
import time
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.launch.local import errors_for_parent

if __name__ == "__main__":
    how = sys.argv[1]
    print(f"child says {how} {os.environ.get('GREETING', '')}")  # noqa: T201
    if how == "mistake":
        with errors_for_parent():
            raise OperatorError("the soup is cold. Nobody likes that. Warm it.")
    if how == "crash":
        with errors_for_parent():
            raise ValueError("nobody thought of this")
    if how == "bug":
        sys.exit(3)
    if how == "wait":
        Path(sys.argv[2]).write_text(str(os.getpid()))
        while True:
            time.sleep(60)
