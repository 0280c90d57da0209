"""Stopping when asked to: the step under way is finished and saved, and the exit code asks for another start."""

import signal
import time

from latamgpt.launch.local import DRAIN_SIGNALS, DrainedError


class Drain:
    """Whether somebody asked this process to stop: Slurm before a walltime or a preemption, a spot machine's notice, a person."""

    def __init__(self) -> None:
        self.asked = ""  # the signal's name
        self.asked_at = 0.0  # of the monotonic clock
        self._has_begun = False

    def listen(self) -> None:
        """Take the signals from now on; until `begin`, there is nothing to save, and they end the process at once."""
        for number in DRAIN_SIGNALS:
            signal.signal(number, self._take)

    def begin(self) -> None:
        """From now on a signal waits for the end of a step."""
        self._has_begun = True

    def _take(self, number: int, _frame: object) -> None:
        self.asked, self.asked_at = signal.Signals(number).name, self.asked_at or time.monotonic()
        if not self._has_begun:
            raise DrainedError(
                f"checkpoint: it was asked to stop ({self.asked}) before its first step: nothing is lost. Run the command again."
            )


def drained(step: int, num_steps: int) -> DrainedError:
    """What a training says that stopped after `step` steps."""
    return DrainedError(
        f"checkpoint: the training was asked to stop, and was drained: {step} of {num_steps} steps are done and saved, and "
        "nothing is published yet. Run the command again, and it goes on from there."
    )
