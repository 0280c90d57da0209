"""When silence is a hang, and who keeps the others waiting: decided from signs of life alone, with no clock of its own."""

import statistics
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from latamgpt.launch.heartbeat import Activity, Beat

TIMES_P99 = 3
STEPS_KNOWN = 20  # signs of life since the start; before, and in all that is not a step, patience is the limit
STEPS_REMEMBERED = 1000
MOST_SECONDS_BETWEEN_LOOKS = 1.0  # a look that came later finds a machine that slept, or was busy: that was not silence
STRAGGLER_STEPS = 50
STRAGGLER_TIMES = 1.1


@dataclass(frozen=True)
class Limits:
    """How long a silence may be, in seconds."""

    floor: float = 10.0  # of a step, however fast steps are: a shared machine stalls for seconds
    patience: float = 600.0  # of loading, compiling, evaluating, saving: gloo and NCCL give up after as long


@dataclass(frozen=True)
class Straggler:
    """A rank that is slower than the others: medians over the last steps, in seconds of its own work."""

    rank: int
    seconds: float
    others_seconds: float

    def __str__(self) -> str:
        return (
            f"rank {self.rank} takes {self.seconds:.3f} s of its own for a step, the others {self.others_seconds:.3f} s (medians "
            f"of {STRAGGLER_STEPS} steps): all wait for it. Look at its machine, or leave that out."
        )


@dataclass
class Vigil:
    """What was seen of the processes so far."""

    limits: Limits = field(default_factory=Limits)
    last: dict[int, Beat] = field(default_factory=dict)
    _silence: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    _steps: deque[float] = field(default_factory=lambda: deque(maxlen=STEPS_REMEMBERED))
    _p99_step: float | None = None  # of these steps, once somebody asked: a look comes more often than a step
    _own: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=STRAGGLER_STEPS)))
    _looked: float | None = None

    def look(self, beats: Iterable[Beat], now: float) -> None:
        """Take in the signs of life that are there at `now`, in seconds of a clock that never goes back."""
        passed = 0.0 if self._looked is None else min(now - self._looked, MOST_SECONDS_BETWEEN_LOOKS)
        self._looked = now
        for beat in beats:
            before = self.last.get(beat.rank)
            if before is not None and before.number == beat.number:
                self._silence[beat.rank] += passed
                continue
            self._silence[beat.rank] = 0.0
            self.last[beat.rank] = beat
            if beat.step_seconds and (before is None or before.step != beat.step):
                self._steps.append(beat.step_seconds)
                self._p99_step = None
                self._own[beat.rank].append(beat.own_seconds)

    @property
    def step(self) -> int:
        """The furthest step that all processes have begun."""
        return min((beat.step for beat in self.last.values()), default=0)

    def limit(self, beat: Beat) -> float:
        """How long a process may be silent after this sign."""
        if beat.activity is not Activity.STEP or beat.number <= STEPS_KNOWN or not self._steps:
            return self.limits.patience
        return max(TIMES_P99 * self.p99_step, self.limits.floor)

    @property
    def p99_step(self) -> float:
        """Seconds that 99 of 100 steps stay below."""
        if self._p99_step is None:
            steps = [*self._steps, max(self._steps)]  # quantiles of one number are none
            self._p99_step = statistics.quantiles(steps, n=100, method="inclusive")[-1]
        return self._p99_step

    def silent(self) -> list[tuple[Beat, float]]:
        """The processes that are silent for too long, and for how many seconds; they hang."""
        return [(beat, self._silence[rank]) for rank, beat in sorted(self.last.items()) if self._silence[rank] > self.limit(beat)]

    def stragglers(self) -> list[Straggler]:
        """The ranks that keep the others waiting."""
        return find_stragglers(self._own)


def find_stragglers(own_seconds: Mapping[int, Sequence[float]]) -> list[Straggler]:
    """Ranks whose median step is slower than the median of the others' by more than a tenth.

    `own_seconds` are each rank's last steps without waiting for others: with that, all ranks' steps would take the same time.
    """
    known = {rank: statistics.median(steps) for rank, steps in own_seconds.items() if len(steps) >= STRAGGLER_STEPS}
    found: list[Straggler] = []
    for rank, seconds in sorted(known.items()):
        others = [other for number, other in known.items() if number != rank]
        if others and seconds > STRAGGLER_TIMES * statistics.median(others):
            found.append(Straggler(rank, seconds, statistics.median(others)))
    return found
