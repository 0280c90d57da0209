"""What whoever passes weights on owes to those whose texts they were trained on."""

from collections.abc import Iterable
from enum import StrEnum

from latamgpt.records import Frozen
from latamgpt.registry.labels import MEANINGS, Label, Meaning
from latamgpt.registry.partners import Agreement

NO_DUTIES = frozenset({"CC0-1.0", "Unlicense", "0BSD", "PDDL-1.0"})
SHARED_ALIKE = ("GPL-", "LGPL-", "AGPL-", "MPL-", "EUPL-", "ODbL-", "OSL-")
"""Beginnings of SPDX identifiers, besides the Creative Commons ones with an SA, under which what is derived stays."""


class DutyKind(StrEnum):
    """What is owed."""

    ATTRIBUTION = "attribution"
    NON_COMMERCIAL = "non_commercial"
    SHARE_ALIKE = "share_alike"
    KEEP_NOTICE = "keep_notice"
    LABEL_NOTICE = "label_notice"


class Duty(Frozen):
    """One duty, and what it comes from."""

    kind: DutyKind
    cause: str  # 'agreement', an SPDX identifier, or a label
    statement: str  # a sentence for whoever has to keep it


def duties_of(agreement: Agreement, licences: Iterable[str]) -> tuple[Duty, ...]:
    """The duties of texts that came under an agreement and carry these licences, sorted."""
    found = [_duty(DutyKind.ATTRIBUTION, "agreement", agreement.attribution)]
    found += [duty for licence in sorted(set(licences)) for duty in _of_licence(licence)]
    found += [duty for label in sorted(set(agreement.labels)) if (duty := _of_label(label, agreement.labels_by))]
    return tuple(sorted(found, key=lambda duty: (duty.kind, duty.cause)))


def permits_commerce(licence: str) -> bool:
    """Whether a licence lets others sell: all do that do not say NC in their identifier."""
    return "NC" not in licence.split("-")


def _of_licence(licence: str) -> list[Duty]:
    if licence in NO_DUTIES:
        return []
    clauses = licence.split("-") if licence.startswith("CC-") else []
    duties: list[Duty] = []
    if not permits_commerce(licence):
        duties.append(_duty(DutyKind.NON_COMMERCIAL, licence, f"Texts under {licence} are not lent for commercial use."))
    if "SA" in clauses or licence.startswith(SHARED_ALIKE):
        duties.append(_duty(DutyKind.SHARE_ALIKE, licence, f"What is derived from texts under {licence} stays under it."))
    notice = f"Name the authors of texts under {licence} and keep its words with them; each delivery's NOTICE holds both."
    return [*duties, _duty(DutyKind.KEEP_NOTICE, licence, notice)]


def _of_label(label: Label, community: str) -> Duty | None:
    match MEANINGS[label]:
        case Meaning.NON_COMMERCIAL:
            statement = f"{community} does not lend these texts for commercial use ({label.full_name})."
            return _duty(DutyKind.NON_COMMERCIAL, label, statement)
        case Meaning.ATTRIBUTION:
            return _duty(DutyKind.ATTRIBUTION, label, f"Name {community} ({label.full_name}).")
        case Meaning.NOTICE | Meaning.SEASON:
            statement = f"Show the label {label.full_name} of {community} wherever these texts are spoken of."
            return _duty(DutyKind.LABEL_NOTICE, label, statement)
        case Meaning.NEVER:
            return None


def _duty(kind: DutyKind, cause: str, statement: str) -> Duty:
    return Duty(kind=kind, cause=str(cause), statement=statement)
