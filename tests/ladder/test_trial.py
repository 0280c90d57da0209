"""Trials are trained for real, once, priced first; a killed one goes on; the fit says what four can say."""

from pathlib import Path

import pytest

from latamgpt.budget.ledger import Event, read_ledger
from latamgpt.errors import OperatorError
from latamgpt.ladder import trial as trial_module
from latamgpt.ladder.conclude import conclude
from latamgpt.ladder.price import must_afford, price_rung
from latamgpt.ladder.rungs import read_ladder
from latamgpt.ladder.standing import standing_result
from latamgpt.ladder.trial import run_trial
from latamgpt.launch.site import read_site
from latamgpt.params import SweepParams
from latamgpt.records import Report
from latamgpt.store import Workspace
from latamgpt.sweep.fit import read_fit
from latamgpt.sweep.results import Domain, read_result
from latamgpt.sweep.trials import trials_of
from latamgpt.tracking.nesting import PARENT_TAG
from latamgpt.tracking.server import connect, find_experiment


def started(checkout: Workspace) -> int:
    return sum(entry.action == Event.STARTED for entry in read_ledger(checkout.root, read_site(checkout.root)))


def test_a_rung_is_priced_whole(bare: Workspace, sweep: SweepParams) -> None:
    price = price_rung(bare, sweep, sweep.ladder[0])
    assert (price.num_trials, price.num_done) == (4, 0)
    assert price.whole.accelerator_hours == pytest.approx(4 * price.quoted.amounts.accelerator_hours)


def test_a_rung_above_its_cap_starts_nothing(bare: Workspace, sweep: SweepParams) -> None:
    whole = price_rung(bare, sweep, sweep.ladder[0]).whole.accelerator_hours
    rung = sweep.ladder[0].model_copy(update={"max_accelerator_hours": 0.9 * whole})
    capped = sweep.model_copy(update={"ladder": (rung,)})
    with pytest.raises(OperatorError, match=r"the 4 trials of rung tiny would take .*accelerator hours.*Nothing was started"):
        must_afford(bare, capped, rung)
    with pytest.raises(OperatorError, match="of max_accelerator_hours together"):
        run_trial(bare, capped, trials_of(capped)[0])
    assert started(bare) == 0


def test_a_rung_of_another_base_is_not_tried(bare: Workspace, sweep: SweepParams) -> None:
    other = sweep.model_copy(update={"ladder": (sweep.ladder[0].model_copy(update={"base_model": "another"}),)})
    assert "rung tiny of the sweep is another, and params.yaml gives tiny-llama" in read_ladder(bare.root, other).reasons["tiny"]
    with pytest.raises(OperatorError, match="its trials would be of another model"):
        run_trial(bare, other, trials_of(other)[0])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_four_trials_are_trained_once_each_through_a_kill_and_say_that_they_are_too_few(
    checkout: Workspace, sweep: SweepParams, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trials_of(sweep)[0]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(trial_module, "measured", killed)  # after the training, before anything of it is kept
        with pytest.raises(KeyboardInterrupt):
            run_trial(checkout, sweep, first)
    assert read_result(checkout.root, first) is None
    result = run_trial(checkout, sweep, first)
    assert started(checkout) == 1
    assert run_trial(checkout, sweep, first) == result
    assert started(checkout) == 1
    assert result.changes(Domain.NEW).keys() == {"que"}
    assert result.changes(Domain.OLD).keys() == {"ability-es"}
    assert result.changes(Domain.REPLAY).keys() == {"es"}
    assert result.replay_trained == pytest.approx(0.2, abs=0.1)
    assert result.accelerator_hours > 0
    assert not (checkout.root / "var" / "sweep" / "trials" / first.folder_name).exists()
    assert not (checkout.root / "data" / "checkpoint").exists()
    assert standing_result(checkout, sweep.model_copy(update={"evaluate_tokens": 201}), first) is None
    for trial in trials_of(sweep)[1:]:
        run_trial(checkout, sweep, trial)
    assert started(checkout) == 4
    report, plot = conclude(checkout, sweep)
    assert "4 trials of 2 learning rates x 2 replay shares cannot tell" in report.summary
    assert read_fit(checkout.root) is not None
    assert plot.startswith(b"\x89PNG")
    assert Report.model_validate_json((Path(checkout.root) / "var/sweep/data/fit/report.json").read_bytes()) == report
    client = connect(checkout)
    runs = client.search_runs([find_experiment(client)])
    (parent,) = (run for run in runs if run.data.tags["dvc.stage"] == "sweep")
    children = [run for run in runs if run.data.tags.get(PARENT_TAG) == parent.info.run_id]
    assert {run.data.tags["sweep.trial"] for run in children} == {trial.name for trial in trials_of(sweep)}
    assert {(run.data.params["sweep.learning_rate"], run.data.params["sweep.replay"]) for run in children} == {
        ("0.001", "0.2"),
        ("0.001", "0.6"),
        ("0.01", "0.2"),
        ("0.01", "0.6"),
    }
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {one.path for one in client.list_artifacts(parent.info.run_id)} == {"sweep.png", "sweep_fit.json"}
