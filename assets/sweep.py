"""The sweep as Dagster shows it: an asset with a partition per trial, and the rule that is fitted to them.

Neither is a stage: they stand beside the factory's graph, and nothing in it depends on them (docs/sweep.md).
"""

from typing import Protocol

import dagster as dg

from assets.graph import read_params_text
from assets.report_view import picture, report_metadata, table_markdown
from assets.shown import Shown
from latamgpt.errors import OperatorError
from latamgpt.ladder.conclude import conclude
from latamgpt.params import SweepParams, read_params
from latamgpt.store import Workspace
from latamgpt.sweep.results import Domain, TrialResult, read_result
from latamgpt.sweep.trials import find_trial, trials_of
from latamgpt.sweep.view import languages_table, percent

TRIAL, FIT, CORPUS = "sweep_trial", "sweep_fit", "corpus"
SHOWN_FIT = Shown(
    group="training",
    description="The mixture rule: how new and old text change with learning rate and replay share, what it proposes, or that it "
    "cannot tell.",
    kinds=("python", "mlflow"),
    owners=("team:model",),
    curves=True,
)
SHOWN_TRIAL = Shown(
    group="training",
    description="One training of a small model for each partition: rung, learning rate, replay share, seed. Priced first; never "
    "released; a finished one is not trained again.",
    kinds=("deepspeed", "mlflow"),
    owners=("team:model",),
)


class Trials(Protocol):
    """The resource `trials`: runs one trial. dagster_project provides it."""

    def run(self, context: dg.AssetExecutionContext, trial: str) -> None:
        """Run a trial to its end, or raise dg.Failure."""
        ...


def sweep_assets(workspace: Workspace) -> list[dg.AssetsDefinition]:
    """Trials and fit of the sweep that params.yaml describes; none where it has no such section."""
    section = read_params_text(workspace).get("sweep")
    if section is None:
        return []
    partitions = dg.StaticPartitionsDefinition([trial.name for trial in trials_of(SweepParams.model_validate(section))])
    return [_trial_asset(workspace, partitions), _fit_asset(workspace)]


def _trial_asset(workspace: Workspace, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        name=TRIAL,
        deps=[CORPUS],
        partitions_def=partitions,
        group_name=SHOWN_TRIAL.group,
        kinds=set(SHOWN_TRIAL.kinds),
        owners=list(SHOWN_TRIAL.owners),
        description=SHOWN_TRIAL.description,
        metadata={"command": "latamgpt sweep run TRIAL", "price": "latamgpt sweep plan"},
        required_resource_keys={"trials"},
    )
    def sweep_trial(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        trials: Trials = context.resources.trials
        trials.run(context, context.partition_key)
        result = must_be_there(workspace, context.partition_key)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(result.identity),
            metadata={
                **{f"change_percent/{domain}": percent(result.mean_change(domain)) for domain in Domain},
                "languages": dg.MetadataValue.md(table_markdown(languages_table(result))),
                "tokens": result.num_tokens,
                "accelerator_hours": result.accelerator_hours,
                "us_dollars": result.us_dollars,
                "kwh": result.kwh,
                "site": result.site,
            },
        )

    return sweep_trial


def _fit_asset(workspace: Workspace) -> dg.AssetsDefinition:
    @dg.asset(
        name=FIT,
        deps=[dg.AssetDep(TRIAL, partition_mapping=dg.AllPartitionMapping())],
        group_name=SHOWN_FIT.group,
        kinds=set(SHOWN_FIT.kinds),
        owners=list(SHOWN_FIT.owners),
        description=SHOWN_FIT.description,
        metadata={"command": "latamgpt sweep show"},
    )
    def sweep_fit() -> dg.MaterializeResult:
        try:
            report, plot = conclude(workspace, read_params(workspace.root).sweep)
        except OperatorError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        shown = {"plot": dg.MetadataValue.md(picture("trials and the rule", plot))}
        return dg.MaterializeResult(metadata={**shown, **report_metadata(report, SHOWN_FIT)})

    return sweep_fit


def must_be_there(workspace: Workspace, name: str) -> TrialResult:
    """The result that a trial has just kept.

    Raises:
        dg.Failure: params.yaml was changed while it ran, and knows the trial no more.
    """
    try:
        result = read_result(workspace.root, find_trial(read_params(workspace.root).sweep, name))
    except OperatorError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    if result is None:
        raise dg.Failure(description=f"trial {name} ended well and left no result: was var/sweep cleared meanwhile?")
    return result
