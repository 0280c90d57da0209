"""What can be started: the whole factory up to a candidate, the release of an approved one, the monthly retraining."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.graph import Graph
from dagster_project.retrain import config_of, retrain

RELEASE = "release"
FACTORY_JOB, RELEASE_JOB = "factory", "release_approved"


def build_jobs(graph: Graph, executor: dg.ExecutorDefinition) -> list[UnresolvedAssetJobDefinition | dg.JobDefinition]:
    """The jobs over a graph."""
    keys = [node.asset for node in graph.stages if node.name != RELEASE]
    last = [node.asset for node in graph.stages if node.name == RELEASE]
    jobs: list[UnresolvedAssetJobDefinition | dg.JobDefinition] = [
        dg.define_asset_job(
            FACTORY_JOB,
            selection=dg.AssetSelection.assets(*keys),
            description="Everything from raw deliveries to a release candidate.",
            executor_def=executor,
        ),
        retrain,
    ]
    if last:
        jobs.append(
            dg.define_asset_job(
                RELEASE_JOB,
                selection=dg.AssetSelection.assets(*last),
                description="Publish the candidate that a reviewer approved.",
                executor_def=executor,
            )
        )
    return jobs


@dg.schedule(
    name="monthly_retrain",
    job=retrain,
    cron_schedule="0 3 1 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="On the first of each month, retrain on what the registry and the deliveries hold then, on a branch of its own.",
)
def monthly_retrain(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The retraining of the tick's month, also where the tick is made up for later."""
    return dg.RunRequest(run_config=config_of(context.scheduled_execution_time.strftime("%Y-%m-%d")))
