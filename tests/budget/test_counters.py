"""Energy counters: added up over their new beginnings, and honest where there is none to read."""

from pathlib import Path
from threading import Event

import pytest

from latamgpt.budget.counters import JOULES_PER_KWH, Meter, Rapl, grown


class Scripted:
    """A counter that gives these readings in turn, the last one for ever."""

    name = "scripted"

    def __init__(self, *readings: dict[str, float]):
        self.readings = list(readings)
        self.seen = Event()

    def read(self) -> dict[str, float]:
        if len(self.readings) > 1:
            return self.readings.pop(0)
        self.seen.set()
        return self.readings[0]

    def wraps(self, counter: str) -> float:
        return 100.0


@pytest.mark.parametrize(("before", "after", "joules"), [(10, 30, 20), (90, 10, 20), (5, 5, 0)])
def test_a_counter_that_began_anew_grew_past_its_end(before: float, after: float, joules: float) -> None:
    assert grown(before, after, lambda: 100.0) == joules


def test_a_meter_adds_up_every_counter_over_all_its_looks() -> None:
    counter = Scripted({"0": 90.0, "1": 1.0}, {"0": 10.0, "1": 2.0}, {"0": 95.0, "1": 3.0}, {"0": 5.0, "1": 4.0})
    meter = Meter(counter, every_seconds=0.001)
    assert meter.start()
    assert counter.seen.wait(10)
    assert meter.stop() == pytest.approx((20 + 85 + 10 + 3) / JOULES_PER_KWH)


def test_a_counter_that_is_lost_on_the_way_measured_nothing() -> None:
    meter = Meter(Scripted({"0": 1.0}, {}))
    assert meter.start()
    assert meter.stop() is None


def test_no_counter_is_no_measurement(tmp_path: Path) -> None:
    meter = Meter(Rapl(tmp_path))
    assert not meter.start()
    assert meter.stop() is None


def test_rapl_reads_packages_and_not_their_parts(tmp_path: Path) -> None:
    for name, microjoules in (("intel-rapl:0", 5_000_000), ("intel-rapl:0:0", 1), ("intel-rapl:1", 7_000_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{microjoules}\n")
        (tmp_path / name / "max_energy_range_uj").write_text("262143328850\n")
    assert Rapl(tmp_path).read() == {"intel-rapl:0": 5.0, "intel-rapl:1": 7.0}
    assert Rapl(tmp_path).wraps("intel-rapl:0") == pytest.approx(262_143.3, abs=0.1)
