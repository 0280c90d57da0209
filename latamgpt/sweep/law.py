"""The mixture rule of one domain: how its loss changes with learning rate and with its share of the tokens.

    ln(after / before) = k + a x + b x^2 + (c + d x) s^g        x = ln(learning rate), centred; s = the domain's share

The power of the share is D-CPT's (Que et al. 2024, https://arxiv.org/abs/2406.01375, equation 6, at one size and one number of
tokens); learning rate and share act on each other as in Sailor (Dou et al. 2024, https://arxiv.org/abs/2404.03608, section 4.2),
which fits a parabola in ln(share) - ln(learning rate). Where we differ: the power is of s itself, so that no replay at all has
a finite loss, and b is left out where fewer than three learning rates were tried, g where fewer than three shares were.

For a given g all else is linear: least squares, exactly. g is the best of a grid.
"""

# N trials  P coefficients  B samples

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen

Floats = npt.NDArray[np.float64]

POWERS = tuple(round(0.1 * n, 1) for n in range(1, 21))
"""Tried for g; D-CPT's fits lie between 0.1 and 1.3."""
PERMUTATIONS = 999
LEAST_DEGREES = 2
"""Trials beyond the coefficients, without which any rule fits any numbers."""
LEAST_RATES_FOR_PARABOLA = LEAST_SHARES_FOR_POWER = 3


class Law(Frozen):
    """A fitted rule, and whether it tells anything."""

    centre: float  # ln of the learning rate that x is counted from
    has_parabola: bool
    power: float
    coefficients: tuple[float, ...]
    num_trials: int
    explained: float  # R squared
    chance: float  # that as much is explained where nothing depends on anything: by permutation
    residual: float  # standard deviation, in ln
    tells: bool

    def predict(self, learning_rates: Floats, shares: Floats) -> Floats:
        """ln(after / before) at these points."""
        design = design_matrix(np.log(learning_rates) - self.centre, shares, self.power, has_parabola=self.has_parabola)
        return design @ np.array(self.coefficients)


@dataclass(frozen=True)
class Points:
    """Trials of one rung as numbers: where they lie, and each language's ln(after / before)."""

    learning_rates_N: Floats
    shares_N: Floats
    changes_NL: Floats  # L languages


@dataclass(frozen=True)
class Sampled:
    """The rule as it might have come out: one law for each sample of languages and residuals."""

    law: Law
    powers_B: Floats
    coefficients_PB: Floats

    def predict(self, learning_rates: Floats, shares: Floats) -> Floats:
        """ln(after / before) at M points in every sample: M x B."""
        x = np.log(learning_rates) - self.law.centre
        found = np.empty((len(x), len(self.powers_B)))
        for power in np.unique(self.powers_B):
            mine = self.powers_B == power
            design = design_matrix(x, shares, float(power), has_parabola=self.law.has_parabola)
            found[:, mine] = design @ self.coefficients_PB[:, mine]
        return found


def design_matrix(x: Floats, shares: Floats, power: float, *, has_parabola: bool) -> Floats:
    """One row per point, one column per coefficient: k, a, c, d, and b where there is a parabola."""
    raised = shares**power
    columns = [np.ones_like(x), x, raised, x * raised, *([x**2] if has_parabola else [])]
    return np.stack(columns, axis=1)


def fit_law(points: Points, *, num_samples: int, confidence: float, seed: int) -> Sampled:
    """The rule, and what it might have been: bootstrap over languages, and over the residuals, in which seeds differ.

    It tells something where shuffled trials seldom (less than 1 - confidence) explain as much.

    Raises:
        OperatorError: too few trials, learning rates or shares to fit anything.
    """
    draws = np.random.default_rng(seed)
    x = np.log(points.learning_rates_N)
    centre = float(np.mean(np.unique(x)))
    fitter = _Fitter.of(x - centre, points.shares_N)
    y: Floats = points.changes_NL.mean(axis=1, keepdims=True)
    power, coefficients = fitter.fit(y)
    residuals = y - fitter.predict(power, coefficients)
    shuffled: Floats = draws.permuted(np.repeat(y, PERMUTATIONS, axis=1), axis=0)
    explained = fitter.explained(y)
    chance = (1 + int(np.sum(fitter.explained(shuffled) >= explained[0]))) / (1 + PERMUTATIONS)
    law = Law(
        centre=centre,
        has_parabola=fitter.has_parabola,
        power=float(power[0]),
        coefficients=tuple(float(value) for value in coefficients[:, 0]),
        num_trials=len(x),
        explained=float(explained[0]),
        chance=chance,
        residual=float(np.sqrt(np.sum(residuals**2) / fitter.degrees)),
        tells=chance <= 1 - confidence,
    )
    return Sampled(law, *fitter.fit(_samples(points, fitter, draws, num_samples)))


