"""The checkpoint stage, really run: DeepSpeed in processes of its own."""

import pytest

from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace
from latamgpt.training import checkpoint


def test_checkpoint_trains_and_publishes_a_model(ready: Workspace, small: Params) -> None:
    report = checkpoint.run(ready, small)
    folder = ready.read("checkpoint")
    print(report.summary, report.metrics)
    assert report.metrics["train/loss/last"] < report.metrics["train/loss/first"]
