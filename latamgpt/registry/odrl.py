"""An agreement as an ODRL 2.2 policy in JSON-LD (https://www.w3.org/TR/odrl-vocab/), for readers that are not this project's.

What ODRL has a word for is said with it; the factory's stages, sites and seasons, for which it has none, are named by URNs.
"""

from collections.abc import Iterable

from latamgpt.registry.duties import Duty, DutyKind
from latamgpt.registry.labels import MEANINGS, Meaning
from latamgpt.registry.partners import Agreement, Edge, Institution, Purpose

CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
COUNTRY = "https://www.iso.org/obp/ui/#iso:code:3166:"
ACTIONS = {
    Purpose.TRAIN: "derive",
    Purpose.EVALUATE: "read",
    Purpose.RELEASE: "distribute",
    Purpose.PUBLISH_EXCERPTS: "extract",
    Purpose.EXPORT: "distribute",
}
DUTY_ACTIONS = {
    DutyKind.ATTRIBUTION: "attribute",
    DutyKind.SHARE_ALIKE: "cc:ShareAlike",
    DutyKind.KEEP_NOTICE: "cc:Notice",
    DutyKind.LABEL_NOTICE: "inform",
}

Node = dict[str, object]
"""A node of JSON-LD."""


def to_odrl(institution: Institution, agreement: Agreement, duties: Iterable[Duty] = ()) -> Node:
    """The agreement as an ODRL Agreement: what it permits, within which bounds, with which duties.

    A withdrawn agreement, one without consent, or one whose label keeps its texts out, is a prohibition of every use.
    """
    name = f"urn:latamgpt:agreement:{institution.id}:{agreement.id}"
    duties = tuple(duties)
    policy: Node = {
        "@context": CONTEXT,
        "@type": "Agreement",
        "uid": name,
        "profile": "urn:latamgpt:odrl-profile",
        "conflict": "prohibit",
        "assigner": f"urn:latamgpt:partner:{institution.id}",
        "assignee": "urn:latamgpt:project",
        "target": f"{name}:texts",
    }
    if _is_closed(agreement):
        return {**policy, "prohibition": [{"action": "use"}]}
    policy["permission"] = [_permission(name, institution, agreement, purpose, duties) for purpose in agreement.purposes]
    if any(duty.kind is DutyKind.NON_COMMERCIAL for duty in duties):
        policy["prohibition"] = [{"action": "cc:CommercialUse"}]
    return policy


def _is_closed(agreement: Agreement) -> bool:
    never = any(MEANINGS[label] is Meaning.NEVER for label in agreement.labels)
    return agreement.withdrawn_on is not None or agreement.consent is None or never


def _permission(name: str, institution: Institution, agreement: Agreement, purpose: Purpose, duties: tuple[Duty, ...]) -> Node:
    of_weights = purpose is Purpose.RELEASE
    residency = agreement.weights_residency if of_weights else agreement.residency
    permission: Node = {"action": ACTIONS[purpose], "constraint": [*_period(agreement), *_stages(agreement), *_where(residency)]}
    if of_weights:
        permission["target"] = f"{name}:weights"
        permission["duty"] = [_duty(institution, duty) for duty in duties if duty.kind in DUTY_ACTIONS]
    return permission


def _period(agreement: Agreement) -> list[Node]:
    first_day = max(agreement.valid_from, agreement.signed_on or agreement.valid_from)
    bounds = [_constraint("dateTime", "gteq", {"@value": first_day.isoformat(), "@type": "xsd:date"})]
    if agreement.valid_until is not None:
        bounds.append(_constraint("dateTime", "lteq", {"@value": agreement.valid_until.isoformat(), "@type": "xsd:date"}))
    if agreement.season is not None:
        season = f"urn:latamgpt:season:{agreement.season.opens}:{agreement.season.closes}"
        bounds.append(_constraint("event", "eq", {"@id": season}))
    return bounds


def _stages(agreement: Agreement) -> list[Node]:
    if set(agreement.stages) == set(Edge):
        return []
    return [_constraint("purpose", "isAnyOf", [{"@id": f"urn:latamgpt:stage:{stage}"} for stage in agreement.stages])]


def _where(residency: Iterable[str]) -> list[Node]:
    countries = [{"@id": f"{COUNTRY}{one}"} for one in residency if one.isupper()]
    sites = [{"@id": f"urn:latamgpt:site:{one}"} for one in residency if not one.isupper()]
    found = [
        _constraint(operand, "isAnyOf", names) for operand, names in (("spatial", countries), ("virtualLocation", sites)) if names
    ]
    return [{"or": {"@list": found}}] if len(found) > 1 else found


def _constraint(left: str, operator: str, right: object) -> Node:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _duty(institution: Institution, duty: Duty) -> Node:
    node: Node = {"action": DUTY_ACTIONS[duty.kind], "rdfs:comment": duty.statement}
    if duty.kind is DutyKind.ATTRIBUTION:
        node["attributedParty"] = f"urn:latamgpt:partner:{institution.id}"
    return node
