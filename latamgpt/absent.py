"""Libraries that import what is never used here: kept from finding it, while they are imported."""

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def absent(name: str) -> Generator[None]:
    """To what is imported in here, the module `name` is not installed; where somebody imported it before, it stays."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # pyright: ignore[reportArgumentType]  (Python's way to say that there is none)
    try:
        yield
    finally:
        del sys.modules[name]
