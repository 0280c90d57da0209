"""What speaks of the licence of a whole delivery, held against what its agreement covers."""

import re
from pathlib import Path

from latamgpt.errors import quoted
from latamgpt.intake.delivery import Delivery, DeliveryFormat
from latamgpt.intake.licences import Statement, contradiction, stated_in_fields
from latamgpt.intake.notices import notice_contradiction
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import Source
from latamgpt.registry.partners import Institution

IDENTIFIER = re.compile(r"[A-Za-z0-9.+-]{1,60}")  # as SPDX has them; a field for a licence may hold anything


def check_bag_licence(folder: Path, institution: Institution, delivery: Delivery) -> None:
    """A bag's own description may carry a licence; one that is not covered puts the whole bag in doubt."""
    info = folder / "bag-info.txt"
    if delivery.format is not DeliveryFormat.BAGIT or not info.is_file():
        return
    text = info.read_text(encoding="utf-8", errors="replace")
    lines = re.findall(r"^([^:\n]+):(.*(?:\n[ \t].*)*)$", text, re.MULTILINE)
    stated = [s for label, value in lines for s in stated_in_fields({label: value}, lambda _: "bag-info.txt")]
    odd = contradiction(stated, covered(institution, delivery))
    if odd is not None:
        detail = f"{two_licences(odd, delivery)}: ask the partner which one holds"
        raise Rejected(Reason.LICENCE_CONTRADICTION, detail, "bag-info.txt")


def check_notices(source: Source, institution: Institution) -> None:
    """What stands at a delivery's top speaks for all of it; told last, since documents that contradict say more."""
    odd = notice_contradiction(source, covered(institution, source.delivery))
    if odd is not None:
        detail = f"{two_licences(odd, source.delivery)}: ask the partner which one holds"
        raise Rejected(Reason.LICENCE_CONTRADICTION, detail, odd.where if source.has(odd.where) else "")


def two_licences(odd: Statement, delivery: Delivery) -> str:
    """How a text's own licence differs from its delivery's, in words."""
    return f"{odd.where} says {shown(odd.licence)}, delivery.yaml says {shown(delivery.licence)}"


def shown(licence: str) -> str:
    """A licence as it may be quoted: an SPDX identifier as it is, anything else in quotation marks."""
    return licence if IDENTIFIER.fullmatch(licence) else quoted(licence)


def covered(institution: Institution, delivery: Delivery) -> frozenset[str]:
    """The licences that a delivery's agreement covers."""
    agreement = institution.agreement(delivery.agreement)
    return agreement.licences() if agreement else frozenset()
