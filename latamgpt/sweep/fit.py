"""The fit of a whole sweep: a rule and a proposal for each rung, and what carries over from rung to rung."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from latamgpt.errors import OperatorError
from latamgpt.params import SweepParams
from latamgpt.records import Frozen, Report
from latamgpt.store import write_json, write_report
from latamgpt.sweep.law import Law, Points, Sampled, fit_law
from latamgpt.sweep.proposal import Proposal, least_forgetting, propose, surface_of
from latamgpt.sweep.results import Domain, TrialResult, sweep_store
from latamgpt.sweep.transfer import Optimum, Transfer, transfer

FIT, FIT_NAME = "fit", "fit.json"


class RungFit(Frozen):
    """What one rung's trials say."""

    rung: str
    base_model: str
    hidden_size: int
    num_parameters: int
    num_tokens: int  # of a trial, at most
    num_trials: int
    learning_rates: tuple[float, float]  # measured between
    replay_shares: tuple[float, float]
    new: Law | None = None
    old: Law | None = None
    proposal: Proposal | None = None
    words: str  # what is proposed, or why nothing is

    def expected(self, learning_rate: float, replay_share: float) -> tuple[float, float] | None:
        """The change of new and old bits per byte that the rules expect at a point; None beyond what was measured."""
        inside = _within(learning_rate, self.learning_rates) and _within(replay_share, self.replay_shares)
        if self.new is None or self.old is None or not inside:
            return None
        rate = np.array([learning_rate])
        new, old = self.new.predict(rate, np.array([1 - replay_share])), self.old.predict(rate, np.array([replay_share]))
        return float(np.expm1(new[0])), float(np.expm1(old[0]))


class SweepFit(Frozen):
    """All rungs that have trials."""

    max_forgetting: float
    confidence: float
    rungs: tuple[RungFit, ...]
    transfer: Transfer


def fit_sweep(params: SweepParams, results: Sequence[TrialResult], widths: dict[str, int]) -> SweepFit:
    """Fit every rung that has trials; `widths` are the ladder's, for the rates that are carried over.

    Raises:
        OperatorError: there is no trial at all.
    """
    if not results:
        raise OperatorError(
            "no trial of the sweep was run, so there is nothing to fit. `latamgpt sweep plan` lists them with their price, "
            "`latamgpt sweep run TRIAL` runs one."
        )
    names = [rung.name for rung in params.ladder if any(one.rung == rung.name for one in results)]
    rungs = tuple(fit_rung(params, [one for one in results if one.rung == name]) for name in names)
    optima = [
        Optimum(
            rung=one.rung,
            hidden_size=one.hidden_size,
            learning_rate=one.proposal.learning_rate,
            low=one.proposal.likely_rates[0],
            high=one.proposal.likely_rates[1],
            is_inside=not any("learning rate" in edge for edge in one.proposal.edges),
        )
        for one in rungs
        if one.proposal
    ]
    return SweepFit(
        max_forgetting=params.max_forgetting,
        confidence=params.confidence,
        rungs=rungs,
        transfer=transfer(optima, widths),
    )


def fit_rung(params: SweepParams, results: Sequence[TrialResult]) -> RungFit:
    """The rule of one rung and its proposal, or the reason why there is none."""
    first = results[0]
    rates = np.array([one.learning_rate for one in results])
    shares = np.array([one.replay_share for one in results])
    bare = RungFit(
        rung=first.rung,
        base_model=first.base_model,
        hidden_size=first.hidden_size,
        num_parameters=first.num_parameters,
        num_tokens=max(one.num_tokens for one in results),
        num_trials=len(results),
        learning_rates=(float(rates.min()), float(rates.max())),
        replay_shares=(float(shares.min()), float(shares.max())),
        words="",
    )
    try:
        new, old = (_fit_domain(params, results, domain) for domain in (Domain.NEW, Domain.OLD))
    except OperatorError as error:
        return bare.model_copy(update={"words": str(error)})
    fitted = bare.model_copy(update={"new": new.law, "old": old.law})
    if untold := [domain.value for domain, one in ((Domain.NEW, new), (Domain.OLD, old)) if not one.law.tells]:
        return fitted.model_copy(update={"words": _cannot_tell(untold, new, old)})
    surface = surface_of(new, old, rates, shares, params.confidence)
    proposal = propose(surface, params.max_forgetting)
    if proposal is None:
        rate, share, least = least_forgetting(surface)
        words = (
            f"no point that was measured surely forgets less than {params.max_forgetting:.1%}: the least is {least:+.1%}, at "
            f"learning rate {rate:.2g} and replay share {share:.0%}. Try more replay or a lower learning rate"
        )
        return fitted.model_copy(update={"words": words})
    return fitted.model_copy(update={"proposal": proposal, "words": _words(proposal)})


