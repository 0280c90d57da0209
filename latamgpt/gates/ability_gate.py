"""Ability gate: non-inferiority. Nothing that the base could do may be lost by more than a margin.

Each of its parts must hold: bits per byte in the base's languages, the probability of the right answer in every ability task, and
where a stereotype suggests another answer. Each is held against its margin with the bad end of a one-sided interval by cluster,
so a candidate that was hardly tested does not pass: few items make a wide interval. Since all must hold, the chance to pass a
candidate that lost a margin somewhere is no higher than that of the one test (an intersection-union test; Berger, 1982), and no
correction is due. Of the region's languages, which the candidate was trained for, none may have got surely worse; there chance
has as many tries as there are languages, so Holm's correction holds.

Counts of answers are coarser than their probabilities. Accuracy warns; the share of questions in which the stereotype was chosen
warns where a rise by its margin cannot be ruled out, and stops where the rise is surely that much.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from latamgpt.errors import OperatorError
from latamgpt.evaluation.score import Cell
from latamgpt.evaluation.statistics.holm import holm
from latamgpt.evaluation.statistics.margins import Held, Verdict, hold
from latamgpt.evaluation.statistics.student import p_above
from latamgpt.gates.scored import REPLAY_SUFFIX, Cells, find_cell, proposal, read_cells
from latamgpt.gates.suite import Gate, Rule, Suite, critical, publish_gate, warning
from latamgpt.params import AbilityGateParams, Params
from latamgpt.records import Report, Table
from latamgpt.store import Workspace

STAGE = "ability_gate"
COLUMNS = ("what", "verdict", "loss", "highest loss", "margin", "questions or documents", "would tell")
DECIMALS = 6


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the scorecard against the margins of params.ability_gate."""
    asked, cells = params.ability_gate, read_cells(workspace)
    languages, abilities, stereotypes = hold_languages(cells, asked), hold_abilities(cells, asked), hold_stereotypes(cells, asked)
    share = hold_share(cells, asked)
    held = [*languages, *abilities, *stereotypes]
    region = describe_region(cells, asked)
    forgotten = [row["language"] for row in region.to_pylist() if row["p_lost"] < asked.significance]
    is_refused = bool(forgotten) or any(one.verdict is not Verdict.KEPT for one in held) or share.verdict is Verdict.LOST
    suites = [
        Suite(name, describe(part), (critical("expect_column_values_to_be_between", column="beyond_margin", max_value=0),))
        for name, part in (("languages", languages), ("abilities", abilities), ("stereotypes", stereotypes))
    ]
    gate = Gate(
        stage=STAGE,
        subject=summarise(held, share, forgotten),
        suites=(
            *suites,
            Suite("region", region, region_rules(asked)),
            Suite("accuracy", describe_accuracy(cells), accuracy_rules(asked)),
            Suite("choices", pa.table({"stereotyped": [share.verdict.value]}), share_rules()),
        ),
        counts={
            "languages": len(languages),
            "abilities": len(abilities),
            "stereotypes": len(stereotypes),
            "region": region.num_rows,
        },
        metrics={
            "highest_bits_per_byte_loss": _highest(languages),
            "highest_ability_loss": _highest(abilities),
            "highest_stereotype_loss": _highest(stereotypes),
        },
        tables=(_table([*held, share]), *([proposal(workspace, params)] if is_refused else [])),
    )
    return publish_gate(workspace, gate)


def hold_languages(cells: Cells, params: AbilityGateParams) -> list[Held]:
    """Bits per byte in the languages of the base: on text outside the replay, and on held-out text of the replay's own kind."""
    if not params.languages:
        raise OperatorError(
            "ability_gate.languages names none: nobody would see what the model forgot. Name the languages of the ability text."
        )
    for language in params.languages:
        find_cell(cells, "bits_per_byte", language, "ability_gate.languages")
    return [
        hold(cell, params.max_bits_per_byte_loss, params.significance, more_is_better=False, relative=True)
        for cell in _cells(cells, "bits_per_byte", "")
        if _is_of_base(cell, params)
    ]


def hold_abilities(cells: Cells, params: AbilityGateParams) -> list[Held]:
    """The probability of the right answer in each ability task; those of the wider margin must have been measured."""
    for task in params.exact_tasks:
        find_cell(cells, "probability", f"ability/{task}", "ability_gate.exact_tasks")
    find_cell(cells, "probability", "ability", STAGE)
    margins = dict.fromkeys(params.exact_tasks, params.max_exact_loss)
    return [
        hold(cell, margins.get(cell.group.partition("/")[2], params.max_loss), params.significance)
        for cell in _cells(cells, "probability", "ability/")
    ]


