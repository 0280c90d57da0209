"""A module that launchers' tests have every rank run: `rank VERB FOLDER`. It writes FOLDER/outcome.json last."""

import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import FrameType

from latamgpt.errors import DRAINED, OperatorError
from latamgpt.launch.local import errors_for_parent

RANK, COUNT = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def add_up(folder: Path) -> None:
    """The ranks add their numbers, each on its node, and the first notes the sum."""
    import torch
    import torch.distributed as dist

    dist.init_process_group("gloo", timeout=timedelta(seconds=60))
    number = torch.tensor([RANK + 1])
    dist.all_reduce(number)
    dist.barrier()
    if RANK == 0:
        finish(folder, int(number))
    dist.destroy_process_group()


def wait(folder: Path) -> None:
    """Work until FOLDER/enough is there; when asked to make room, save and end so that the job is started again."""

    def drain(number: int, _frame: FrameType | None) -> None:
        (folder / f"drained-{RANK}").write_text(signal.Signals(number).name)
        sys.exit(DRAINED)

    for number in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(number, drain)
    (folder / f"started-{RANK}-{os.environ['LATAMGPT_START']}").write_text(str(os.getpid()))
    while not (folder / "enough").exists():
        time.sleep(0.05)
    finish(folder, COUNT)


def finish(folder: Path, value: int) -> None:
    """The first rank says how it came out."""
    if RANK == 0:
        (folder / "outcome.draft").write_text(str(value))
        (folder / "outcome.draft").rename(folder / "outcome.json")


def main() -> None:
    """Do what the first argument says."""
    verb, folder = sys.argv[1], Path(sys.argv[2])
    print(f"rank {RANK} of {COUNT} says {verb}", flush=True)  # noqa: T201
    if verb == "add":
        add_up(folder)
    elif verb == "wait":
        wait(folder)
    elif verb == "hang" and os.environ["LATAMGPT_START"] == "0":
        signal.pause()
    elif verb == "mistake":
        raise OperatorError("the soup is cold. Nobody likes that. Warm it.")
    elif verb == "crash" and not (folder / f"started-{RANK}").exists():
        (folder / f"started-{RANK}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    elif verb in ("crash", "hang"):
        finish(folder, COUNT)


if __name__ == "__main__":
    with errors_for_parent():
        main()
