"""Numbers with a unit, held against what is possible: a slip of a thousand is found where it is written, before it is printed."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator


@dataclass(frozen=True)
class Plausible:
    """What a quantity can be, and which other units people write by mistake: each with what one must divide by."""

    unit: str
    least: float
    most: float
    because: str
    slips: tuple[tuple[str, float], ...] = ()

    def __call__(self, value: float) -> float:
        """The value, where it is possible.

        Raises:
            ValueError: it is not; the message says why, and what was probably meant.
        """
        if self.least <= value <= self.most:
            return value
        meant = [f"{value / by:g} {self.unit} if it was written in {name}" for name, by in self.slips if self._holds(value / by)]
        hint = f". It would be {' or '.join(meant)}" if meant else ""
        raise ValueError(
            f"{value:g} {self.unit} cannot be: it lies between {self.least:g} and {self.most:g}, because {self.because}{hint}"
        )

    def _holds(self, value: float) -> bool:
        return self.least <= value <= self.most


KG_PER_KWH = Plausible(
    "kg CO2e per kWh",
    0,
    1.5,
    "even lignite alone gives about 1.2",
    (("grams per kWh, or kg per MWh", 1000),),
)
POWER_USAGE = Plausible(
    "PUE",
    1,
    2.5,
    "it is all power over that of the computers, and the world's mean is 1.56",
    (("per cent", 100),),
)
UTILISATION = Plausible(
    "of the peak", 0.001, 0.8, "no published training reached 0.8 of an accelerator's peak", (("per cent", 100),)
)
WATTS = Plausible("W", 1, 3000, "one accelerator with its share of the node draws that much", (("kW", 0.001), ("mW", 1000)))
DOLLARS_PER_HOUR = Plausible("US$ per hour", 0, 50, "no accelerator is let for more", (("cents", 100), ("US$ a year", 8760)))
LITRES_PER_KWH = Plausible("litres per kWh", 0, 15, "even evaporative cooling in a desert takes less", (("millilitres", 1000),))
PEAK_FLOPS = Plausible(
    "FLOP/s",
    1e10,
    1e17,
    "a core does 1e10 and no accelerator 1e17",
    (("GFLOP/s", 1e-9), ("TFLOP/s", 1e-12), ("PFLOP/s", 1e-15)),
)
MEMORY_GIB = Plausible("GiB", 0.5, 1024, "no accelerator has more", (("MiB", 1024), ("bytes", 1 << 30)))

KgPerKwh = Annotated[float, AfterValidator(KG_PER_KWH)]
PowerUsage = Annotated[float, AfterValidator(POWER_USAGE)]
Utilisation = Annotated[float, AfterValidator(UTILISATION)]
Watts = Annotated[float, AfterValidator(WATTS)]
DollarsPerHour = Annotated[float, AfterValidator(DOLLARS_PER_HOUR)]
LitresPerKwh = Annotated[float, AfterValidator(LITRES_PER_KWH)]
PeakFlops = Annotated[float, AfterValidator(PEAK_FLOPS)]
MemoryGib = Annotated[float, AfterValidator(MEMORY_GIB)]
