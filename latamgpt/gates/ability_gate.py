"""Ability gate: non-inferiority. Nothing that the base could do may be lost by more than a margin.

For bits per byte the margin is held against the bad end of the paired interval, not against the mean: few items make a wide
interval, and a candidate that was hardly tested does not pass. The questions of one ability task are too few for that, so their
mean over all ability tasks decides, and the single tasks warn.
"""

import pyarrow as pa

from latamgpt.errors import OperatorError
from latamgpt.gates.suite import Gate, Rule, Suite, critical, publish_gate, warning
from latamgpt.params import AbilityGateParams, Params
from latamgpt.records import Report
from latamgpt.store import Workspace

ABILITY_TASKS = "accuracy/ability_"


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the scorecard against the margins of params.ability_gate."""
    metrics = workspace.report("scorecard").metrics
    languages = describe_languages(metrics, params.ability_gate.languages)
    tasks = describe_tasks(metrics)
    mean_loss = round(sum(tasks["loss"].to_pylist()) / tasks.num_rows, 6) + 0.0  # never -0.0
    worst_loss = max(languages["highest_loss"].to_pylist())
    gate = Gate(
        stage="ability_gate",
        subject=f"bits per byte worse by {worst_loss:.1%} at most, ability accuracy by {mean_loss:.1%}",
        suites=(
            Suite("languages", languages, language_rules(params.ability_gate)),
            Suite("tasks", tasks, task_rules(params.ability_gate)),
        ),
        counts={"languages": languages.num_rows, "tasks": tasks.num_rows},
        metrics={"highest_bits_per_byte_loss": worst_loss, "mean_accuracy_loss": mean_loss},
    )
    return publish_gate(workspace, gate)


def language_rules(params: AbilityGateParams) -> tuple[Rule, ...]:
    """For each language of the base: the loss at the bad end of its interval."""
    most = params.max_bits_per_byte_loss
    return (critical("expect_column_values_to_be_between", column="highest_loss", max_value=most),)


def task_rules(params: AbilityGateParams) -> tuple[Rule, ...]:
    """For the ability tasks: the mean loss decides, each single loss warns."""
    most = params.max_accuracy_loss
    return (
        critical("expect_column_mean_to_be_between", column="loss", max_value=most),
        warning("expect_column_values_to_be_between", column="loss", max_value=most),
    )


def describe_languages(metrics: dict[str, float], languages: tuple[str, ...]) -> pa.Table:
    """Per language, relative to the base: the loss in bits per byte, and its highest plausible value."""
    missing = [name for name in languages if f"bits_per_byte/{name}/high" not in metrics]
    if missing or not languages:
        raise OperatorError(
            f"the scorecard has no bits per byte for {', '.join(missing) or 'any language of ability_gate.languages'}: what was "
            "not measured cannot be shown to be kept. Add ability text in that language, or mend ability_gate.languages."
        )
    scores = [[metrics[f"bits_per_byte/{name}/{what}"] for what in ("base", "difference", "high")] for name in languages]
    return pa.table(
        {
            "language": pa.array(languages, pa.string()),
            "loss": [difference / base for base, difference, _ in scores],
            "highest_loss": [high / base for base, _, high in scores],
        }
    )


def describe_tasks(metrics: dict[str, float]) -> pa.Table:
    """Per ability task: the share of right answers that was lost; negative where some were gained."""
    names = sorted(key.split("/")[1] for key in metrics if key.startswith(ABILITY_TASKS) and key.endswith("/difference"))
    if not names:
        raise OperatorError(
            f"the scorecard has no metric {ABILITY_TASKS}.../difference: what was not measured cannot be shown to be kept. "
            "Restore the ability tasks and run the scorecard again."
        )
    losses = [-metrics[f"accuracy/{name}/difference"] for name in names]
    return pa.table({"task": pa.array(names, pa.string()), "loss": pa.array(losses, pa.float64())})
