"""SIMULATION: how much of a long training's time would be spent on steps that count, if machines failed as published rates say.

Nothing is trained and no cluster is asked: failures are drawn from a seed, and a clock is moved by the rules that the supervisor
of a training follows. A death is seen at once and a hang by its silence; what is announced is drained, so that no step is lost;
the training is started again from its newest whole state; and after some restarts in a row that came no further than the one
before, it stops until a person has looked.

The optimum of the interval between states: Young 1974, 'A First Order Approximation to the Optimum Checkpoint Interval'
(https://doi.org/10.1145/361147.361115); the expected time: Daly 2006, 'A higher order estimate of the optimum checkpoint interval
for restart dumps', equation 13 (https://doi.org/10.1016/j.future.2004.11.016).
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from latamgpt.launch.local import Watched
from latamgpt.launch.vigil import TIMES_P99, Limits


@dataclass(frozen=True)
class Supervisor:
    """What a training costs beside its steps, in seconds, and when it is given up; none of it is measured here."""

    step_seconds: float
    save_every_steps: int
    save_seconds: float  # for which a save stops the steps
    write_seconds: float = 0.0  # after which, while steps go on, the state is whole
    detection_seconds: float = 5.0  # of a death
    hang_floor_seconds: float = Limits().floor  # of silence at least, before it is a hang
    restart_seconds: float = 300.0  # from there to the first step, a machine to replace another with included
    restarts_in_vain: int = Watched().restarts  # in a row that came no further than the one before
    person_seconds: float = 3600.0  # until somebody has looked, and starts it again

    @property
    def hang_seconds(self) -> float:
        """After which a hang is seen, by the watchdog's own rule; here all steps take as long."""
        return max(TIMES_P99 * self.step_seconds, self.hang_floor_seconds)

    @property
    def cycle_seconds(self) -> float:
        """From one state to the next."""
        return self.save_every_steps * self.step_seconds + self.save_seconds


@dataclass(frozen=True)
class FailureRates:
    """How often one of `unit` fails, by how it shows."""

    name: str
    unit: str  # what fails for itself: 'accelerator' or 'instance'
    deaths_per_day: float
    hangs_per_day: float
    announced_per_day: float

    @property
    def per_day(self) -> float:
        """All of them."""
        return self.deaths_per_day + self.hangs_per_day + self.announced_per_day

    @property
    def sudden_per_day(self) -> float:
        """Those that nobody announced: steps are lost."""
        return self.deaths_per_day + self.hangs_per_day

    def scaled(self, factor: float) -> "FailureRates":
        """The same kinds in the same shares, so many times as often."""
        return FailureRates(
            self.name, self.unit, self.deaths_per_day * factor, self.hangs_per_day * factor, self.announced_per_day * factor
        )


LLAMA_3_UNIT_DAYS = 54 * 16_384
LLAMA_3 = FailureRates("llama-3", "accelerator", 377 / LLAMA_3_UNIT_DAYS, 42 / LLAMA_3_UNIT_DAYS, 47 / LLAMA_3_UNIT_DAYS)
"""466 interruptions in 54 days on 16,384 H100: 47 planned, which are announced, and 419 unexpected, of which 35 of network
switches and cables and 7 of NCCL's watchdog count here as hangs: Grattafiori et al. 2024, 'The Llama 3 Herd of Models', section
3.3.4 and table 5 (https://arxiv.org/abs/2407.21783). Their times were not published: they are drawn as a Poisson process."""

SPOT_INSTANCES_LOST_A_MONTH = 0.2
SPOT = FailureRates("spot", "instance", 0.0, 0.0, -math.log(1 - SPOT_INSTANCES_LOST_A_MONTH) / 30)
"""Of p5.48xlarge 15 to 20% were taken back within a month, as AWS's Spot Instance Advisor said in February 2026
(https://aws.amazon.com/ec2/spot/instance-advisor); AWS gives two minutes' notice. A zone that is short of them takes many times
as many back: give other rates."""

TRACES = {trace.name: trace for trace in (LLAMA_3, SPOT)}


@dataclass(frozen=True)
class Simulated:
    """One simulated training, or the mean of many."""

    effective_share: float  # of the time, that was spent on steps that count
    num_failures: float
    lost_steps: float
    given_up: float  # how often a person had to look


