"""numba's compiler, as the kernels here need it: `from latamgpt.curation.compiled import njit`.

Before its first kernel numba asks all installed packages for extensions, and looks for SciPy's linear algebra. That would import
awkward (which gigatoken brings) and scipy.linalg into every process that cleans a document; no kernel here uses either.
"""

import sys
from importlib import import_module

from numba import njit
from numba.core import entrypoints

__all__ = ["njit"]

BLAS = "scipy.linalg"


def _without_blas() -> None:
    if BLAS in sys.modules:
        return
    sys.modules[BLAS] = None  # pyright: ignore[reportArgumentType]  (an import of it fails at once)
    try:
        import_module("numba.np.arraymath")  # which looks for it, once
    finally:
        del sys.modules[BLAS]


entrypoints._already_initialized = True  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
_without_blas()
