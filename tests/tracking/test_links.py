"""Which run made a stage's output: true of the bytes that it made, and of no others."""

import pytest

from latamgpt.store import Workspace
from latamgpt.tracking.links import find_link, seal_link
from latamgpt.tracking.runs import start_run
from tests.builders import publish_text


def test_link_holds_for_the_bytes_that_its_run_made_and_for_no_others(workspace: Workspace) -> None:
    with start_run(workspace, "checkpoint", "cpt", {}, {}) as run_log:
        pass
    publish_text(workspace, "checkpoint")
    assert find_link(workspace, "checkpoint") == {}
    seal_link(workspace, "checkpoint")
    assert find_link(workspace, "checkpoint")["mlflow_run_id"] == run_log.run_id
    publish_text(workspace, "checkpoint", "what DVC's cache held of another run")
    assert find_link(workspace, "checkpoint") == {}


def test_link_of_a_run_that_goes_on_leads_to_the_same_run(workspace: Workspace) -> None:
    with pytest.raises(SystemExit), start_run(workspace, "checkpoint", "cpt", {}, {}) as first:
        raise SystemExit(143)
    with start_run(workspace, "checkpoint", "cpt", {}, {}, continue_run=first.key):
        pass
    publish_text(workspace, "checkpoint")
    seal_link(workspace, "checkpoint")
    assert find_link(workspace, "checkpoint")["mlflow_run_id"] == first.run_id