def simulate(supervisor: Supervisor, rates: FailureRates, num_units: int, num_steps: int, seed: int) -> Simulated:
    """One training of `num_steps` on so many accelerators or instances; the same seed gives the same failures."""
    draw = random.Random(seed)
    per_second = rates.per_day * num_units / 86_400
    clock, saved, furthest, in_vain = 0.0, 0, 0, 0
    failures = lost = given_up = 0
    failure = _next(draw, 0.0, per_second)
    while (end := clock + _seconds_for(supervisor, num_steps - saved)) > failure:
        failures += 1
        is_announced, seen_after = _how(draw, supervisor, rates)
        reached, whole = _progress(supervisor, max(failure - clock, 0.0))
        reached, whole = saved + reached, saved + (reached if is_announced else whole)
        lost += reached - whole
        in_vain = 0 if reached > furthest else in_vain + 1
        saved, furthest = whole, max(furthest, reached)
        clock = failure + seen_after + supervisor.restart_seconds
        if in_vain >= supervisor.restarts_in_vain:
            given_up, in_vain = given_up + 1, 0
            clock += supervisor.person_seconds
        failure = _next(draw, failure, per_second)
    return Simulated(num_steps * supervisor.step_seconds / end, failures, lost, given_up)


def simulate_many(supervisor: Supervisor, rates: FailureRates, num_units: int, num_steps: int, seeds: Sequence[int]) -> Simulated:
    """The mean of a training with each of the seeds; the share is that of all their time together."""
    each = [simulate(supervisor, rates, num_units, num_steps, seed) for seed in seeds]
    share = len(each) / math.fsum(1 / one.effective_share for one in each)
    means = (sum(values) / len(each) for values in zip(*((o.num_failures, o.lost_steps, o.given_up) for o in each), strict=True))
    return Simulated(share, *means)


def expected_share(supervisor: Supervisor, failures_per_second: float) -> float:
    """Daly's closed form for an endless training, of deaths alone, whose states are whole once the steps go on."""
    work = supervisor.save_every_steps * supervisor.step_seconds
    if failures_per_second == 0:
        return work / supervisor.cycle_seconds
    down = supervisor.detection_seconds + supervisor.restart_seconds
    expected = math.exp(failures_per_second * down) * math.expm1(failures_per_second * supervisor.cycle_seconds)
    return work * failures_per_second / expected


def best_interval(supervisor: Supervisor, failures_per_second: float) -> int:
    """Young's optimum, in steps: the root of twice what a save costs times the mean time between failures. 0 if nothing fails."""
    if failures_per_second == 0:
        return 0
    return max(round(math.sqrt(2 * supervisor.save_seconds / failures_per_second) / supervisor.step_seconds), 1)


def best_simulated(
    supervisor: Supervisor, rates: FailureRates, num_units: int, num_steps: int, seeds: Sequence[int], intervals: Sequence[int]
) -> int:
    """Of some intervals the one under which most time counted, all under the same failures."""
    shares = {
        steps: simulate_many(replace(supervisor, save_every_steps=steps), rates, num_units, num_steps, seeds).effective_share
        for steps in intervals
    }
    return max(shares, key=shares.__getitem__)


def _how(draw: random.Random, supervisor: Supervisor, rates: FailureRates) -> tuple[bool, float]:
    """Whether a failure was announced, and the seconds after which it is seen, or those of draining."""
    kind = draw.random() * rates.per_day
    if kind < rates.announced_per_day:
        return True, supervisor.save_seconds + supervisor.write_seconds
    if kind < rates.announced_per_day + rates.hangs_per_day:
        return False, supervisor.hang_seconds
    return False, supervisor.detection_seconds


def _next(draw: random.Random, now: float, per_second: float) -> float:
    return now + draw.expovariate(per_second) if per_second else math.inf


def _seconds_for(supervisor: Supervisor, num_steps: int) -> float:
    num_saves = (num_steps - 1) // supervisor.save_every_steps  # none behind the last step
    return num_steps * supervisor.step_seconds + max(num_saves, 0) * supervisor.save_seconds


def _progress(supervisor: Supervisor, seconds: float) -> tuple[int, int]:
    """Steps done so many seconds after a start, and those of them that a whole state holds."""
    cycles, rest = divmod(seconds, supervisor.cycle_seconds)
    reached = int(cycles) * supervisor.save_every_steps + min(int(rest / supervisor.step_seconds), supervisor.save_every_steps)
    whole = max(math.floor((seconds - supervisor.write_seconds) / supervisor.cycle_seconds), 0) * supervisor.save_every_steps
    return reached, whole
