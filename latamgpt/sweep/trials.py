"""The trials of a sweep, by name: a rung, a learning rate, a replay share, a seed."""

from dataclasses import dataclass

from latamgpt.errors import OperatorError
from latamgpt.params import RungParams, SweepParams


@dataclass(frozen=True)
class Trial:
    """One point of the grid on one rung."""

    rung: str
    learning_rate: float  # peak
    replay_share: float
    seed: int

    @property
    def name(self) -> str:
        """As Dagster's partition, MLflow's tag and the command line call it: 'tiny/lr=0.001/replay=0.25/seed=1'."""
        return f"{self.rung}/lr={self.learning_rate:g}/replay={self.replay_share:g}/seed={self.seed}"

    @property
    def folder_name(self) -> str:
        """The same as one name of a folder."""
        return self.name.replace("/", "_")


def trials_of(params: SweepParams, rungs: tuple[str, ...] = ()) -> tuple[Trial, ...]:
    """Every trial of these rungs, or of all, in the order of params.yaml.

    Raises:
        OperatorError: there is no such rung.
    """
    for name in rungs:
        find_rung(params, name)
    return tuple(
        Trial(rung.name, rate, share, seed)
        for rung in params.ladder
        if not rungs or rung.name in rungs
        for rate in rung.learning_rates
        for share in params.replay_shares
        for seed in params.seeds
    )


def find_trial(params: SweepParams, name: str) -> Trial:
    """The trial of this name.

    Raises:
        OperatorError: the sweep has none.
    """
    known = {trial.name: trial for trial in trials_of(params)}
    if name not in known:
        raise OperatorError(
            f"the sweep has no trial {name!r}: nothing was run. It has {len(known)}, such as {next(iter(known))!r}. "
            "`latamgpt sweep plan` lists them; params.yaml, section sweep, says what they are."
        )
    return known[name]


def find_rung(params: SweepParams, name: str) -> RungParams:
    """The rung of this name.

    Raises:
        OperatorError: the ladder has none.
    """
    for rung in params.ladder:
        if rung.name == name:
            return rung
    raise OperatorError(f"the ladder has no rung {name!r}. It has: {', '.join(rung.name for rung in params.ladder)}.")
