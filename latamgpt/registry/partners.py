"""The registry: institutions and the agreements under which they deposit texts, a YAML file for each."""

from collections import Counter
from datetime import date
from enum import StrEnum
from pathlib import Path

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator

from latamgpt.errors import OperatorError
from latamgpt.params import explain_validation
from latamgpt.records import Frozen


class Purpose(StrEnum):
    """What an agreement may permit."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    RELEASE = "release"  # of weights that were trained on the texts
    PUBLISH_EXCERPTS = "publish_excerpts"
    EXPORT = "export"  # of the texts themselves


class Agreement(Frozen):
    """What one institution permits with one body of texts, and until when."""

    id: str
    title: str
    licence: str  # SPDX identifier; what the texts' own statements are held against
    accepted_licences: tuple[str, ...] = ()  # further SPDX identifiers that its deliveries may carry
    purposes: tuple[Purpose, ...] = Field(min_length=1)
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

    def licences(self) -> frozenset[str]:
        """All licences that a delivery under this agreement may carry."""
        return frozenset({self.licence, *self.accepted_licences})


class Institution(Frozen):
    """A partner, or a sample of one, with its agreements."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    kind: str  # library, archive, university, government, community ...
    contact: str  # a role, never a person
    sample: bool = False  # true: this institution is invented, for the shipped samples
    agreements: tuple[Agreement, ...]

    def agreement(self, agreement_id: str) -> Agreement | None:
        """The agreement of this id, if the institution has it."""
        return next((a for a in self.agreements if a.id == agreement_id), None)


def read_institution(root: Path, partner: str) -> Institution:
    """Read partners/PARTNER.yaml.

    Raises:
        OperatorError: the file is missing, not YAML, has a field that is unknown or wrong, or two agreements of one id.
    """
    path = root / "partners" / f"{partner}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        raise OperatorError(
            f"{partner!r} is not in the registry ({path} is missing; it holds: {known}). Without an agreement nothing may be "
            "used. Check the spelling, or add the institution's file."
        )
    try:
        institution = Institution.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
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
