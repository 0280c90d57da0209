"""What the rule proposes: the learning rate and replay share that gain most on the new domain, with the old one not forgotten.

Only inside of what was measured: between the smallest and the largest learning rate and share that trials had.
"""

# M points of the raster  B samples

from dataclasses import dataclass

import numpy as np

from latamgpt.records import Frozen
from latamgpt.sweep.law import Floats, Sampled

RASTER = 33  # learning rates x as many shares


class Interval(Frozen):
    """A change of bits per byte against the base, as a share of them: -0.1 is a tenth fewer."""

    value: float
    low: float
    high: float

    def words(self) -> str:
        """'-10.0% (-12.1% to -8.2%)'."""
        return f"{self.value:+.1%} ({self.low:+.1%} to {self.high:+.1%})"


class Proposal(Frozen):
    """One point, and what the rule expects of it."""

    learning_rate: float
    replay_share: float
    new: Interval
    old: Interval
    edges: tuple[str, ...]  # of what was measured, on which the point lies: beyond may be better
    likely_rates: tuple[float, float]  # between which the best learning rate lies in so many of the samples


@dataclass(frozen=True)
class Surface:
    """Both rules over a raster of the measured region, with their samples."""

    learning_rates_M: Floats
    replay_shares_M: Floats
    new_M: Floats  # ln(after / before)
    old_M: Floats
    new_MB: Floats
    old_MB: Floats
    confidence: float

    def old_upper(self) -> Floats:
        """What the old domain's change stays under, at every point, with the confidence asked for."""
        return np.quantile(self.old_MB, self.confidence, axis=1)

    def interval(self, values_M: Floats, samples_MB: Floats, at: int) -> Interval:
        """A change at one point, with the middle of its samples."""
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(samples_MB[at], [tail, 1 - tail])
        value = float(values_M[at])
        return Interval(
            value=float(np.expm1(value)), low=float(np.expm1(min(low, value))), high=float(np.expm1(max(high, value)))
        )

    def likely_rates(self, margin: float) -> tuple[float, float]:
        """Between what the best learning rate lies in most samples that allow any; anywhere, where none does."""
        allowed_MB = self.old_MB <= np.log1p(margin)
        best_B = np.argmin(np.where(allowed_MB, self.new_MB, np.inf), axis=0)
        rates = self.learning_rates_M[best_B[allowed_MB.any(axis=0)]]
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(rates if len(rates) else self.learning_rates_M, [tail, 1 - tail])
        half_step = (self.learning_rates_M.max() / self.learning_rates_M.min()) ** (0.5 / (RASTER - 1))
        return float(low / half_step), float(high * half_step)  # the raster knows no better


def surface_of(new: Sampled, old: Sampled, learning_rates: Floats, replay_shares: Floats, confidence: float) -> Surface:
    """Both rules over the region that these trials span: evenly in ln(learning rate) and in the replay share."""
    rates = np.geomspace(learning_rates.min(), learning_rates.max(), RASTER)
    shares = np.linspace(replay_shares.min(), replay_shares.max(), RASTER)
    rate_grid, share_grid = np.meshgrid(rates, shares, indexing="ij")
    rates_M, shares_M = rate_grid.ravel(), share_grid.ravel()
    return Surface(
        learning_rates_M=rates_M,
        replay_shares_M=shares_M,
        new_M=new.law.predict(rates_M, 1 - shares_M),
        old_M=old.law.predict(rates_M, shares_M),
        new_MB=new.predict(rates_M, 1 - shares_M),
        old_MB=old.predict(rates_M, shares_M),
        confidence=confidence,
    )


def propose(surface: Surface, margin: float) -> Proposal | None:
    """The point with the greatest gain among those that surely forget less than the margin; None where none does."""
    allowed_M = surface.old_upper() <= np.log1p(margin)
    if not allowed_M.any():
        return None
    at = int(np.argmin(np.where(allowed_M, surface.new_M, np.inf)))
    rate, share = float(surface.learning_rates_M[at]), float(surface.replay_shares_M[at])
    return Proposal(
        learning_rate=rate,
        replay_share=share,
        new=surface.interval(surface.new_M, surface.new_MB, at),
        old=surface.interval(surface.old_M, surface.old_MB, at),
        edges=edges_of(surface, rate, share),
        likely_rates=surface.likely_rates(margin),
    )


def least_forgetting(surface: Surface) -> tuple[float, float, float]:
    """Learning rate, replay share, and the change of the old domain that stays under this: where it is least."""
    upper = surface.old_upper()
    at = int(np.argmin(upper))
    return float(surface.learning_rates_M[at]), float(surface.replay_shares_M[at]), float(np.expm1(upper[at]))


def edges_of(surface: Surface, learning_rate: float, replay_share: float) -> tuple[str, ...]:
    """Which ends of the measured region a point lies on."""
    found: list[str] = []
    for name, value, values in (
        ("learning rate", learning_rate, surface.learning_rates_M),
        ("replay share", replay_share, surface.replay_shares_M),
    ):
        for end, at in (("smallest", values.min()), ("largest", values.max())):
            if np.isclose(value, at, rtol=1e-9, atol=1e-12):
                found.append(f"{end} {name}")
    return tuple(found)
