"""The registry: institutions and the agreements under which they deposit texts, a YAML file for each."""

import re
from collections import Counter
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator

from latamgpt.errors import OperatorError, quoted
from latamgpt.records import Frozen
from latamgpt.registry import crawl
from latamgpt.registry.labels import MEANINGS, Label, Meaning, Season
from latamgpt.yaml_files import explain_validation, load_yaml

ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""Of institutions and agreements: it names files, folders, assets and stages, and is typed at a terminal."""

Words = Annotated[str, Field(min_length=1)]
Where = Annotated[str, Field(pattern=r"^([A-Z]{2}|[a-z0-9]+(-[a-z0-9]+)*)$")]  # a country (ISO 3166-1), or a file of sites/
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
CREATIVE = re.compile(r"(?i)cc|by-|creative")
CREATIVE_COMMONS = re.compile(r"CC0-1\.0|CC-PDDC|CC-PDM-1\.0|CC-SA-1\.0|CC-BY(-NC)?(-SA|-ND)?-[1-4]\.[05](-[A-Z]+)*")


def _spelt_as_spdx(licence: str) -> str:
    """What a licence asks for is read from its letters (NC, SA, ND): one that is meant for Creative Commons has to be theirs."""
    if not IDENTIFIER.fullmatch(licence) or (CREATIVE.match(licence) and not CREATIVE_COMMONS.fullmatch(licence)):
        raise ValueError(
            f"{quoted(licence)} is not spelt as SPDX spells it, so nobody could tell what it asks for, such as no commercial "
            "use; write it letter by letter as on https://spdx.org/licenses (CC-BY-4.0, CC-BY-NC-SA-4.0, CC0-1.0, MIT), a "
            "licence of one's own as LicenseRef-NAME"
        )
    return licence


Licence = Annotated[str, AfterValidator(_spelt_as_spdx)]


class Kind(StrEnum):
    """What sort of institution a partner is."""

    ACADEMY = "academy"
    ARCHIVE = "archive"
    COMMUNITY = "community"  # an indigenous or local community itself, or what it runs
    GOVERNMENT = "government"
    LIBRARY = "library"
    MUSEUM = "museum"
    PUBLISHER = "publisher"  # press, radio, books
    SCHOOL = "school"
    UNIVERSITY = "university"


class Purpose(StrEnum):
    """What an agreement may permit."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    RELEASE = "release"  # of weights that were trained on the texts
    PUBLISH_EXCERPTS = "publish_excerpts"
    EXPORT = "export"  # of the texts themselves


class Edge(StrEnum):
    """Where in the factory the registry is asked: the `stages` of an agreement name those it permits."""

    INTAKE = "intake"
    CORPUS = "corpus"
    TRAINING = "training"
    EVALUATION = "evaluation"
    RELEASE = "release"
    EXPORT = "export"  # of a release, to another place


class ConsentBasis(StrEnum):
    """On whose word the institution passes the texts on."""

    AUTHORS = "authors"  # each author's, in writing
    COMMUNITY = "community"  # free, prior and informed: a community's own decision
    HOLDER = "holder"  # the institution's, which holds the rights
    LAW = "law"  # legal deposit, or a law that opens public documents
    PUBLIC_DOMAIN = "public_domain"
    PUBLIC_LICENCE = "public_licence"  # the authors', once and for everyone


class Agreement(Frozen):
    """What one institution permits with one body of texts, where, and until when."""

    id: str = Field(pattern=ID)
    title: str
    licence: Licence  # SPDX identifier; what the texts' own statements are held against
    accepted_licences: tuple[Licence, ...] = ()  # further SPDX identifiers that its deliveries may carry
    consent: ConsentBasis | None = None  # without it nothing may be used
    signed_on: date | None = None  # where it is said: before that day nothing may be used, whenever the terms begin
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    stages: tuple[Edge, ...] = Field(default=tuple(Edge), min_length=1)
    residency: tuple[Where, ...] = ()  # where the texts may lie and be processed; none named: anywhere
    weights_residency: tuple[Where, ...] = ()  # where we may copy a release that was trained on them; none named: anywhere
    labels: tuple[Label, ...] = ()
    labels_by: str = ""  # the community that set the labels, as it wants to be named
    season: Season | None = None
    valid_from: date
    valid_until: date | None = None  # the last day on which it holds
    withdrawn_on: date | None = None
    attribution: str

    @field_validator("valid_until")
    @classmethod
    def _ends_after_it_begins(cls, last_day: date | None, info: ValidationInfo) -> date | None:
        first_day = info.data.get("valid_from")
        if last_day is not None and first_day is not None and last_day < first_day:
            raise ValueError(f"lies before valid_from, {first_day}")
        return last_day

    @model_validator(mode="after")
    def _labels_are_whole(self) -> "Agreement":
        if self.labels and not self.labels_by.strip():
            raise ValueError("labels are a community's, and labels_by does not say whose")
        seasonal = any(MEANINGS[label] is Meaning.SEASON for label in self.labels)
        if seasonal != (self.season is not None):
            raise ValueError("season (opens and closes, as MM-DD) is there if, and only if, the label tk_seasonal is")
        return self

    def licences(self) -> frozenset[str]:
        """All licences that a delivery under this agreement may carry."""
        return frozenset({self.licence, *self.accepted_licences})


class Institution(Frozen):
    """A partner, or a sample of one, with its agreements."""

    id: str = Field(pattern=ID)
    name: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    kind: Kind
    contact: str  # a role, never a person
    data_steward: Words  # the role that answers for the texts: whom a withdrawal or a person's request goes to
    sample: bool = False  # true: this institution is invented, for the shipped samples
    agreements: tuple[Agreement, ...]

    def agreement(self, agreement_id: str) -> Agreement | None:
        """The agreement of this id, if the institution has it."""
        return next((a for a in self.agreements if a.id == agreement_id), None)


def read_institution(root: Path, partner: str) -> Institution:
    """Read partners/PARTNER.yaml.

    Raises:
        OperatorError: the file is missing, not YAML, has a field that is unknown or wrong, names a crawl, or has two agreements
            of one id.
    """
    path = root / "partners" / f"{partner}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        raise OperatorError(
            f"{partner!r} is not in the registry ({path} is missing; it holds: {known}). Without an agreement nothing may be "
            f"used. Check the spelling, or register it: latamgpt partner add --id {partner} ..."
        )
    try:
        values = load_yaml(path.read_text(encoding="utf-8"))
        _refuse_crawl(path, values)
        institution = Institution.model_validate(values)
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a day that no calendar has
        raise OperatorError(
            f"{path} is not valid YAML in UTF-8: {error}. Mend the line it names; until then the partner's texts are not used."
        ) from error
    if institution.id != partner:
        raise OperatorError(f"{path}: id is {institution.id!r}, the file is named {partner!r}. Make the two the same.")
    repeated = [id_ for id_, times in Counter(a.id for a in institution.agreements).items() if times > 1]
    if repeated:
        raise OperatorError(
            f"{path} holds more than one agreement {repeated[0]!r}, so which of them a delivery means cannot be told. "
            "Give each its own id."
        )
    return institution


def _refuse_crawl(path: Path, values: object) -> None:
    agreements = values.get("agreements") if isinstance(values, dict) else None
    parts = [values, *(agreements if isinstance(agreements, list) else [])]
    if named := sorted({field for part in parts for field in crawl.crawl_fields(part)}):
        raise OperatorError(
            f"{path}: {', '.join(named)} ({crawl.REASON}). {crawl.WHY}. Take the key out, and let the institution deliver its "
            "texts."
        )
