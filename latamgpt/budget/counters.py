"""Energy as the machine's own counters have it: RAPL for processors, NVML for accelerators; read while something runs."""

import ctypes
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

JOULES_PER_KWH = 3.6e6
POWERCAP = Path("/sys/class/powercap")
SAMPLE_SECONDS = 30.0  # RAPL's 32 bits are full after minutes at full power; NVML's after years
NVML_LIBRARY = "libnvidia-ml.so.1"


class Counter(Protocol):
    """Counters that only grow, but for those that begin anew at `wraps`."""

    name: str

    def read(self) -> dict[str, float]:
        """Joules since some moment, by counter; empty where there is none that may be read."""
        ...

    def wraps(self, counter: str) -> float:
        """After how many joules it begins anew; 0 for never."""
        ...


class Rapl:
    """Processor packages of the whole machine, other programs' work included; Linux shows them to root."""

    name = "RAPL, all of the machine's processors"

    def __init__(self, place: Path = POWERCAP):
        self._place = place

    def read(self) -> dict[str, float]:
        """Joules of every package."""
        try:
            paths = sorted(self._place.glob("intel-rapl:[0-9]*"))
            packages = [path for path in paths if path.name.count(":") == 1]
            return {path.name: float((path / "energy_uj").read_text()) / 1e6 for path in packages}
        except OSError:  # a container, or not root: then it is worked out, and said so
            return {}

    def wraps(self, counter: str) -> float:
        """As the kernel says."""
        return float((self._place / counter / "max_energy_range_uj").read_text()) / 1e6


class Nvml:
    """All NVIDIA accelerators of the machine."""

    name = "NVML, all of the machine's accelerators"

    def read(self) -> dict[str, float]:
        """Joules of every accelerator since its driver was loaded."""
        try:
            library = ctypes.CDLL(NVML_LIBRARY)
        except OSError:  # no driver
            return {}
        count = ctypes.c_uint()
        if library.nvmlInit_v2() or library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return {}
        read: dict[str, float] = {}
        for index in range(count.value):
            device, millijoules = ctypes.c_void_p(), ctypes.c_ulonglong()
            failed = library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device))
            if failed or library.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(millijoules)):
                return {}  # older than Volta
            read[str(index)] = millijoules.value / 1e3
        return read

    def wraps(self, counter: str) -> float:
        """Never: 64 bits."""
        return 0.0


class Meter:
    """Adds up what a counter grows by, looking at it now and then so that none begins anew unseen."""

    def __init__(self, counter: Counter, every_seconds: float = SAMPLE_SECONDS):
        self._counter, self._every = counter, every_seconds
        self._joules = 0.0
        self._last: Mapping[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> bool:
        """Begin; whether there is anything to read."""
        self._last = self._counter.read()
        if self._last:
            self._thread.start()
        return bool(self._last)

    def stop(self) -> float | None:
        """The kWh since the start; None where nothing could be read, then or at some moment since."""
        self._stop.set()
        if not self._last:
            return None
        self._thread.join()
        self._look()
        return self._joules / JOULES_PER_KWH if self._last else None

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self._look()

    def _look(self) -> None:
        now = self._counter.read()
        if not now or not self._last:
            self._last = {}
            return
        self._joules += sum(grown(self._last[name], value, lambda n=name: self._counter.wraps(n)) for name, value in now.items())
        self._last = now


def grown(before: float, after: float, wraps: Callable[[], float]) -> float:
    """By how much a counter grew that may have begun anew once."""
    return after - before if after >= before else after - before + wraps()
