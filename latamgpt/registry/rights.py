"""The one function that says whether something may be used. Default is deny."""

from dataclasses import dataclass
from datetime import date

from latamgpt.registry.partners import Institution, Purpose


@dataclass(frozen=True)
class Ruling:
    """Permitted, or not and why: `reason` is a code, `detail` a sentence."""

    permitted: bool
    reason: str = ""
    detail: str = ""


PERMITTED = Ruling(permitted=True)


def rule(institution: Institution, agreement_id: str, licence: str, purpose: Purpose, on: date) -> Ruling:
    """Whether texts of an institution under an agreement may be used for a purpose on a day.

    Steps: the agreement exists; it has begun, has not ended, was not withdrawn; it permits the purpose; the licence that the
    texts themselves carry is one that it covers. Anything else is a refusal.
    """
    agreement = institution.agreement(agreement_id)
    if agreement is None:
        return Ruling(False, "no_agreement", f"{institution.id} has no agreement {agreement_id!r}")
    if agreement.withdrawn_on is not None:  # final, whatever day the run is of
        return Ruling(False, "agreement_withdrawn", f"{agreement_id} was withdrawn on {agreement.withdrawn_on}")
    if on < agreement.valid_from:
        return Ruling(False, "agreement_not_begun", f"{agreement_id} begins on {agreement.valid_from}, the run is of {on}")
    if agreement.valid_until is not None and agreement.valid_until < on:
        return Ruling(False, "agreement_expired", f"{agreement_id} ended on {agreement.valid_until}, the run is of {on}")
    if purpose not in agreement.purposes:
        permitted = ", ".join(agreement.purposes)
        return Ruling(False, "purpose_not_permitted", f"{agreement_id} permits {permitted}, not {purpose}")
    if licence not in agreement.licences():
        covered = ", ".join(sorted(agreement.licences()))
        return Ruling(False, "licence_contradiction", f"the text says {licence}, {agreement_id} covers {covered}")
    return PERMITTED
