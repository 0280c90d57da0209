"""Dagster's launcher on one machine, which knows besides whether a run's process lives, whatever became of its code server.

Dagster's own has no health check: with worker and code server killed at once, a run would say 'started' for ever. The instance's
settings (dagster.yaml) name this one; run monitoring asks it every few seconds, and run retries go on with a run that died.
"""

import signal

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from dagster_project.run_processes import has_begun, process_of


class HostRunLauncher(DefaultRunLauncher):
    """Starts runs as Dagster does; looks after them by their processes."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It can tell."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run that has begun still lives; of one that has not, nothing bad is known."""
        if has_begun(run) and process_of(run) is None:
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process was killed")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def terminate(self, run_id: str) -> bool:
        """Cancel a run; where its code server is gone, its process is told, or nobody is left to be told."""
        try:
            return super().terminate(run_id)
        except DagsterUserCodeUnreachableError:
            run = self._instance.get_run_by_id(run_id)
            if run is None or not has_begun(run):
                return False
            process = process_of(run)
            if process is None:
                self._instance.report_run_canceled(run, message="Cancelled; its process had been killed before.")
            else:
                process.send_signal(signal.SIGINT)
            return True
