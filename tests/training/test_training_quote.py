"""The quote: for the steps that the training will take, and for nothing that failed its gate."""

import pytest

from latamgpt.budget.ledger import read_ledger
from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import Params
from latamgpt.records import Expectation, Report, Severity
from latamgpt.stages import run_stage
from latamgpt.store import Workspace, digest_of, write_report
from latamgpt.training.checkpoint import data_order
from latamgpt.training.packing import PackedOrder

FUNDER = """
funders:
  - {id: fondo-sur, name: Fondo Sur, sites: [laptop], us_dollars: 10, valid_from: 2020-01-01, valid_until: 2099-12-31}
"""


def test_quote_counts_the_steps_and_tokens_of_the_training(ready: Workspace, small: Params) -> None:
    report = run_stage(ready, small, "training_quote")
    order = list(data_order(PackedOrder(ready.read("mixture"), small.checkpoint), report.counts["steps"], small.checkpoint))
    assert report.counts["tokens"] == sum(row["end"] - row["start"] for row in order)
    assert {row["step"] for row in order} == set(range(report.counts["steps"]))
    assert report.counts["positions"] == report.counts["steps"] * 4 * 32
    attention = 12 * small.base_model.num_layers * small.base_model.hidden_size * small.checkpoint.seq_len_tokens
    assert report.metrics["flops"] == (6 * 100_000 + attention) * report.counts["positions"]


def test_what_is_published_holds_for_every_site_and_the_site_s_quote_is_in_its_ledger(ready: Workspace, small: Params) -> None:
    run_stage(ready, small, "training_quote")
    (entry,) = read_ledger(ready.root, read_site(ready.root))
    assert (entry.action, entry.site, entry.shares) == ("quoted", "laptop", ())
    published = digest_of(ready.place("training_quote"))
    site = ready.root / "sites" / "laptop.yaml"
    site.write_text(site.read_text().replace("{value: 0, source: a machine of one's own}", "{value: 0.0001, source: its bill}"))
    (ready.root / "governance").mkdir()
    (ready.root / "governance" / "funders.yaml").write_text(FUNDER)
    run_stage(ready, small, "training_quote")
    assert digest_of(ready.place("training_quote")) == published
    assert [share.funder for share in read_ledger(ready.root, read_site(ready.root))[-1].shares] == ["fondo-sur"]


@pytest.mark.parametrize("cap", ["max_accelerator_hours", "max_kwh", "max_kg_co2e"])
def test_a_training_above_a_cap_is_refused_by_its_name(ready: Workspace, small: Params, cap: str) -> None:
    terms = small.training_quote.model_copy(update={cap: 0.0})
    before = digest_of(ready.place("training_quote"))
    with pytest.raises(OperatorError, match=rf"above the 0.00 of training_quote.{cap}, on 1 cpu of laptop. Nothing was started"):
        run_stage(ready, small.model_copy(update={"training_quote": terms}), "training_quote")
    assert digest_of(ready.place("training_quote")) == before
    assert not read_ledger(ready.root, read_site(ready.root))


def test_a_site_that_says_no_cost_begins_no_training(ready: Workspace, small: Params) -> None:
    (ready.root / "sites" / "laptop.yaml").write_text("country: CL\n")
    with pytest.raises(OperatorError, match=r"sites/laptop.yaml has no section cost.* Nothing was started"):
        run_stage(ready, small, "training_quote")


def test_a_mixture_that_failed_its_gate_is_not_quoted(ready: Workspace, small: Params) -> None:
    failed = Expectation(kind="floors", severity=Severity.CRITICAL, passed=False, observed="1 of 3 rows differ")
    with ready.publish("mixture_gate") as folder:
        write_report(folder, Report(stage="mixture_gate", summary="failed", expectations=(failed,)))
    with pytest.raises(OperatorError, match=r"mixture_gate did not pass: floors \(1 of 3 rows differ\)"):
        run_stage(ready, small, "training_quote")
