"""The duties that travel with a partner's texts into every release: what its agreements and their labels ask for."""

from collections.abc import Collection

from latamgpt.records import Frozen
from latamgpt.registry.labels import MEANINGS, Meaning
from latamgpt.registry.partners import Agreement, Institution

SHARE_ALIKE = "share_alike"
KINDS = (Meaning.NON_COMMERCIAL.value, Meaning.ATTRIBUTION.value, Meaning.NOTICE.value, SHARE_ALIKE)
NON_COMMERCIAL_PART, SHARE_ALIKE_PART = "-NC", "-SA-"  # of an SPDX identifier of a Creative Commons licence


class Duty(Frozen):
    """What one agreement asks of whoever passes a release on."""

    agreement: str
    licence: str
    attribution: str
    valid_until: str  # '' without an end
    kinds: tuple[str, ...]  # of KINDS
    labels: tuple[str, ...]
    labels_by: str


def duties_of(institution: Institution, used: Collection[str]) -> tuple[Duty, ...]:
    """The duties of those agreements under which something was delivered, in order of their ids."""
    return tuple(_duty(a) for a in sorted(institution.agreements, key=lambda agreement: agreement.id) if a.id in used)


def _duty(agreement: Agreement) -> Duty:
    kinds = {MEANINGS[label].value for label in agreement.labels}
    for licence in agreement.licences():
        kinds |= {Meaning.NON_COMMERCIAL.value} if NON_COMMERCIAL_PART in licence else set()
        kinds |= {SHARE_ALIKE} if SHARE_ALIKE_PART in licence else set()
    return Duty(
        agreement=agreement.id,
        licence=", ".join(sorted(agreement.licences())),
        attribution=agreement.attribution,
        valid_until=agreement.valid_until.isoformat() if agreement.valid_until else "",
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        labels=tuple(label.full_name for label in agreement.labels),
        labels_by=agreement.labels_by,
    )
