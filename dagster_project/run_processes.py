"""Which process a run lives in, so that another can tell whether it is dead: a run says so in its tags, once it has begun."""

import os

import dagster as dg
import psutil

PID_TAG, BORN_TAG = "latamgpt/pid", "latamgpt/process_started"
RUN_TAG = "latamgpt/process_of"  # the run that this is the process of: a retry's tags begin as a copy of its parent's


def process_tags(run_id: str) -> dict[str, str]:
    """That a run lives in this process."""
    return {PID_TAG: str(os.getpid()), BORN_TAG: str(psutil.Process().create_time()), RUN_TAG: run_id}


def has_begun(run: dg.DagsterRun) -> bool:
    """Whether a run has said which process it lives in."""
    return run.tags.get(RUN_TAG) == run.run_id


def process_of(run: dg.DagsterRun) -> psutil.Process | None:
    """The process of a run that has begun; None where it is dead."""
    try:
        process = psutil.Process(int(run.tags[PID_TAG]))
        is_it = str(process.create_time()) == run.tags[BORN_TAG] and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if is_it else None


def bury_dead_runs(instance: dg.DagsterInstance) -> int:
    """End the runs whose process was killed: they would say 'started' for ever, and keep others from starting."""
    buried = 0
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])):
        if has_begun(run) and process_of(run) is None:
            instance.report_run_failed(
                run, "The process of this run was killed. What it had finished stands; start it again to go on."
            )
            buried += 1
    return buried
