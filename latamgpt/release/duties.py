"""The duties of a release: of the agreements whose texts it was trained on, and of no others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from latamgpt.errors import InputDamagedError, NotPermittedError
from latamgpt.params import Params
from latamgpt.records import Frozen
from latamgpt.registry.duties import Duty, DutyKind, duties_of, permits_commerce
from latamgpt.registry.odrl import CONTEXT, Node, to_odrl
from latamgpt.registry.partners import Agreement, Institution
from latamgpt.release.provenance import Provenance, Use

DUTIES_NAME = "duties.json"
POLICIES_NAME = "policies.jsonld"


class UsedAgreement(Frozen):
    """An agreement whose texts were trained on."""

    partner: str
    institution: str
    agreement: str
    title: str
    licences: tuple[str, ...]  # of the texts, SPDX
    num_documents: int
    num_tokens_trained: int
    duties: tuple[Duty, ...]


class Duties(Frozen):
    """What stands in duties.json."""

    release: str
    version: str
    licence: str  # of the weights
    as_of: date
    agreements: tuple[UsedAgreement, ...]

    @classmethod
    def read(cls, folder: Path) -> "Duties":
        """The duties in a candidate's or a release's folder.

        Raises:
            InputDamagedError: there are none, or they do not read: whose texts are in the weights is not known.
        """
        path = folder / DUTIES_NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError) as error:
            raise InputDamagedError(
                f"{path} is missing or does not read, so whose texts these weights were trained on, and what is owed for them, "
                "is not known. Make the release again."
            ) from error


def find_duties(params: Params, provenance: Provenance, institutions: Mapping[str, Institution]) -> Duties:
    """The duties of all that was trained on.

    Raises:
        NotPermittedError: texts that are lent for no commercial use are in weights whose licence lets others sell them.
    """
    release = params.release_candidate
    trained = _trained(provenance)
    agreements = tuple(
        _used(institutions[partner], _agreement(institutions, partner, name), uses) for (partner, name), uses in trained
    )
    must_not_be_sold_against_their_terms(release.licence, agreements)
    return Duties(
        release=release.name, version=release.version, licence=release.licence, as_of=params.rights.as_of, agreements=agreements
    )


def policies(provenance: Provenance, institutions: Mapping[str, Institution]) -> Node:
    """The same agreements as ODRL policies, in one JSON-LD document."""
    graph: list[Node] = []
    for (partner, name), uses in _trained(provenance):
        agreement = _agreement(institutions, partner, name)
        policy = to_odrl(institutions[partner], agreement, duties_of(agreement, {use.licence for use in uses}))
        del policy["@context"]
        graph.append(policy)
    return {"@context": CONTEXT, "@graph": graph}


def must_not_be_sold_against_their_terms(licence: str, agreements: Sequence[UsedAgreement]) -> None:
    """Refuse weights under a licence that lets others sell, where texts in them are lent for no commercial use.

    Raises:
        NotPermittedError: names the agreements, and what each duty comes from.
    """
    held = [
        f"{used.agreement} of {used.partner} ({duty.cause})"
        for used in agreements
        for duty in used.duties
        if duty.kind is DutyKind.NON_COMMERCIAL
    ]
    if held and permits_commerce(licence):
        raise NotPermittedError(
            f"the weights would be released under {licence}, which lets others sell them, and these texts are lent for no "
            f"commercial use: {', '.join(held)}. Nothing was released. Name a licence with NC under release_candidate.licence, "
            "or leave the texts out and train again."
        )


def _trained(provenance: Provenance) -> list[tuple[tuple[str, str], list[Use]]]:
    found: defaultdict[tuple[str, str], list[Use]] = defaultdict(list)
    for use in provenance.uses:
        if use.num_tokens_trained:
            found[use.partner, use.agreement].append(use)
    return sorted(found.items(), key=lambda item: item[0])


def _agreement(institutions: Mapping[str, Institution], partner: str, name: str) -> Agreement:
    agreement = institutions[partner].agreement(name)
    if agreement is None:
        raise NotPermittedError(
            f"partners/{partner}.yaml has no agreement {name!r}, and its texts were trained on. What is owed for them is not "
            "known. Restore the agreement, or train again without them."
        )
    return agreement


def _used(institution: Institution, agreement: Agreement, uses: Sequence[Use]) -> UsedAgreement:
    licences = tuple(sorted({use.licence for use in uses}))
    return UsedAgreement(
        partner=institution.id,
        institution=institution.name,
        agreement=agreement.id,
        title=agreement.title,
        licences=licences,
        num_documents=sum(use.num_documents for use in uses),
        num_tokens_trained=sum(use.num_tokens_trained for use in uses),
        duties=duties_of(agreement, licences),
    )