def publish_fit(root: Path, fit: SweepFit, report: Report) -> None:
    """Keep a fit and its report beside the trials, for whoever asks what to change."""
    with sweep_store(root).publish(FIT) as folder:
        write_json(folder / FIT_NAME, fit)
        write_report(folder, report)


def read_fit(root: Path) -> SweepFit | None:
    """The fit that was last published; None where there is none."""
    store = sweep_store(root)
    if not store.place(FIT).is_dir():
        return None
    return SweepFit.model_validate_json((store.read(FIT) / FIT_NAME).read_bytes())


def advice(fit: SweepFit, base_model: str, learning_rate: float, replay_share: float) -> str:
    """What to change of a run that forgot too much or gained too little, in a sentence; '' where the sweep says nothing of it."""
    rung = next((one for one in fit.rungs if one.base_model == base_model), None)
    if rung is None or rung.proposal is None:
        return ""
    asked, expected = rung.proposal, rung.expected(learning_rate, replay_share)
    now = f" (now {learning_rate:.2g} and {replay_share:.0%}"
    now += f": new {expected[0]:+.1%}, old {expected[1]:+.1%})" if expected else ", beyond what was measured)"
    return (
        f"the sweep on {rung.rung}, {rung.num_trials} trials of {rung.num_tokens:,} tokens, proposes learning rate "
        f"{asked.learning_rate:.2g} and replay share {asked.replay_share:.0%}{now}: new text {asked.new.words()}, what the base "
        f"knew {asked.old.words()} of its bits per byte"
    )


def _fit_domain(params: SweepParams, results: Sequence[TrialResult], domain: Domain) -> Sampled:
    languages = sorted(results[0].changes(domain))
    if not languages or any(sorted(one.changes(domain)) != languages for one in results):
        raise OperatorError(
            f"cannot tell: the trials of {results[0].rung} were not measured on the same {domain} texts. Run them again "
            "(`latamgpt sweep run --all`): a changed corpus makes other trials of them."
        )
    points = Points(
        learning_rates_N=np.array([one.learning_rate for one in results]),
        shares_N=np.array([one.replay_share if domain is Domain.OLD else 1 - one.replay_share for one in results]),
        changes_NL=np.array([[one.changes(domain)[name] for name in languages] for one in results]),
    )
    return fit_law(points, num_samples=params.bootstrap_samples, confidence=params.confidence, seed=params.seed)


def _cannot_tell(untold: Sequence[str], new: Sampled, old: Sampled) -> str:
    chances = f"new {new.law.chance:.3f}, old {old.law.chance:.3f}"
    return (
        f"cannot tell: on the {' and the '.join(untold)} domain shuffled trials explain as much as these (chance: {chances}). "
        "Run more seeds or more tokens"
    )


def _words(proposal: Proposal) -> str:
    edge = f"; on the edge of what was measured ({', '.join(proposal.edges)}): widen the grid" if proposal.edges else ""
    return (
        f"learning rate {proposal.learning_rate:.2g}, replay share {proposal.replay_share:.0%}: new text {proposal.new.words()}, "
        f"what the base knew {proposal.old.words()}{edge}"
    )


def _within(value: float, ends: tuple[float, float]) -> bool:
    return ends[0] <= value <= ends[1]
