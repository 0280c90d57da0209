"""Where MLflow keeps its runs: a server that is down is named."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace
from latamgpt.tracking.server import connect


def test_server_that_does_not_answer_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(OperatorError, match=r"http://127\.0\.0\.1:9 does not answer"):
        connect(workspace)
