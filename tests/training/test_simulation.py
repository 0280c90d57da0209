"""The simulator of failures, held against the closed form and against itself."""

from dataclasses import replace

import pytest

from latamgpt.cli import main
from latamgpt.training.simulation import (
    LLAMA_3,
    SPOT,
    FailureRates,
    Supervisor,
    best_interval,
    best_simulated,
    expected_share,
    simulate,
    simulate_many,
)

SECONDS_PER_DAY = 86_400
DEATHS = FailureRates("deaths", "accelerator", 12.0, 0.0, 0.0)
PATIENT = Supervisor(
    step_seconds=10, save_every_steps=100, save_seconds=60, detection_seconds=5, restart_seconds=300, restarts_in_vain=1_000_000
)
SEEDS = range(20)


@pytest.mark.parametrize("per_day", [1.0, 12.0, 24.0])
@pytest.mark.parametrize("every", [20, 100, 400])
def test_simulated_time_is_that_of_the_closed_form(per_day: float, every: int) -> None:
    supervisor = replace(PATIENT, save_every_steps=every)
    rates = replace(DEATHS, deaths_per_day=per_day)
    found = simulate_many(supervisor, rates, 1, 100_000, SEEDS).effective_share
    assert found == pytest.approx(expected_share(supervisor, per_day / SECONDS_PER_DAY), rel=0.02)


def test_young_s_interval_is_the_simulated_optimum_to_a_thousandth() -> None:
    per_second = DEATHS.per_day / SECONDS_PER_DAY
    young = best_interval(PATIENT, per_second)
    assert young == 93
    intervals = [young // 4, young // 2, young, 2 * young, 4 * young]
    assert best_simulated(PATIENT, DEATHS, 1, 50_000, SEEDS, intervals) == young
    near = [round(young * factor) for factor in (0.7, 0.85, 1, 1.2, 1.4)]
    shares = [simulate_many(replace(PATIENT, save_every_steps=steps), DEATHS, 1, 50_000, SEEDS).effective_share for steps in near]
    assert shares[2] == pytest.approx(max(shares), rel=2e-3)
    assert expected_share(replace(PATIENT, save_every_steps=young), per_second) == pytest.approx(
        max(expected_share(replace(PATIENT, save_every_steps=steps), per_second) for steps in range(1, 500)), rel=1e-3
    )


def test_without_failures_only_saving_takes_time() -> None:
    found = simulate(PATIENT, replace(DEATHS, deaths_per_day=0.0), 1, 1000, 0)
    assert found.effective_share == 10_000 / (10_000 + 9 * 60)
    assert (found.num_failures, found.lost_steps, found.given_up) == (0, 0, 0)


def test_same_seed_gives_the_same_training_and_another_another() -> None:
    assert simulate(PATIENT, DEATHS, 1, 10_000, 3) == simulate(PATIENT, DEATHS, 1, 10_000, 3)
    assert simulate(PATIENT, DEATHS, 1, 10_000, 3) != simulate(PATIENT, DEATHS, 1, 10_000, 4)


def test_llama_3_s_rates_give_its_466_interruptions() -> None:
    steps = round(54 * SECONDS_PER_DAY / 10)
    quick = replace(PATIENT, save_seconds=0, restart_seconds=0, detection_seconds=0, hang_floor_seconds=0, save_every_steps=1)
    found = simulate_many(quick, LLAMA_3, 16_384, steps, SEEDS)
    assert found.num_failures == pytest.approx(466, rel=0.03)
    assert LLAMA_3.per_day * 54 * 16_384 == pytest.approx(466)


def test_what_is_announced_loses_no_step() -> None:
    found = simulate_many(PATIENT, SPOT, 500, 50_000, SEEDS)
    assert found.num_failures > 10
    assert found.lost_steps == 0


def test_hang_costs_three_steps_of_silence_and_a_death_five_seconds() -> None:
    deaths = simulate_many(PATIENT, DEATHS, 1, 50_000, SEEDS)
    slow = replace(PATIENT, step_seconds=10, hang_floor_seconds=600)
    hangs = simulate_many(slow, replace(DEATHS, deaths_per_day=0.0, hangs_per_day=12.0), 1, 50_000, SEEDS)
    assert PATIENT.hang_seconds == 30
    assert hangs.effective_share < deaths.effective_share


def test_state_that_is_written_while_steps_go_on_counts_once_it_is_whole() -> None:
    waiting = replace(PATIENT, save_seconds=0, write_seconds=0)
    assert (
        simulate_many(replace(waiting, write_seconds=900), DEATHS, 1, 50_000, SEEDS).lost_steps
        > simulate_many(waiting, DEATHS, 1, 50_000, SEEDS).lost_steps
    )


def test_training_that_comes_no_further_waits_for_a_person() -> None:
    wild = replace(DEATHS, deaths_per_day=400.0)
    found = simulate_many(replace(PATIENT, restarts_in_vain=3, save_every_steps=5), wild, 1, 200, SEEDS)
    assert found.given_up > 0


def test_command_says_that_it_is_a_simulation_and_names_the_best_interval(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate-failures", "--accelerators", "96", "--step-seconds", "20", "--save-every", "250"]) == 0
    first = capsys.readouterr().out
    assert first.splitlines()[0].startswith("SIMULATION")
    assert "Young" in first
    main(["simulate-failures", "--accelerators", "96", "--step-seconds", "20", "--save-every", "250"])
    assert capsys.readouterr().out == first
