"""Whether the held-out texts may be measured on: the registry is asked again, for every agreement. Default is deny."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.registry.edges import Question, Terms, must_be_permitted, refusal
from latamgpt.registry.partners import Edge, Purpose
from latamgpt.registry.rights import Place

ADVICE = (
    "A scorecard would quote what the partner no longer lends, so nothing was scored. Run the stages from `documents` on again "
    "(they leave these texts out), renew the agreement, or score at a place that it names."
)


@dataclass(frozen=True)
class Registry:
    """Where, for whom and when the registry is asked."""

    root: Path
    partners: tuple[str, ...]  # of this run
    on: date
    place: Place

    @property
    def question(self) -> Question:
        """May models be measured on it?"""
        return Question("scorecard", Purpose.EVALUATE, Edge.EVALUATION, self.on, self.place, ADVICE)

    def permits(self, terms: Terms) -> bool:
        """Whether models may be measured on texts under these terms."""
        return not refusal(self.root, self.partners, terms, self.question)


def must_permit_evaluation(registry: Registry, held_out: Path) -> None:
    """Hold every agreement of the held-out documents against the purpose 'evaluate', at this place.

    Raises:
        NotPermittedError: an agreement does not permit it, or a partner is not one of this run's.
    """
    documents: dict[str, Terms] = {}
    for path in sorted(held_out.glob("*.parquet")):
        columns = pq.read_table(path, columns=["doc_id", "partner", "agreement", "licence"]).to_pydict()
        for doc_id, partner, agreement, licence in zip(*columns.values(), strict=True):
            documents[doc_id] = Terms(partner, agreement, licence)
    must_be_permitted(registry.root, registry.partners, Counter(documents.values()), registry.question)
