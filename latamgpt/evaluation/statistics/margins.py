"""Non-inferiority: what a candidate may have lost at most, held against a margin that is allowed."""

from dataclasses import dataclass
from enum import StrEnum

from latamgpt.evaluation.score import Cell
from latamgpt.evaluation.statistics.student import clusters_needed, one_sided_width


class Verdict(StrEnum):
    """What a comparison says of a loss. Only the first passes a gate."""

    KEPT = "kept"  # the loss is surely below the margin
    LOST = "lost"  # it is surely above it
    UNTOLD = "cannot tell"  # neither: the items are too few, or the loss lies about the margin


@dataclass(frozen=True)
class Held:
    """A comparison held against a margin; `lowest_loss` and `highest_loss` are one-sided bounds of the loss."""

    name: str
    loss: float
    lowest_loss: float
    highest_loss: float
    margin: float
    num_clusters: int
    num_needed: int  # clusters like these that would pass a candidate that lost nothing, four times in five
    verdict: Verdict

    @property
    def words(self) -> str:
        """As a report says it: 'code cannot tell (60 questions or documents; 240 would)'."""
        few = self.verdict is Verdict.UNTOLD and self.num_needed > self.num_clusters
        told = f" ({self.num_clusters:,} questions or documents; {self.num_needed:,} would)" if few else ""
        return f"{self.name} {self.verdict.value}{told}"


def hold(cell: Cell, margin: float, significance: float, *, more_is_better: bool = True, relative: bool = False) -> Held:
    """Hold a comparison against the loss that is allowed, one-sided, with the cell's standard error by cluster.

    `relative` takes loss and margin as parts of what the base got. The chance to pass what lost the whole margin or more is
    `significance`. Source: CPMP/EWP/482/99, Points to consider on switching between superiority and non-inferiority, 2000.
    """
    scale = (-1.0 if more_is_better else 1.0) / (cell.base if relative else 1.0)
    error, degrees = cell.standard_error * abs(scale), cell.num_clusters - 1
    loss, width = cell.difference * scale + 0.0, one_sided_width(error, degrees, significance)
    surely = Verdict.LOST if loss - width >= margin else Verdict.UNTOLD
    verdict = Verdict.KEPT if loss + width < margin else surely
    return Held(
        name=f"{cell.measure}/{cell.group}",
        loss=loss,
        lowest_loss=loss - width,
        highest_loss=loss + width,
        margin=margin,
        num_clusters=cell.num_clusters,
        num_needed=clusters_needed(error, degrees, margin, significance),
        verdict=verdict,
    )
