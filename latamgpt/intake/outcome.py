"""What the stage's report says of one delivery."""

from dataclasses import dataclass

from latamgpt.intake.taking_in import TakenIn
from latamgpt.intake.tally import Tally


@dataclass(frozen=True)
class Outcome:
    """What the report says of one delivery; '' where that could not be read."""

    name: str
    date: str
    format: str
    agreement: str
    licence: str
    tally: Tally
    quarantined_for: str

    @classmethod
    def of(cls, taken: TakenIn) -> "Outcome":
        """Of a delivery that was taken in; what else its description says is let go."""
        said, reason = taken.delivery, taken.quarantined_for
        if said is None:
            return cls(taken.name, "", "", "", "", taken.tally, reason)
        return cls(taken.name, said.date.isoformat(), str(said.format), said.agreement, said.licence, taken.tally, reason)