def _samples(points: Points, fitter: "_Fitter", draws: np.random.Generator, num_samples: int) -> Floats:
    num_trials, num_languages = points.changes_NL.shape
    chosen_LB = draws.integers(num_languages, size=(num_languages, num_samples))
    y_NB = points.changes_NL[:, chosen_LB].mean(axis=1)
    fitted_NB = fitter.predict(*fitter.fit(y_NB))
    widened_NB = (y_NB - fitted_NB) * np.sqrt(num_trials / fitter.degrees)  # a fit's residuals are smaller than the noise
    rows_NB = draws.integers(num_trials, size=(num_trials, num_samples))
    return fitted_NB + np.take_along_axis(widened_NB, rows_NB, axis=0)


@dataclass(frozen=True)
class _Fitter:
    """Least squares over one set of points, for many measurements at once."""

    designs: tuple[tuple[float, Floats, Floats], ...]  # power, N x P, its pseudo-inverse
    has_parabola: bool
    degrees: int

    @classmethod
    def of(cls, x: Floats, shares: Floats) -> "_Fitter":
        num_rates, num_shares = len(np.unique(np.round(x, 9))), len(np.unique(shares))
        has_parabola = num_rates >= LEAST_RATES_FOR_PARABOLA
        powers = POWERS if num_shares >= LEAST_SHARES_FOR_POWER else (1.0,)
        num_coefficients = 4 + has_parabola + (len(powers) > 1)
        degrees = len(x) - num_coefficients
        if num_rates < 2 or num_shares < 2 or degrees < LEAST_DEGREES:
            raise OperatorError(
                f"{len(x)} trials of {num_rates} learning rates x {num_shares} replay shares cannot tell: the rule has "
                f"{num_coefficients} numbers, and {LEAST_DEGREES} trials more are needed to see whether it holds. Run more of "
                "the sweep (3 x 3, or 2 x 2 with two seeds)."
            )
        designs = ((power, design_matrix(x, shares, power, has_parabola=has_parabola)) for power in powers)
        return cls(tuple((power, one, np.linalg.pinv(one).astype(np.float64)) for power, one in designs), has_parabola, degrees)

    def fit(self, y_NB: Floats) -> tuple[Floats, Floats]:
        """The best power and its coefficients for each column."""
        solved = np.stack([inverse @ y_NB for _, _, inverse in self.designs])  # G x P x B
        pairs = zip(self.designs, solved, strict=True)
        best = np.argmin([np.sum((y_NB - design @ found) ** 2, axis=0) for (_, design, _), found in pairs], axis=0)
        powers = np.array([power for power, _, _ in self.designs])
        return powers[best], solved[best, :, np.arange(y_NB.shape[1])].T

    def predict(self, powers_B: Floats, coefficients_PB: Floats) -> Floats:
        """What each column's rule says of the points themselves."""
        found = np.empty((len(self.designs[0][1]), len(powers_B)))
        for power, design, _ in self.designs:
            mine = powers_B == power
            found[:, mine] = design @ coefficients_PB[:, mine]
        return found

    def explained(self, y_NB: Floats) -> Floats:
        """R squared of each column's best rule; 0 where nothing varies."""
        left = np.sum((y_NB - self.predict(*self.fit(y_NB))) ** 2, axis=0)
        total = np.sum((y_NB - y_NB.mean(axis=0)) ** 2, axis=0)
        return np.where(total > 0, 1 - left / np.where(total > 0, total, 1.0), 0.0)
