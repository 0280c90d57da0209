"""When silence is a hang: found within three slow steps, and never where steps are only slow."""

import random

import pytest

from latamgpt.launch.heartbeat import Activity, Beat
from latamgpt.launch.vigil import Limits, Vigil, find_stragglers

LOOK_SECONDS = 0.25
LIMITS = Limits(floor=10, patience=600)


def beat(number: int, activity: Activity = Activity.STEP, seconds: float = 2.0, rank: int = 0, own: float = 1.0) -> Beat:
    return Beat(rank=rank, pid=1, number=number, activity=activity, step=number, step_seconds=seconds, own_seconds=own)


class Simulation:
    """A vigil that looks at a simulated process every quarter of a second."""

    def __init__(self) -> None:
        self.vigil, self.now, self.number = Vigil(LIMITS), 0.0, 0
        self.alarms = 0

    def spend(self, seconds: float, activity: Activity, last_step: float) -> None:
        """One activity, from the sign at its beginning on."""
        self.number += 1
        sign = beat(self.number, activity, last_step)
        for _ in range(max(int(seconds / LOOK_SECONDS), 1)):
            self.vigil.look([sign], self.now)
            self.now += LOOK_SECONDS
            self.alarms += bool(self.vigil.silent())


def test_no_false_alarm_in_ten_thousand_steps() -> None:
    chance, simulation, last = random.Random(5), Simulation(), 0.0
    simulation.spend(180, Activity.START, last)
    for step in range(10_000):
        seconds = 4.0 * chance.lognormvariate(0, 0.08) * (2.5 if chance.random() < 0.01 else 1)
        if step == 0:
            seconds = 240.0  # kernels are compiled
        simulation.spend(seconds, Activity.STEP, last)
        last = seconds
        if step % 250 == 249:
            simulation.spend(420, Activity.EVALUATION, last)
            simulation.spend(chance.choice((1, 90)), Activity.SAVE, last)
        if step == 5000:
            simulation.now += 3600  # the machine slept
    assert simulation.alarms == 0


def test_p99_is_that_of_the_steps_seen_last() -> None:
    simulation = Simulation()
    for typical in (1.0, 4.0):
        for _ in range(1000):
            simulation.spend(typical, Activity.STEP, typical)
        assert simulation.vigil.p99_step == typical


@pytest.mark.parametrize("typical", [0.1, 4.0, 30.0])
def test_hang_is_found_within_three_times_the_p99_step_or_the_floor(typical: float) -> None:
    simulation = Simulation()
    for _ in range(200):
        simulation.spend(typical, Activity.STEP, typical)
    began = simulation.now
    simulation.number += 1
    while not simulation.vigil.silent():
        simulation.vigil.look([beat(simulation.number, seconds=typical)], simulation.now)
        simulation.now += LOOK_SECONDS
        assert simulation.now < began + 1000
    waited = simulation.now - began
    assert max(3 * typical, LIMITS.floor) < waited <= max(3 * typical, LIMITS.floor) + 4 * LOOK_SECONDS


def test_one_silent_rank_among_those_that_beat_is_named() -> None:
    vigil = Vigil(LIMITS)
    for number in range(1, 100):
        vigil.look([beat(number, rank=0), beat(min(number, 50), rank=1)], number / 2)
    assert [sign.rank for sign, _ in vigil.silent()] == [1]
    assert vigil.step == 50


def test_what_is_not_a_step_has_patience() -> None:
    vigil = Vigil(LIMITS)
    for number in range(1, 50):
        vigil.look([beat(number)], float(number))
    for second in range(50, 600):
        vigil.look([beat(50, Activity.EVALUATION)], float(second))
    assert not vigil.silent()
    for second in range(600, 700):
        vigil.look([beat(50, Activity.EVALUATION)], float(second))
    assert vigil.silent()


def test_straggler_is_named_with_its_time_and_the_others() -> None:
    own = {rank: [1.0 + 0.01 * (step % 5) for step in range(50)] for rank in range(8)}
    assert find_stragglers(own) == []
    own[5] = [1.2 * seconds for seconds in own[5]]
    (found,) = find_stragglers(own)
    assert (found.rank, found.seconds, found.others_seconds) == (5, pytest.approx(1.224), 1.02)
    assert str(found).startswith("rank 5 takes 1.224 s of its own for a step, the others 1.020 s (medians of 50 steps)")


def test_one_slow_step_makes_no_straggler() -> None:
    own = {rank: [1.0] * 50 for rank in range(4)}
    own[2][7] = 60.0
    own[3] = [9.0] * 10  # too few to tell
    assert find_stragglers(own) == []
