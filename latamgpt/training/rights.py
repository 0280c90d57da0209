"""Whether everything that is about to be trained on may be: the registry is asked again, for every agreement. Default is deny."""

from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.registry.edges import Question, Terms, must_be_permitted
from latamgpt.registry.partners import Edge, Purpose
from latamgpt.registry.rights import Place

ADVICE = (
    "What is trained in cannot be taken out again, so nothing was started. Run the stages from `documents` on again (they leave "
    "these texts out), renew the agreement, or train at a place that it names."
)


def read_terms(shards: Path) -> dict[str, Terms]:
    """The terms of every document in the training shards."""
    terms: dict[str, Terms] = {}
    for path in sorted((shards / "train").glob("*.parquet")):
        columns = pq.read_table(path, columns=["doc_id", "partner", "agreement", "licence"]).to_pydict()
        for doc_id, partner, agreement, licence in zip(*columns.values(), strict=True):
            terms[doc_id] = Terms(partner, agreement, licence)
    return terms


def must_permit_training(
    root: Path, partners: tuple[str, ...], documents: dict[str, Terms], on: date, place: Place
) -> Counter[Terms]:
    """How many documents come under each terms, once the registry permitted training on all of them at this place.

    Raises:
        NotPermittedError: an agreement does not permit it, or a partner is not one of this run's.
    """
    counts = Counter(documents.values())
    must_be_permitted(root, partners, counts, Question("checkpoint", Purpose.TRAIN, Edge.TRAINING, on, place, ADVICE))
    return counts
