"""A process that appends to the audit log: `python -m tests.governance.writer ROOT NAME COUNT [KILL_AT_BYTE]`."""

import os
import signal
import sys
from pathlib import Path

from latamgpt.custody.deeds import at_work
from latamgpt.governance.audit import Action
from latamgpt.store import Workspace


def main(root: Path, name: str, count: int, kill_at_byte: int = -1) -> None:
    """Append `count` lines; with KILL_AT_BYTE, die after that many bytes of the first."""
    if kill_at_byte >= 0:
        write = os.write

        def write_and_die(handle: int, data: bytes) -> int:
            write(handle, data[:kill_at_byte])
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        os.write = write_and_die
    for number in range(count):
        with at_work(Workspace(root), name) as log:
            log.append(Action.PARTNER_ADDED, f"{name}-{number}", "for a test")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *map(int, sys.argv[4:]))
