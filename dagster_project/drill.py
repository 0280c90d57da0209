"""The drill of a withdrawal as Dagster has it: a weekly job that reports an asset, and a failed run where it would not hold."""

from datetime import UTC, date, datetime

import dagster as dg
from pydantic import Field

from assets.report_view import report_metadata
from assets.shown import Shown
from dagster_project.run_processes import process_tags
from latamgpt.commands.drill import PLACE, Drill, run_drill
from latamgpt.errors import OperatorError
from latamgpt.store import Workspace

DRILL, DRILL_JOB, STEP = "withdrawal_drill", "rehearse_withdrawal", "rehearse"
SHOWN = Shown(
    group="release",
    description="A withdrawal rehearsed on a document drawn by the day: what it touches, how long it takes, and whether the next "
    "corpus would hold none of it.",
    kinds=("python",),
    owners=("team:partners",),
)


class Day(dg.Config):
    """What a person may fill in where the job is launched."""

    day: str = Field(default="", description="The day that the document is drawn by, such as 2026-12-01; empty: today.")


def drill_spec() -> dg.AssetSpec:
    """What the UI shows of it. No stage makes it and none stands on it: it is no part of the factory's graph."""
    return dg.AssetSpec(
        DRILL,
        group_name=SHOWN.group,
        kinds=set(SHOWN.kinds),
        owners=list(SHOWN.owners),
        description=SHOWN.description,
        metadata={"command": "latamgpt drill", "job": DRILL_JOB},
    )


def drill_job(workspace: Workspace) -> dg.JobDefinition:
    """The job, in one process: it starts no stage through DVC, and changes nothing but its report."""

    @dg.op(
        name=STEP,
        description="Draw a document by the day, follow it, withdraw it in a copy, and look for it in the corpus made there.",
    )
    def rehearse(context: dg.OpExecutionContext, config: Day) -> None:
        context.instance.add_run_tags(context.run_id, process_tags(context.run_id))
        done = rehearsed(workspace, config.day)
        metadata = metadata_of(workspace, done)
        context.log.info(done.report.summary)
        if not done.report.passed:
            context.log_event(dg.AssetObservation(DRILL, metadata=metadata))  # what was found shows on the asset's page too
            raise dg.Failure(description=warning(done), metadata=metadata, allow_retries=False)
        context.log_event(dg.AssetMaterialization(DRILL, metadata=metadata))

    @dg.job(
        name=DRILL_JOB,
        description="Rehearse the withdrawal of a document that was drawn by the day. Changes nothing.",
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        rehearse()

    return job


def rehearsed(workspace: Workspace, day: str) -> Drill:
    """One drill.

    Raises:
        dg.Failure: it cannot be rehearsed as things are; the message is a plain sentence.
    """
    try:
        return run_drill(workspace, must_be_day(day) if day else datetime.now(UTC).date())
    except OperatorError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def warning(done: Drill) -> str:
    """What a person should know of a drill that failed."""
    return (
        f"{done.report.summary}. A partner who withdraws today would be promised what does not hold: settle it before anything "
        f"is released. The same again: latamgpt drill --day {done.day}"
    )


def metadata_of(workspace: Workspace, done: Drill) -> dict[str, dg.MetadataValue]:
    """A drill as Dagster shows it."""
    return {
        "day": dg.MetadataValue.text(done.day.isoformat()),
        "document": dg.MetadataValue.text(done.document),
        **{f"seconds/{name}": dg.MetadataValue.float(value) for name, value in done.seconds.items()},
        **report_metadata(done.report, SHOWN),
        "report": dg.MetadataValue.path(workspace.root / PLACE / f"{done.day}.json"),
    }


def must_be_day(text: str) -> date:
    """A day as it was filled in.

    Raises:
        OperatorError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise OperatorError(
            f"day is {text!r}, not a day such as 2026-12-01, so no document can be drawn by it. Launch the job again with a day, "
            "or with none for today."
        ) from error


@dg.schedule(
    name="weekly_withdrawal_drill",
    job_name=DRILL_JOB,
    cron_schedule="0 4 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Monday, rehearse the withdrawal of a document that was drawn by that day.",
)
def weekly_drill(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The drill of the tick's day, also where the tick is made up for later."""
    return dg.RunRequest(run_config=config_of(context.scheduled_execution_time.strftime("%Y-%m-%d")))


def config_of(day: str) -> dict[str, object]:
    """What the job is launched with for a day."""
    return {"ops": {STEP: {"config": {"day": day}}}}
