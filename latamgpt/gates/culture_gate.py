"""Culture gate: superiority. The candidate must have gained in the languages and the culture of the region.

The gain of a language is how much its bits per byte fell, relative to the base; it counts where it is significant with Holm's
correction over all languages. Of the written questions the probability of the right answer is held against the base's, battery by
battery, one-sided, with Holm's correction over the batteries that params.culture_gate names. Which of it stops a candidate,
a gain that is not shown or only a loss that is, params.culture_gate.questions says.
"""

from dataclasses import dataclass

import pyarrow as pa

from latamgpt.errors import OperatorError
from latamgpt.evaluation.score import Cell
from latamgpt.evaluation.statistics.holm import holm
from latamgpt.evaluation.statistics.student import p_above
from latamgpt.gates.scored import REPLAY_SUFFIX, Cells, find_cell, proposal, read_cells
from latamgpt.gates.suite import Gate, Rule, Suite, critical, one_row, publish_gate, warning
from latamgpt.params import CultureGateParams, CultureQuestions, Params
from latamgpt.records import Report, Table
from latamgpt.store import Workspace

STAGE = "culture_gate"
CULTURE = "culture"  # the battery that must have gained
DECIMALS = 6


@dataclass(frozen=True)
class Battery:
    """A battery's comparison, with the chances, corrected over the family, of what is seen if nothing was gained, or lost."""

    cell: Cell
    p_gained: float
    p_lost: float


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the scorecard's bits per byte, all but those of the replay, and its questions against params.culture_gate."""
    asked, cells = params.culture_gate, read_cells(workspace)
    languages = describe_languages(cells, params.mixture.replay_languages, asked.significance)
    batteries = compare_batteries(cells, asked)
    gains = languages["gain"].to_pylist()
    mean_gain = sum(gains) / len(gains)
    num_gained = sum(languages["is_gained"].to_pylist())
    culture = next(battery for battery in batteries if battery.cell.group == CULTURE)
    gate = Gate(
        stage=STAGE,
        subject=f"{num_gained} of {len(gains)} languages gained, bits per byte {-mean_gain:+.1%} on average; right answers on "
        f"culture {100 * culture.cell.difference:+.2f} points (p {culture.p_gained:.3g})",
        suites=(
            Suite("languages", languages.drop_columns(["is_gained"]), language_rules(asked)),
            Suite("profile", one_row({"num_languages_gained": num_gained}), profile_rules(asked)),
            Suite("culture", one_row({"p_gained": culture.p_gained}), culture_rules(asked)),
            Suite("batteries", describe_batteries(batteries), battery_rules(asked)),
        ),
        counts={"languages": len(gains), "languages_gained": num_gained, "batteries": len(batteries)},
        metrics={"mean_gain": mean_gain, "culture_gain": culture.cell.difference, "culture_p": culture.p_gained},
        tables=(
            _battery_table(batteries),
            _claim_table(cells, asked),
            *([] if holds(mean_gain, num_gained, batteries, asked) else [proposal(workspace, params)]),
        ),
    )
    return publish_gate(workspace, gate)


def language_rules(params: CultureGateParams) -> tuple[Rule, ...]:
    """The mean over languages, each counted once however much text it has."""
    return (critical("expect_column_mean_to_be_between", column="gain", min_value=params.min_mean_gain),)


def profile_rules(params: CultureGateParams) -> tuple[Rule, ...]:
    """How many languages gained for certain."""
    least = params.min_languages_gained
    return (critical("expect_column_min_to_be_between", column="num_languages_gained", min_value=least),)


def culture_rules(params: CultureGateParams) -> tuple[Rule, ...]:
    """Culture gained for certain: stops a candidate, or is shown."""
    rule = critical if params.questions is CultureQuestions.SUPERIOR else warning
    return (rule("expect_column_max_to_be_between", column="p_gained", max_value=params.significance),)


def battery_rules(params: CultureGateParams) -> tuple[Rule, ...]:
    """No battery of the region is surely worse than the base's: stops a candidate, but where the base knows nothing."""
    rule = warning if params.questions is CultureQuestions.SHOWN else critical
    return (rule("expect_column_values_to_be_between", column="p_lost", min_value=params.significance),)


def holds(mean_gain: float, num_gained: int, batteries: list[Battery], params: CultureGateParams) -> bool:
    """Whether nothing stops the candidate."""
    culture = next(battery for battery in batteries if battery.cell.group == CULTURE)
    return (
        mean_gain >= params.min_mean_gain
        and num_gained >= params.min_languages_gained
        and (params.questions is not CultureQuestions.SUPERIOR or culture.p_gained <= params.significance)
        and (params.questions is CultureQuestions.SHOWN or all(battery.p_lost >= params.significance for battery in batteries))
    )


def describe_languages(cells: Cells, replay_languages: tuple[str, ...], significance: float) -> pa.Table:
    """Per language outside the replay: its gain, and whether it is certain."""
    measured = sorted(group for measure, group in cells if measure == "bits_per_byte")
    names = [n for n in measured if n not in replay_languages and not n.endswith(REPLAY_SUFFIX)]
    if not names:
        raise OperatorError(
            f"the scorecard measures no language of the region (only: {', '.join(measured) or 'none'}). Without held-out text in "
            "them nothing can be gained. Raise token_shards.held_out_share, or add deliveries."
        )
    found = [cells["bits_per_byte", name] for name in names]
    return pa.table(
        {
            "language": pa.array(names, pa.string()),
            "gain": [-cell.difference / cell.base for cell in found],
            "is_gained": [cell.difference < 0 and cell.p_holm < significance for cell in found],
        }
    )


def compare_batteries(cells: Cells, params: CultureGateParams) -> list[Battery]:
    """Each battery that params.culture_gate names, held one-sided against the base, either way."""
    found = [find_cell(cells, "probability", name, "culture_gate.batteries") for name in params.batteries]
    gained = holm([p_above(cell.difference, cell.standard_error, cell.num_clusters - 1) for cell in found])
    lost = holm([p_above(-cell.difference, cell.standard_error, cell.num_clusters - 1) for cell in found])
    return [Battery(*one) for one in zip(found, gained, lost, strict=True)]


def describe_batteries(batteries: list[Battery]) -> pa.Table:
    """Per battery: the chance, corrected, of seeing so much less where nothing was lost."""
    return pa.table(
        {
            "battery": pa.array([battery.cell.group for battery in batteries], pa.string()),
            "p_lost": pa.array([battery.p_lost for battery in batteries], pa.float64()),
        }
    )


def _battery_table(batteries: list[Battery]) -> Table:
    columns = ("battery", "base", "candidate", "difference", "detectable", "p gained", "p lost")
    rows = tuple(
        (
            *(b.cell.group, b.cell.base, b.cell.candidate, b.cell.difference, b.cell.minimum_detectable),
            *(round(b.p_gained, DECIMALS), round(b.p_lost, DECIMALS)),
        )
        for b in batteries
    )
    return Table(name="batteries", columns=columns, rows=rows)


def _claim_table(cells: Cells, params: CultureGateParams) -> Table:
    """The countries, languages and varieties of which a change may be claimed: those that Holm's correction leaves."""
    rows = tuple(
        (cell.group, "gained" if cell.difference > 0 else "lost", cell.difference, cell.low, cell.high, cell.p_holm)
        for (measure, group), cell in sorted(cells.items())
        if measure == "probability" and group.partition("/")[0] in params.batteries and "/" in group
        if cell.p_holm < params.significance
    )
    return Table(name="claims", columns=("of", "what", "difference", "low", "high", "p Holm"), rows=rows)
