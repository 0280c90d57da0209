"""The quote: for the steps that the training will take, and for nothing that failed its gate."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.records import Expectation, Report, Severity
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, write_report
from latamgpt.training.checkpoint import data_order
from latamgpt.training.packing import PackedOrder


def test_quote_counts_the_steps_and_tokens_of_the_training(ready: Workspace, small: Params) -> None:
    report = run_stage(ready, small, "training_quote")
    order = list(data_order(PackedOrder(ready.read("mixture"), small.checkpoint), report.counts["steps"], small.checkpoint))
    assert report.counts["tokens"] == sum(row["end"] - row["start"] for row in order)
    assert {row["step"] for row in order} == set(range(report.counts["steps"]))
    assert report.counts["positions"] == report.counts["steps"] * 4 * 32
    assert report.metrics["flops"] == 6 * 100_000 * report.counts["positions"]


def test_a_mixture_that_failed_its_gate_is_not_quoted(ready: Workspace, small: Params) -> None:
    failed = Expectation(kind="floors", severity=Severity.CRITICAL, passed=False, observed="1 of 3 rows differ")
    with ready.publish("mixture_gate") as folder:
        write_report(folder, Report(stage="mixture_gate", summary="failed", expectations=(failed,)))
    with pytest.raises(OperatorError, match=r"mixture_gate did not pass: floors \(1 of 3 rows differ\)"):
        run_stage(ready, small, "training_quote")
