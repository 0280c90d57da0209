"""The small corpus of tests/catalogue, to run commands on."""

from tests.catalogue.conftest import shelf, shelf_to_copy

__all__ = ["shelf", "shelf_to_copy"]
