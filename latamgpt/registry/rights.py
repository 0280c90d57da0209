"""The one function that says whether something may be used. Default is deny."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from latamgpt.registry.labels import MEANINGS, Label, Meaning, Season
from latamgpt.registry.partners import Agreement, Edge, Institution, Purpose

WEIGHTS_LEAVE = (Edge.RELEASE, Edge.EXPORT)  # at these edges weights are handed on, and no text


@dataclass(frozen=True)
class Ruling:
    """Permitted, or not and why: `reason` is a code, `detail` a sentence."""

    permitted: bool
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Place:
    """Where bytes lie or are worked on; '' where that is not known."""

    country: str = ""  # ISO 3166-1 alpha-2
    site: str = ""  # a file of sites/
    is_guess: bool = False  # nobody said which site this is

    def lies_in(self, residency: Iterable[str]) -> bool:
        """Whether a residency names this place by its country or by itself."""
        return bool({self.country, self.site} & set(residency))

    def held_for(self, institution: Institution) -> "Place":
        """The place as an institution's agreements see it: a guess will do for samples, and for no real partner's texts."""
        return Place(is_guess=True) if self.is_guess and not institution.sample else self

    def __str__(self) -> str:
        if self.is_guess and not self.site:
            return "a machine of which nobody said where it stands (set LATAMGPT_SITE to the site that it belongs to)"
        if self.country:
            return " in ".join(name for name in (self.site, self.country) if name)
        return f"{self.site or 'a place'} whose country is not known"


PERMITTED = Ruling(permitted=True)


def rule(
    institution: Institution,
    agreement_id: str,
    licence: str,
    purpose: Purpose,
    on: date,
    *,
    edge: Edge | None = None,
    place: Place | None = None,
) -> Ruling:
    """Whether texts of an institution under an agreement may be used for a purpose on a day.

    Steps: the agreement exists; it has begun, has not ended, was not withdrawn; it names a consent; its labels let
    the texts in, and on this day; it permits the purpose, the edge and the place; it covers the licence that the texts themselves
    carry. Anything else is a refusal.

    Args:
        institution: whose texts they are.
        agreement_id: under which of its agreements they came.
        licence: SPDX identifier that the texts carry.
        purpose: what is to be done.
        on: the day that the agreement is held against.
        edge: where in the factory the question is asked; None where it is asked outside, of the agreement alone.
        place: where it is to be done; None where no bytes move and none are worked on.
    """
    agreement = institution.agreement(agreement_id)
    if agreement is None:
        return _no_agreement(institution, agreement_id)
    refusals = (
        _in_force(agreement, on),
        rule_labels(agreement.id, agreement.labels, agreement.season, on),
        _covers(agreement, purpose, edge),
        _may_lie(agreement, edge, place and place.held_for(institution)),
    )
    for refusal in refusals:
        if refusal is not None:
            return refusal
    if licence not in agreement.licences():
        covered = ", ".join(sorted(agreement.licences()))
        return Ruling(False, "licence_contradiction", f"the licence is said to be {licence}, {agreement_id} covers {covered}")
    return PERMITTED


def rule_place(institution: Institution, agreement_id: str, place: Place) -> Ruling:
    """Whether an agreement lets its texts lie and be worked on at a place, whatever else it says of them.

    It is asked alone where texts lie already: an agreement that has ended does not let them lie anywhere else.
    """
    agreement = institution.agreement(agreement_id)
    if agreement is None:
        return _no_agreement(institution, agreement_id)
    return _may_lie(agreement, None, place.held_for(institution)) or PERMITTED


def rule_labels(name: str, labels: Iterable[Label], season: Season | None, on: date) -> Ruling | None:
    """A refusal where the labels of an agreement or a delivery keep its texts out on a day; None where they do not."""
    for label in labels:
        if MEANINGS[label] is Meaning.NEVER:
            return Ruling(False, "label_forbids", f"{name} carries the label {label.full_name}: such texts never enter a model")
        if MEANINGS[label] is Meaning.SEASON and (season is None or not season.holds(on)):
            days = f"from {season.opens} to {season.closes}" if season else "on days that nobody named"
            return Ruling(False, "out_of_season", f"{name} may be used {days} (month-day), the run is of {on}")
    return None


def rule_delivery_labels(
    agreement: Agreement, delivery: str, labels: Iterable[Label], season: Season | None, on: date
) -> Ruling | None:
    """A refusal where a delivery's own labels keep it out, or lay a duty on the release that its agreement does not know."""
    labels = tuple(labels)
    refusal = rule_labels(delivery, labels, season, on)
    if refusal is not None:
        return refusal
    unknown = [label for label in labels if MEANINGS[label] is not Meaning.SEASON and label not in agreement.labels]
    if unknown:
        names = ", ".join(label.full_name for label in unknown)
        detail = (
            f"{delivery} carries {names}, {agreement.id} does not: the duty would not reach the release. Add it to the agreement"
        )
        return Ruling(False, "label_not_agreed", detail)
    return None


def _no_agreement(institution: Institution, agreement_id: str) -> Ruling:
    return Ruling(False, "no_agreement", f"{institution.id} has no agreement {agreement_id!r}")


def _in_force(agreement: Agreement, on: date) -> Ruling | None:
    name = agreement.id
    if agreement.withdrawn_on is not None:  # final, whatever day the run is of
        return Ruling(False, "agreement_withdrawn", f"{name} was withdrawn on {agreement.withdrawn_on}")
    if on < agreement.valid_from:
        return Ruling(False, "agreement_not_begun", f"{name} begins on {agreement.valid_from}, the run is of {on}")
    if agreement.signed_on is not None and on < agreement.signed_on:
        return Ruling(False, "agreement_not_signed", f"{name} is signed on {agreement.signed_on}, the run is of {on}")
    if agreement.valid_until is not None and agreement.valid_until < on:
        return Ruling(False, "agreement_expired", f"{name} ended on {agreement.valid_until}, the run is of {on}")
    if agreement.consent is None:
        return Ruling(False, "consent_missing", f"{name} does not say on whose consent it stands (consent)")
    return None


def _covers(agreement: Agreement, purpose: Purpose, edge: Edge | None) -> Ruling | None:
    if purpose not in agreement.purposes:
        permitted = ", ".join(agreement.purposes)
        return Ruling(False, "purpose_not_permitted", f"{agreement.id} permits {permitted}, not {purpose}")
    if edge is not None and edge not in agreement.stages:
        permitted = ", ".join(agreement.stages)
        return Ruling(False, "stage_not_permitted", f"{agreement.id} may be used at {permitted}, not at {edge}")
    return None


def _may_lie(agreement: Agreement, edge: Edge | None, place: Place | None) -> Ruling | None:
    residency = agreement.weights_residency if edge in WEIGHTS_LEAVE else agreement.residency
    if place is None or not residency or place.lies_in(residency):
        return None
    what = "weights trained on its texts" if edge in WEIGHTS_LEAVE else "its texts"
    return Ruling(False, "outside_residency", f"{agreement.id} lets {what} lie in {', '.join(residency)}, not at {place}")
