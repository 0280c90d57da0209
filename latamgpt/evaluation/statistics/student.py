"""What a difference and its standard error tell, by Student's t: p values, bounds, and the smallest effect that would be seen.

scipy.special holds the distributions without the second and a half that scipy.stats takes to import.
"""

import math
from functools import lru_cache

POWER = 0.8  # found four times in five


def p_two_sided(difference: float, standard_error: float, degrees: int) -> float:
    """The chance of a difference at least as large, either way, between models that do not differ."""
    if standard_error == 0:
        return 1.0 if difference == 0 else 0.0
    return 2 * _below(-abs(difference) / standard_error, degrees)


def p_above(difference: float, standard_error: float, degrees: int, floor: float = 0.0) -> float:
    """The chance of a difference at least as high where the true one is no higher than `floor`.

    With a floor of 0 it is a test of superiority, with the negative of a margin one of non-inferiority.
    """
    if standard_error == 0:
        return 0.0 if difference > floor else 1.0
    return _below(-(difference - floor) / standard_error, degrees)


def half_width(standard_error: float, degrees: int, confidence: float) -> float:
    """How far the ends of a two-sided interval lie from the difference."""
    return standard_error * _quantile((1 + confidence) / 2, degrees)


def one_sided_width(standard_error: float, degrees: int, significance: float) -> float:
    """How far the bound of a one-sided test at `significance` lies from the difference."""
    return standard_error * _quantile(1 - significance, degrees)


def minimum_detectable(standard_error: float, degrees: int, tail: float, power: float = POWER) -> float:
    """The true difference that a test finds with probability `power`; `tail` is its chance of error on the side asked about.

    Of a two-sided test at 95% that is 0.025. By the non-central t distribution, as statsmodels' TTestPower.
    """
    return standard_error * _distance(degrees, tail, power)


def clusters_needed(standard_error: float, degrees: int, margin: float, significance: float, power: float = POWER) -> int:
    """How many clusters like these a test of non-inferiority takes to pass what lost nothing, with probability `power`."""
    spread = standard_error * math.sqrt(degrees + 1)
    needed = degrees + 1
    for _ in range(50):
        before, needed = needed, max(2, math.ceil((spread * _distance(needed - 1, significance, power) / margin) ** 2))
        if needed == before:
            break
    return needed


def _below(value: float, degrees: int) -> float:
    from scipy.special import stdtr

    return float(stdtr(degrees, value))


@lru_cache(maxsize=4096)
def _quantile(share: float, degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, share))


@lru_cache(maxsize=4096)
def _distance(degrees: int, tail: float, power: float) -> float:
    """In standard errors: how far off a true difference must lie to be found with this power."""
    from scipy.special import nctdtrinc

    return float(nctdtrinc(degrees, 1 - power, _quantile(1 - tail, degrees)))
