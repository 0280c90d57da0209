"""Whether everything that is about to be trained on may be: the registry is asked again, for every agreement. Default is deny."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.errors import NotPermittedError
from latamgpt.registry.partners import Purpose, read_institution
from latamgpt.registry.rights import rule

REFUSALS_SHOWN = 5


@dataclass(frozen=True, order=True)
class Terms:
    """Under which terms a document came."""

    partner: str
    agreement: str
    licence: str


def read_terms(shards: Path) -> dict[str, Terms]:
    """The terms of every document in the training shards."""
    terms: dict[str, Terms] = {}
    for path in sorted((shards / "train").glob("*.parquet")):
        columns = pq.read_table(path, columns=["doc_id", "partner", "agreement", "licence"]).to_pydict()
        for doc_id, partner, agreement, licence in zip(*columns.values(), strict=True):
            terms[doc_id] = Terms(partner, agreement, licence)
    return terms


def must_be_permitted(root: Path, partners: tuple[str, ...], documents: dict[str, Terms], on: date) -> Counter[Terms]:
    """How many documents come under each terms, once the registry permitted training on all of them.

    Raises:
        NotPermittedError: an agreement does not permit training, or a partner is not one of this run's.
    """
    counts = Counter(documents.values())
    refusals = [
        f"{number} documents of {terms.partner}: {detail}"
        for terms, number in sorted(counts.items())
        if (detail := _refusal(root, partners, terms, on))
    ]
    if refusals:
        more = f" (and {len(refusals) - REFUSALS_SHOWN} more)" if len(refusals) > REFUSALS_SHOWN else ""
        raise NotPermittedError(
            f"checkpoint: {'; '.join(refusals[:REFUSALS_SHOWN])}{more}. What is trained in cannot be taken out again, so nothing "
            "was started. Run the stages from `documents` on again (they leave these texts out), or renew the agreement."
        )
    return counts


def _refusal(root: Path, partners: tuple[str, ...], terms: Terms, on: date) -> str:
    if terms.partner not in partners:
        return "not a partner of this run (params.yaml, partners)"
    return rule(read_institution(root, terms.partner), terms.agreement, terms.licence, Purpose.TRAIN, on).detail
