"""Logarithms in whole numbers: sums of them are the same on every processor and with every mathematical library.

A library's logarithm may differ in its last bit from another's, and a sum in the order that a processor's vectors give it; a
verdict at a threshold would then differ too.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

UNIT = 1 << 16  # parts of a bit
MANTISSA_BITS = 13  # looked up: a logarithm is up to 0.0002 bits too small
FRACTION_BITS = 60  # of the fixed-point numbers that the table is made with


def log2_units(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The logarithm to the base 2 of positive numbers, rounded down to a table's steps; powers of 2 are exact."""
    mantissas, exponents = np.frexp(values)  # both exact
    steps = (mantissas * (2 << MANTISSA_BITS)).astype(np.int64) - (1 << MANTISSA_BITS)
    return (exponents.astype(np.int64) - 1) * UNIT + _table()[steps]


@lru_cache(maxsize=1)
def _table() -> NDArray[np.int64]:
    """For n = 0 ... 2^13 - 1 the logarithm of 1 + n / 2^13, in units."""
    return np.array(
        [_log2_of(1 << FRACTION_BITS | n << FRACTION_BITS - MANTISSA_BITS) for n in range(1 << MANTISSA_BITS)], np.int64
    )


def _log2_of(number: int) -> int:
    """The logarithm of a fixed-point number from 1 to 2, bit by bit: a square above 2 has a logarithm above 1."""
    units = 0
    for _ in range(UNIT.bit_length() - 1):
        number = number * number >> FRACTION_BITS
        bit = number >> FRACTION_BITS + 1
        units, number = units << 1 | bit, number >> bit
    return units
