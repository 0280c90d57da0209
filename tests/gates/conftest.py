"""What the tests of the gates share."""

import pytest

from latamgpt.gates import suite


@pytest.fixture
def without_data_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the static site out: it takes as long as everything else of a gate, and test_suite.py looks at it."""
    monkeypatch.setattr(suite, "refresh_data_docs", lambda *_: None)
