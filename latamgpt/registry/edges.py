"""Asking the registry about many documents at once: at an edge where one refusal stops everything. Default is deny."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from latamgpt.errors import NotPermittedError
from latamgpt.registry.partners import Edge, Purpose, read_institution
from latamgpt.registry.rights import Place, rule

REFUSALS_SHOWN = 5


@dataclass(frozen=True, order=True)
class Terms:
    """Under which terms a document came."""

    partner: str
    agreement: str
    licence: str


@dataclass(frozen=True)
class Question:
    """What is about to be done, where, and on which day the agreements are held against it."""

    stage: str  # as the refusal names it
    purpose: Purpose
    edge: Edge
    on: date
    place: Place | None
    advice: str  # why a refusal stops everything, and what to do next


def must_be_permitted(root: Path, partners: tuple[str, ...], counts: Mapping[Terms, int], question: Question) -> None:
    """Hold the documents' terms, each with its number of documents, against the registry as it is now.

    Raises:
        NotPermittedError: an agreement does not permit it, or a partner is not one of this run's.
    """
    refusals = [
        f"{number:,} documents of {terms.partner}: {detail}"
        for terms, number in sorted(counts.items())
        if (detail := refusal(root, partners, terms, question))
    ]
    if refusals:
        more = f" (and {len(refusals) - REFUSALS_SHOWN} more)" if len(refusals) > REFUSALS_SHOWN else ""
        raise NotPermittedError(f"{question.stage}: {'; '.join(refusals[:REFUSALS_SHOWN])}{more}. {question.advice}")


def refusal(root: Path, partners: tuple[str, ...], terms: Terms, question: Question) -> str:
    """Why documents under these terms may not be used, or nothing if they may."""
    if terms.partner not in partners:
        return "not a partner of this run (params.yaml, partners)"
    institution = read_institution(root, terms.partner)
    ruling = rule(
        institution,
        terms.agreement,
        terms.licence,
        question.purpose,
        question.on,
        edge=question.edge,
        place=question.place,
    )
    return ruling.detail
