"""Sweeps whose law is known, since it was planted: what the fit must find again."""

from collections.abc import Callable

import numpy as np

from latamgpt.params import RungParams, SweepParams
from latamgpt.sweep.results import Domain, LanguageResult, TrialResult
from latamgpt.sweep.trials import trials_of

LANGUAGES = {"arn": Domain.NEW, "gug": Domain.NEW, "que": Domain.NEW, "ability-en": Domain.OLD, "en": Domain.REPLAY}
BASE = 2.0  # bits per byte before

Law = Callable[[float, float], float]  # learning rate, replay share -> ln(after / before)


def rung(name: str = "tiny", rates: tuple[float, ...] = (1e-4, 3e-4, 1e-3), base: str = "tiny-llama") -> RungParams:
    return RungParams(
        name=name,
        profile="tiny",
        base_model=base,
        num_tokens=1000,
        learning_rates=rates,
        max_us_dollars=1,
        max_accelerator_hours=1,
    )


def sweep(*ladder: RungParams, seeds: tuple[int, ...] = (1, 2), shares: tuple[float, ...] = (0.0, 0.1, 0.25, 0.5)) -> SweepParams:
    return SweepParams(
        ladder=ladder or (rung(),),
        replay_shares=shares,
        seeds=seeds,
        evaluate_tokens=100,
        max_forgetting=0.02,
        bootstrap_samples=100,
        confidence=0.9,
        seed=3,
    )


def results(
    params: SweepParams, new: Law, old: Law, *, noise: float = 0.001, widths: dict[str, int] | None = None, draw: int = 0
) -> tuple[TrialResult, ...]:
    """Trials that follow these laws, with noise of this standard deviation in each language of each trial."""
    draws = np.random.default_rng(draw)
    bases = {one.name: one.base_model for one in params.ladder}
    found: list[TrialResult] = []
    for trial in trials_of(params):
        true = {Domain.NEW: new, Domain.OLD: old, Domain.REPLAY: old}
        languages = tuple(
            LanguageResult(
                language=name,
                domain=domain,
                before=BASE,
                after=BASE * float(np.exp(true[domain](trial.learning_rate, trial.replay_share) + draws.normal(0, noise))),
            )
            for name, domain in LANGUAGES.items()
        )
        found.append(
            TrialResult(
                rung=trial.rung,
                base_model=bases[trial.rung],
                learning_rate=trial.learning_rate,
                replay_share=trial.replay_share,
                replay_trained=trial.replay_share,
                seed=trial.seed,
                identity="planted",
                num_parameters=1,
                hidden_size=(widths or {}).get(trial.rung, 128),
                num_tokens=1000,
                num_steps=1,
                languages=languages,
                accelerator_hours=0.1,
                us_dollars=0.0,
                kwh=0.0,
                site="laptop",
            )
        )
    return tuple(found)


def parabola(best_rate: float, depth: float = 0.2, bend: float = 0.05) -> Law:
    """A gain that is greatest at one learning rate and grows with the square root of the new text's share."""
    return lambda rate, replay: -depth * (1 - replay) ** 0.5 + bend * (np.log(rate / best_rate)) ** 2


def forgetting(rate: float, replay: float) -> float:
    """Grows with the learning rate where nothing is replayed; replay takes it back, the first shares most."""
    return 0.06 + 0.03 * float(np.log(rate / 3e-4)) - (0.09 + 0.02 * float(np.log(rate / 3e-4))) * replay**0.4


def nothing(rate: float, replay: float) -> float:
    """No law at all."""
    return 0.0
