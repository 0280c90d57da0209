"""Which results stand: those of trials with today's parameters on today's corpus."""

import hashlib

import orjson

from latamgpt.ladder.rungs import rung_identity, rung_params
from latamgpt.params import Params, RungParams, SweepParams
from latamgpt.store import Workspace
from latamgpt.sweep.results import TrialResult, read_result
from latamgpt.sweep.trials import Trial, find_rung

ALL_STEPS = 1 << 30  # evaluated before the first and after the last step alone


def trial_params(params: Params, rung: RungParams, sweep: SweepParams, trial: Trial) -> Params:
    """The parameters that a trial's stages run with: the rung's, and what the trial is of."""
    mixture = {"num_tokens": rung.num_tokens, "replay_share": trial.replay_share, "seed": trial.seed}
    checkpoint = {
        "learning_rate": trial.learning_rate,
        "seed": trial.seed,
        "evaluate_tokens": sweep.evaluate_tokens,
        "evaluate_every_steps": ALL_STEPS,
    }
    return params.model_copy(
        update={
            "mixture": params.mixture.model_copy(update=mixture),
            "checkpoint": params.checkpoint.model_copy(update=checkpoint),
        }
    )


def trial_identity(checkout: Workspace, params: Params) -> str:
    """Of what a trial is: its parameters and the corpus. The program is not in it: a sweep outlives many commits."""
    sections = params.model_dump(mode="json", include={"mixture", "checkpoint"})
    what = {"params": sections, "rung": rung_identity(checkout, params)}
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()


def standing_result(checkout: Workspace, sweep: SweepParams, trial: Trial) -> TrialResult | None:
    """What a trial measured; None where it was not run, or on another corpus or with other parameters.

    Raises:
        OperatorError: params.yaml gives another base than the trial's rung, so that nobody can say.
    """
    found = read_result(checkout.root, trial)
    if found is None:
        return None
    rung = find_rung(sweep, trial.rung)
    params = trial_params(rung_params(checkout.root, rung), rung, sweep, trial)
    return found if found.identity == trial_identity(checkout, params) else None
