"""What trials measured, and where it lies: var/sweep/data/trials, published whole, verified where it is read.

It belongs to this checkout and not to DVC: a trial is no step on the way to a release (docs/sweep.md).
"""

import math
from enum import StrEnum
from pathlib import Path

from latamgpt.records import Frozen
from latamgpt.store import Workspace, write_json
from latamgpt.sweep.trials import Trial

TRIALS, TRIAL_NAME = "trials", "trial.json"


class Domain(StrEnum):
    """What a held-out text stands for."""

    NEW = "new"  # the region's languages: what is to be learned
    OLD = "old"  # what the base knew, on text outside the replay
    REPLAY = "replay"  # the replay's own kind: shown, and not decided by, since replay teaches it


class LanguageResult(Frozen):
    """Bits per byte of one held-out text."""

    language: str
    domain: Domain
    before: float  # the base's
    after: float

    @property
    def change(self) -> float:
        """ln(after / before): -0.1 is a tenth fewer bits, nearly."""
        return math.log(self.after / self.before)


class TrialResult(Frozen):
    """What one trial measured and took. Hours and money are of the machine that ran it, and not the same twice."""

    rung: str
    base_model: str
    learning_rate: float
    replay_share: float  # asked for
    replay_trained: float  # of the tokens of the mixture that came of it
    seed: int
    identity: str  # of parameters and corpus: another identity is another trial
    num_parameters: int
    hidden_size: int
    num_tokens: int
    num_steps: int
    languages: tuple[LanguageResult, ...]
    accelerator_hours: float
    us_dollars: float
    kwh: float
    site: str

    def changes(self, domain: Domain) -> dict[str, float]:
        """ln(after / before) of every language of a domain."""
        return {each.language: each.change for each in self.languages if each.domain is domain}

    def mean_change(self, domain: Domain) -> float:
        """Their mean: each language weighs the same, as in the mixture's purpose; 0 where nothing was held out."""
        found = self.changes(domain)
        return math.fsum(found.values()) / len(found) if found else 0.0


def sweep_store(root: Path) -> Workspace:
    """Where a checkout's sweep keeps what it found."""
    return Workspace(root / "var" / "sweep")


def publish_result(root: Path, trial: Trial, result: TrialResult) -> None:
    """Keep a trial's result, whole or not at all."""
    with sweep_store(root).publish(TRIALS, trial.folder_name) as folder:
        write_json(folder / TRIAL_NAME, result)


def read_result(root: Path, trial: Trial) -> TrialResult | None:
    """What a trial measured; None where it was not run.

    Raises:
        InputDamagedError: its file is not as it was written.
    """
    store = sweep_store(root)
    if not store.place(TRIALS, trial.folder_name).is_dir():
        return None
    return TrialResult.model_validate_json((store.read(TRIALS, trial.folder_name) / TRIAL_NAME).read_bytes())