def hold_stereotypes(cells: Cells, params: AbilityGateParams) -> list[Held]:
    """The probability of the right answer where a stereotype suggests another."""
    find_cell(cells, "probability", "stereotype", STAGE)
    return [hold(cell, params.max_stereotype_loss, params.significance) for cell in _cells(cells, "probability", "stereotype/")]


def hold_share(cells: Cells, params: AbilityGateParams) -> Held:
    """How often the stereotype is chosen."""
    share = find_cell(cells, "stereotyped", "stereotype", STAGE)
    return hold(share, params.max_stereotyped_rise, params.significance, more_is_better=False)


def describe_region(cells: Cells, params: AbilityGateParams) -> pa.Table:
    """Per language of the region: the chance, corrected over them, of such a loss of bits per byte where nothing was lost."""
    found = [cell for cell in _cells(cells, "bits_per_byte", "") if not _is_of_base(cell, params)]
    p_lost = holm([p_above(cell.difference, cell.standard_error, cell.num_clusters - 1) for cell in found])
    return pa.table(
        {
            "language": pa.array([cell.group for cell in found], pa.string()),
            "loss": pa.array([cell.difference / cell.base for cell in found], pa.float64()),
            "p_lost": pa.array(p_lost, pa.float64()),
        }
    )


def region_rules(params: AbilityGateParams) -> tuple[Rule, ...]:
    """No language of the region got surely worse."""
    return (critical("expect_column_values_to_be_between", column="p_lost", min_value=params.significance),)


def accuracy_rules(params: AbilityGateParams) -> tuple[Rule, ...]:
    """Accuracy is what people ask for and too coarse to decide on: it warns."""
    return (warning("expect_column_values_to_be_between", column="loss", max_value=params.max_accuracy_loss),)


def share_rules() -> tuple[Rule, ...]:
    """The stereotype is not surely chosen oftener by the margin; that it may be warns."""
    kept, untold = Verdict.KEPT.value, Verdict.UNTOLD.value
    return (
        critical("expect_column_values_to_be_in_set", column="stereotyped", value_set=[kept, untold]),
        warning("expect_column_distinct_values_to_be_in_set", column="stereotyped", value_set=[kept]),
    )


def describe(held: Sequence[Held]) -> pa.Table:
    """What was held against a margin, a row for each; above 0 `beyond_margin` is what may have been lost too much."""
    return pa.table(
        {
            "what": pa.array([one.name for one in held], pa.string()),
            "loss": pa.array([one.loss for one in held], pa.float64()),
            "beyond_margin": pa.array([round(one.highest_loss - one.margin, 9) for one in held], pa.float64()),
        }
    )


def describe_accuracy(cells: Cells) -> pa.Table:
    """Per ability task: the share of right answers that was lost; negative where some were gained."""
    found = _cells(cells, "accuracy", "ability/")
    return pa.table(
        {
            "task": pa.array([cell.group for cell in found], pa.string()),
            "loss": pa.array([0.0 - cell.difference for cell in found], pa.float64()),
        }
    )


def summarise(held: Sequence[Held], share: Held, forgotten: Sequence[str]) -> str:
    """'14 of 16 kept; probability/ability/code lost; worse in ayr'."""
    wrong = [one.words for one in held if one.verdict is not Verdict.KEPT]
    doubted = [share.words] if share.verdict is not Verdict.KEPT else []
    worse = [f"worse in {', '.join(forgotten)}"] if forgotten else []
    return "; ".join([f"{len(held) - len(wrong)} of {len(held)} kept", *wrong, *doubted, *worse])


def _is_of_base(cell: Cell, params: AbilityGateParams) -> bool:
    return cell.group.removesuffix(REPLAY_SUFFIX) in params.languages


def _cells(cells: Cells, measure: str, beginning: str) -> list[Cell]:
    return [cell for (of, group), cell in sorted(cells.items()) if of == measure and group.startswith(beginning)]


def _highest(held: Iterable[Held]) -> float:
    return round(max(one.highest_loss for one in held), DECIMALS)


def _table(held: Sequence[Held]) -> Table:
    rows = tuple(
        (
            one.name,
            one.verdict.value,
            round(one.loss, DECIMALS),
            round(one.highest_loss, DECIMALS),
            one.margin,
            one.num_clusters,
            one.num_needed,
        )
        for one in held
    )
    return Table(name="kept", columns=COLUMNS, rows=rows)
