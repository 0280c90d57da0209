"""A sweep for people: its trials, its rules, what it proposes, as one report with curves."""

from collections.abc import Sequence

import numpy as np

from latamgpt.params import SweepParams
from latamgpt.records import Curve, Report, Table
from latamgpt.sweep.fit import RungFit, SweepFit
from latamgpt.sweep.law import Law
from latamgpt.sweep.results import Domain, TrialResult
from latamgpt.sweep.trials import trials_of

POINTS_PER_CURVE = 33
STAGE = "sweep_fit"


def report_on(params: SweepParams, results: Sequence[TrialResult], fit: SweepFit) -> Report:
    """What was measured and what follows from it."""
    num_trials = len(trials_of(params))
    proposed = [one for one in fit.rungs if one.proposal]
    said = "; ".join(f"{one.rung}: {one.words}" for one in fit.rungs)
    return Report(
        stage=STAGE,
        summary=f"{len(results)} of {num_trials} trials on {len(fit.rungs)} of {len(params.ladder)} rungs. {said}. "
        f"{fit.transfer.words[0].upper()}{fit.transfer.words[1:]}",
        counts={"trials": len(results), "rungs": len(fit.rungs), "proposals": len(proposed)},
        metrics={
            f"{one.rung}/{name}": value
            for one in proposed
            if one.proposal
            for name, value in {
                "learning_rate": one.proposal.learning_rate,
                "replay_share": one.proposal.replay_share,
                "new_change": one.proposal.new.value,
                "old_change": one.proposal.old.value,
            }.items()
        },
        tables=(trials_table(results), rules_table(fit), proposals_table(fit)),
        curves=tuple(curve for one in fit.rungs for curve in curves_of(one)),
    )


def trials_table(results: Sequence[TrialResult]) -> Table:
    """A row per trial: changes of bits per byte against the base, in percent."""
    return Table(
        name="trials",
        columns=(
            *("rung", "learning rate", "replay", "seed", "new, %", "old, %", "replayed kind, %"),
            *("tokens", "accelerator hours", "US$", "kWh"),
        ),
        rows=tuple(
            (
                *(one.rung, one.learning_rate, one.replay_share, one.seed),
                *(percent(one.mean_change(domain)) for domain in (Domain.NEW, Domain.OLD, Domain.REPLAY)),
                *(one.num_tokens, one.accelerator_hours, one.us_dollars, one.kwh),
            )
            for one in results
        ),
    )


def languages_table(result: TrialResult) -> Table:
    """A row per held-out text of one trial."""
    return Table(
        name="languages",
        columns=("text", "domain", "before", "after", "change, %"),
        rows=tuple((one.language, one.domain.value, one.before, one.after, percent(one.change)) for one in result.languages),
    )


def rules_table(fit: SweepFit) -> Table:
    """A row per rung and domain: the rule's numbers, and whether it tells anything."""
    rows = [
        (one.rung, domain, law.num_trials, law.power, law.explained, law.chance, 100 * law.residual, "yes" if law.tells else "NO")
        for one in fit.rungs
        for domain, law in ((Domain.NEW.value, one.new), (Domain.OLD.value, one.old))
        if law
    ]
    columns = ("rung", "domain", "trials", "power of the share", "explained", "by chance", "residual, %", "tells")
    return Table(name="rules", columns=columns, rows=tuple(rows))


def proposals_table(fit: SweepFit) -> Table:
    """A row per rung: the proposal with its intervals, or why there is none; and one for what carries over."""
    rows = [(one.rung, one.num_tokens, one.words) for one in fit.rungs]
    return Table(
        name="proposals", columns=("rung", "tokens of a trial", "proposal"), rows=(*rows, ("larger", None, fit.transfer.words))
    )


def curves_of(rung: RungFit) -> tuple[Curve, ...]:
    """Both rules over the replay share, at the smallest, middle and largest learning rate that was measured."""
    if rung.new is None or rung.old is None:
        return ()
    low, high = rung.learning_rates
    shares = np.linspace(*rung.replay_shares, POINTS_PER_CURVE)
    found: list[Curve] = []
    for rate in np.geomspace(low, high, 3):
        rates = np.full_like(shares, rate)
        for domain, law, own in ((Domain.NEW, rung.new, 1 - shares), (Domain.OLD, rung.old, shares)):
            found.append(_curve(rung, domain, float(rate), law, rates, shares, own))
    return tuple(found)


def percent(change: float) -> float:
    """A change in ln as percent."""
    return round(100 * float(np.expm1(change)), 2)


def _curve(rung: RungFit, domain: Domain, rate: float, law: Law, rates: np.ndarray, shares: np.ndarray, own: np.ndarray) -> Curve:
    return Curve(
        name=f"{rung.rung} lr {rate:.2g}",
        x_label="replay share",
        y_label=f"{domain} bits per byte, % of the base's",
        x=tuple(float(value) for value in shares),
        y=tuple(100 * float(value) for value in np.expm1(law.predict(rates, own))),
    )
