"""A process with signs of life for the tests of the watchdog: `python -m tests.launch.beating HOW FOLDER`."""

import faulthandler
import os
import signal
import sys
import time
from pathlib import Path

import psutil

from latamgpt.errors import DrainedError
from latamgpt.launch.heartbeat import Activity, Heart
from latamgpt.launch.local import DRAIN_SIGNALS, errors_for_parent
from latamgpt.launch.watchdog import DUMP_SIGNAL

STEPS = 40


def sleep_for_ever() -> None:
    while True:
        time.sleep(60)


def go_wrong(how: str, folder: Path) -> None:
    if how == "rank dies last" and os.environ["RANK"] == "1":
        other = psutil.Process(int((folder / "started-0").read_text()))
        other.terminate()
        psutil.wait_procs([other])
    if how in {"dies", "always dies"} or (how.startswith("rank dies") and os.environ["RANK"] == "1"):
        (folder / "died-at").write_text(str(time.time()))
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "stops":
        os.kill(os.getpid(), signal.SIGSTOP)
    if how in {"hangs", "stops", "rank dies"}:  # who is woken to write its stacks must not come to an end before it is killed
        sleep_for_ever()
    if how == "bug":
        raise ValueError("nobody thought of this")


def main(how: str, folder: Path) -> None:
    """Forty steps; the first start ends, or does not, in the way that is asked for, after thirty."""
    own = folder / f"started-{os.environ.get('RANK', '0')}"
    is_first_start = not own.exists()
    own.write_text(str(os.getpid()))
    with (folder / "started").open("a") as started:
        started.write("again\n")
    heart = Heart(int(os.environ.get("RANK", "0")))
    asked: list[int] = []
    for number in DRAIN_SIGNALS:
        signal.signal(number, lambda number, _: asked.append(number))
    for step in range(STEPS):
        heart.beat(Activity.STEP, step, 0.01)
        time.sleep(0.01)
        if asked:
            heart.beat(Activity.END, step)
            raise DrainedError(f"it was drained after step {step}. Run it again.")
        if how == "never ends":
            (folder / "beats").touch()
            while not asked:
                time.sleep(0.01)
        if step == 30 and (is_first_start or how == "always dies"):
            go_wrong(how, folder)
    heart.beat(Activity.END, STEPS)
    print(f"went through all {STEPS}")  # noqa: T201


if __name__ == "__main__":
    faulthandler.register(DUMP_SIGNAL, file=sys.stdout)
    with errors_for_parent():
        main(sys.argv[1], Path(sys.argv[2]))
