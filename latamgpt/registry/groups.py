"""By what a corpus is counted: what stands in its documents, and who deposited them when.

When a text was written and what kind it is are known where a partner states them; who deposited it, and when, of every one.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from latamgpt.records import UNKNOWN
from latamgpt.registry.partners import read_institution

INSTITUTION = "kind of institution"
YEAR = "year of delivery"

BY = {
    "language": "language",
    "country": "country",
    "partner": "partner",
    "period": "period",
    "kind": "kind",
    "year": YEAR,
    "institution": INSTITUTION,
    "variety": "variety",
    "licence": "licence",
}
"""What a person asks for -> the column by which the reports of the corpus and of the token shards count."""


def kinds_of(root: Path, partners: Iterable[str]) -> Mapping[str, str]:
    """Partner -> what sort of institution the registry says it is.

    Raises:
        OperatorError: a partner's registry file is missing or wrong.
    """
    return {partner: str(read_institution(root, partner).kind) for partner in sorted(set(partners))}


def year_of(delivered_on: date | None) -> str:
    """The year of a delivery's date; 'unknown' where the partner gave none."""
    return str(delivered_on.year) if delivered_on else UNKNOWN
