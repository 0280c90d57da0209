"""A workspace that works for a larger run: all runs of it are children of that one in MLflow."""

from latamgpt.records import Frozen
from latamgpt.store import Workspace, replace_json

PARENT_TAG = "mlflow.parentRunId"


class Nesting(Frozen):
    """What the runs of a workspace belong to."""

    parent: str  # MLflow's id of the larger run; '' where MLflow has not heard of it yet
    params: dict[str, str]
    tags: dict[str, str]

    @property
    def all_tags(self) -> dict[str, str]:
        """With the one by which MLflow shows a run under its parent."""
        return self.tags | ({PARENT_TAG: self.parent} if self.parent else {})


NOT_NESTED = Nesting(parent="", params={}, tags={})


def nest(workspace: Workspace, nesting: Nesting) -> None:
    """Have every run that begins in this workspace from now on belong to a larger one."""
    path = workspace.root / "var" / "nesting.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_json(path, nesting)


def nesting_of(workspace: Workspace) -> Nesting:
    """What the runs of this workspace belong to: nothing, as a rule."""
    path = workspace.root / "var" / "nesting.json"
    return Nesting.model_validate_json(path.read_bytes()) if path.is_file() else NOT_NESTED
