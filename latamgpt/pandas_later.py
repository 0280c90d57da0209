"""pyarrow without pandas, until somebody wants it: most stages never do."""

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _NoPandas(MetaPathFinder):
    """Finds no pandas for whoever only asks whether there is one."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def put_off_pandas() -> None:
    """Pyarrow asks at its first list whether there is pandas, and would import it to know, for 0.4 s; answer that question.

    Where pandas is really wanted, as in `to_pandas`, it asks again.
    """
    if "pandas" in sys.modules:
        return
    nothing = _NoPandas()
    sys.meta_path.insert(0, nothing)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(nothing)
