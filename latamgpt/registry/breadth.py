"""How much one may do with a text under its agreement: what decides first which of two copies stays."""

from dataclasses import dataclass
from datetime import date

from latamgpt.registry.duties import duties_of
from latamgpt.registry.partners import Edge, Institution, Purpose
from latamgpt.registry.rights import rule

USES = (
    (Purpose.TRAIN, Edge.TRAINING),
    (Purpose.EVALUATE, Edge.EVALUATION),
    (Purpose.RELEASE, Edge.RELEASE),
    (Purpose.RELEASE, Edge.EXPORT),
    (Purpose.PUBLISH_EXCERPTS, Edge.CORPUS),
    (Purpose.EXPORT, Edge.EXPORT),
)
"""What the factory asks the registry about a text that is in the corpus, and where."""


@dataclass(frozen=True, order=True)
class Breadth:
    """How broad the rights to a text are: the greater lets more be done. The fields stand in the order in which they count."""

    num_uses: int  # of USES, those that the agreement permits
    is_anywhere: bool  # neither texts nor weights are tied to a country or a site
    minus_duties: int  # fewer duties, by licence, agreement and labels, are broader


def breadth(institution: Institution, agreement_id: str, licence: str, on: date) -> Breadth:
    """The breadth of texts of an institution that carry a licence, on a day; the least where it has no such agreement."""
    agreement = institution.agreement(agreement_id)
    if agreement is None:
        return Breadth(0, False, 0)
    permitted = [rule(institution, agreement_id, licence, purpose, on, edge=edge).permitted for purpose, edge in USES]
    return Breadth(
        num_uses=sum(permitted),
        is_anywhere=not (agreement.residency or agreement.weights_residency),
        minus_duties=-len(duties_of(agreement, [licence])),
    )
