"""numba's compiler, as the kernels here need it: `from latamgpt.curation.compiled import njit`.

Before its first kernel numba asks all installed packages for extensions, and looks for SciPy's linear algebra. That would import
awkward (which gigatoken brings) and scipy.linalg into every process that cleans a document; no kernel here uses either.
"""

from importlib import import_module

from numba import njit
from numba.core import entrypoints

from latamgpt.absent import absent

__all__ = ["njit"]

entrypoints._already_initialized = True  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
with absent("scipy.linalg"):
    import_module("numba.np.arraymath")  # which looks for it, once
