"""Trials of the sweep as Dagster runs them: `latamgpt sweep run TRIAL` in a process of its own, which ends when its step does."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.dvc_door import RUN_VARIABLE, last_words
from dagster_project.executor import step_log
from latamgpt.store import Workspace

CANCEL, LEAVE = signal.SIGINT, signal.SIGTERM
"""To a command that a person might have given: Ctrl-C also cancels a cluster's job, SIGTERM leaves it to be found again."""


@dataclass(frozen=True)
class TrialDoor:
    """The resource `trials`: the trials that this process waits for."""

    workspace: Workspace
    _running: "set[subprocess.Popen[bytes]]" = field(default_factory=lambda: set[Any]())
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def run(self, context: dg.AssetExecutionContext, trial: str) -> None:
        """Run a trial to its end.

        Raises:
            dg.Failure: it failed; the message is what it said.
        """
        log = step_log(context.instance, context.run.run_id, context.get_step_execution_context().step.key)
        code, words = self.call(trial, context.run.run_id, log)
        if code:
            raise dg.Failure(description=words, metadata={"trial": trial, "exit_code": code}, allow_retries=False)

    def call(self, trial: str, run_id: str, log: Path | None = None) -> tuple[int, str]:
        """The exit code of a trial's command, and what it said last."""
        log = log or self.workspace.root / "var" / "logs" / "sweep_trial.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        paths = (str(self.workspace.root), os.environ.get("PYTHONPATH", ""))
        environment = {**os.environ, RUN_VARIABLE: run_id, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, "-m", "latamgpt.cli", "sweep", "run", trial]
        with log.open("ab") as stream:
            child = subprocess.Popen(
                command,
                cwd=self.workspace.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        with self._mutex:
            self._running.add(child)
        try:
            return child.wait(), last_words(log)
        finally:
            _signal(child, LEAVE)
            with self._mutex:
                self._running.discard(child)

    def stop_all(self, *, is_cancelled: bool = False) -> None:
        """End the trials that run; what they have saved stays. Cancelled, what they have running on a cluster ends as well."""
        with self._mutex:
            for child in self._running:
                _signal(child, CANCEL if is_cancelled else LEAVE)


def _signal(child: "subprocess.Popen[bytes]", number: int) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            child.send_signal(number)
