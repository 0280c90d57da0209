"""What the gates of a model read: the comparisons of scorecard.json, and what to change where one does not hold."""

from collections.abc import Mapping

from latamgpt.errors import OperatorError
from latamgpt.evaluation.score import Cell, Scorecard
from latamgpt.params import Params
from latamgpt.records import Table
from latamgpt.store import Workspace
from latamgpt.sweep.fit import advice, read_fit

REPLAY_SUFFIX = "-replay"  # how the scorecard names held-out text of the replay's own kind

Cells = Mapping[tuple[str, str], Cell]


def read_cells(workspace: Workspace) -> Cells:
    """The published scorecard's comparisons, by measure and group."""
    written = (workspace.read("scorecard") / "scorecard.json").read_bytes()
    return {(cell.measure, cell.group): cell for cell in Scorecard.model_validate_json(written).cells}


def find_cell(cells: Cells, measure: str, group: str, asked_by: str) -> Cell:
    """One comparison.

    Raises:
        OperatorError: it was not made: what was not measured cannot be shown to be kept, or gained.
    """
    if (measure, group) not in cells:
        raise OperatorError(
            f"the scorecard has no {measure}/{group}, which {asked_by} asks for: what was not measured cannot be shown to be "
            "kept or gained. Restore its items (latamgpt/evaluation/tasks, samples/ability_text) and run the scorecard again, or "
            f"mend {asked_by} in params.yaml."
        )
    return cells[measure, group]


def proposal(workspace: Workspace, params: Params) -> Table:
    """What the sweep's fit would change of a run that was refused: its replay share and learning rate."""
    fit = read_fit(workspace.root)
    if fit is None:
        words = "no sweep was run: `latamgpt sweep plan` lists trials of replay shares and learning rates with their price"
    else:
        model = params.base_model.name
        words = advice(fit, model, params.checkpoint.learning_rate, params.mixture.replay_share)
        words = words or f"the sweep that was run proposes nothing for {model}: `latamgpt sweep show` says why"
    return Table(name="proposal", columns=("what to change",), rows=((words,),))
