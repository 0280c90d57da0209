"""What a sweep proposes, when it refuses to, and what carries over from rung to rung."""

from pathlib import Path

import pytest

from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.params import SweepParams
from latamgpt.sweep.fit import advice, fit_sweep, publish_fit, read_fit
from latamgpt.sweep.results import Domain, publish_result, read_result
from latamgpt.sweep.trials import find_trial, trials_of
from latamgpt.sweep.view import report_on
from tests.sweep.planted import forgetting, nothing, parabola, results, rung, sweep

WIDTHS = {"tiny": 128, "small": 512, "large": 1024}


def test_the_proposal_is_the_greatest_gain_that_forgets_less_than_the_margin() -> None:
    params = sweep()
    found = fit_sweep(params, results(params, parabola(4e-4), forgetting), WIDTHS).rungs[0]
    assert found.proposal is not None
    assert found.proposal.old.value < 0.02
    assert forgetting(found.proposal.learning_rate, found.proposal.replay_share) < 0.0205
    assert 1.5e-4 < found.proposal.learning_rate < 5e-4
    assert found.proposal.new.low <= found.proposal.new.value <= found.proposal.new.high
    looser = params.model_copy(update={"max_forgetting": 0.5})
    free = fit_sweep(looser, results(params, parabola(4e-4), forgetting), WIDTHS).rungs[0].proposal
    assert free is not None
    assert free.replay_share == 0  # nothing to fear: no replay
    assert free.learning_rate == pytest.approx(4e-4, rel=0.15)
    assert "smallest replay share" in free.edges


def test_forgetting_everywhere_proposes_nothing_and_says_what_to_try() -> None:
    params = sweep()
    found = fit_sweep(params, results(params, parabola(4e-4), lambda r, s: 0.3 + forgetting(r, s)), WIDTHS).rungs[0]
    assert found.proposal is None
    assert "no point that was measured surely forgets less than 2.0%" in found.words
    assert "more replay or a lower learning rate" in found.words


def test_noise_proposes_nothing() -> None:
    params = sweep()
    found = fit_sweep(params, results(params, nothing, nothing, noise=0.01), WIDTHS).rungs[0]
    assert found.proposal is None
    assert found.words.startswith("cannot tell: on the new")


def test_one_rung_does_not_carry_over() -> None:
    params = sweep()
    carried = fit_sweep(params, results(params, parabola(4e-4), forgetting), WIDTHS).transfer
    assert carried.carried == ()
    assert carried.exponent is None
    assert "cannot tell how the learning rate carries over" in carried.words


def two_rungs() -> SweepParams:
    rates = {"tiny": (5e-4, 1e-3, 2e-3, 4e-3), "small": (1.2e-4, 2.5e-4, 5e-4, 1e-3)}
    return sweep(*(rung(name, of, f"base-{name}") for name, of in rates.items())).model_copy(update={"max_forgetting": 0.9})


def test_two_rungs_carry_the_rate_to_a_wider_one() -> None:
    params = two_rungs()
    tiny = params.model_copy(update={"ladder": params.ladder[:1]})
    small = params.model_copy(update={"ladder": params.ladder[1:]})
    found = (
        *results(tiny, parabola(1.6e-3, bend=0.1), forgetting, widths=WIDTHS),
        *results(small, parabola(4e-4, bend=0.1), forgetting, widths=WIDTHS),
    )
    carried = fit_sweep(params, found, WIDTHS).transfer
    assert carried.exponent == pytest.approx(1.0, abs=0.15)
    (large,) = carried.carried
    assert large.rung == "large"
    assert large.low < 2e-4 < large.high
    assert "a third would test it" in carried.words


def test_a_best_rate_on_the_edge_is_no_rung_to_stand_on() -> None:
    params = two_rungs()
    found = results(params, parabola(1.6e-3, bend=0.1), forgetting, widths=WIDTHS)  # beyond what small tried
    carried = fit_sweep(params, found, WIDTHS).transfer
    assert carried.exponent is None
    assert "on small the best rate lies on the edge" in carried.words


def test_a_trial_measured_on_other_texts_is_not_mixed_in() -> None:
    params = sweep()
    first, *rest = results(params, parabola(4e-4), forgetting)
    other = first.model_copy(update={"languages": tuple(one for one in first.languages if one.language != "gug")})
    assert "not measured on the same new texts" in fit_sweep(params, (other, *rest), WIDTHS).rungs[0].words


def test_no_trials_are_no_sweep() -> None:
    with pytest.raises(OperatorError, match="no trial of the sweep was run"):
        fit_sweep(sweep(), (), WIDTHS)


def test_results_and_fit_are_read_as_they_were_published_and_a_flipped_byte_is_seen(tmp_path: Path) -> None:
    params = sweep()
    found = results(params, parabola(4e-4), forgetting)
    for trial, one in zip(trials_of(params), found, strict=True):
        publish_result(tmp_path, trial, one)
    assert tuple(read_result(tmp_path, trial) for trial in trials_of(params)) == found
    fit = fit_sweep(params, found, WIDTHS)
    publish_fit(tmp_path, fit, report_on(params, found, fit))
    assert read_fit(tmp_path) == fit
    path = tmp_path / "var" / "sweep" / "data" / "trials" / trials_of(params)[0].folder_name / "trial.json"
    path.write_bytes(path.read_bytes().replace(b"planted", b"plantad"))
    with pytest.raises(InputDamagedError):
        read_result(tmp_path, trials_of(params)[0])


def test_advice_names_the_proposal_beside_what_was_done() -> None:
    params = sweep()
    fit = fit_sweep(params, results(params, parabola(4e-4), forgetting), WIDTHS)
    words = advice(fit, "tiny-llama", 1e-3, 0.0)
    assert "proposes learning rate" in words
    assert "(now 0.001 and 0%: new -" in words
    assert "beyond what was measured" in advice(fit, "tiny-llama", 1.0, 0.0)
    assert advice(fit, "another", 1e-3, 0.0) == ""


def test_the_report_shows_trials_rules_and_proposal() -> None:
    params = sweep()
    found = results(params, parabola(4e-4), forgetting)
    report = report_on(params, found, fit_sweep(params, found, WIDTHS))
    assert [len(table.rows) for table in report.tables] == [24, 2, 2]
    assert report.counts == {"trials": 24, "rungs": 1, "proposals": 1}
    assert {curve.y_label for curve in report.curves} == {
        "new bits per byte, % of the base's",
        "old bits per byte, % of the base's",
    }


def test_a_trial_is_found_by_its_name() -> None:
    params = sweep(shares=(0.25,))
    assert trials_of(params)[0].name == "tiny/lr=0.0001/replay=0.25/seed=1"
    assert find_trial(params, "tiny/lr=0.001/replay=0.25/seed=2").learning_rate == 1e-3
    with pytest.raises(OperatorError, match=r"no trial 'tiny/lr=1'.*such as 'tiny/lr=0.0001"):
        find_trial(params, "tiny/lr=1")


def test_a_value_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="seeds names one value twice"):
        SweepParams.model_validate({**sweep().model_dump(), "seeds": [1, 1]})


def test_a_domain_weighs_its_languages_alike() -> None:
    one = results(sweep(), parabola(4e-4), forgetting)[0]
    assert one.mean_change(Domain.NEW) == pytest.approx(sum(one.changes(Domain.NEW).values()) / 3)
