"""An agreement as ODRL: only words that the vocabulary has, and the meaning of the agreement in them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from latamgpt.registry.duties import duties_of
from latamgpt.registry.odrl import Node, to_odrl
from latamgpt.registry.partners import read_institution
from tests.conftest import ROOT
from tests.registry.test_rights import institution, labelled

TERMS = {name: set(words) for name, words in json.loads((Path(__file__).parent / "odrl_2_2.json").read_text()).items()}
KEYWORDS = {"@context", "@type", "@id", "@value", "@list", "rdfs:comment"}
AGREEMENTS = [
    (path.stem, agreement.id)
    for path in sorted((ROOT / "partners").glob("*.yaml"))
    for agreement in read_institution(ROOT, path.stem).agreements
]


def nodes(value: object) -> Iterator[Node]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def must_speak_odrl(policy: Node) -> None:
    assert policy["@type"] in TERMS["policies"]
    assert policy["conflict"] in TERMS["conflicts"]
    assert policy.get("permission") or policy.get("prohibition"), "a policy without a rule says nothing"
    for node in nodes(policy):
        assert set(node) <= TERMS["properties"] | TERMS["logical"] | KEYWORDS, node
        assert "action" not in node or node["action"] in TERMS["actions"]
        if "leftOperand" in node:
            assert set(node) == {"leftOperand", "operator", "rightOperand"}
            assert node["leftOperand"] in TERMS["left_operands"]
            assert node["operator"] in TERMS["operators"]


def policy_of(**changes: object) -> Node:
    at = institution(**changes)
    [agreement] = at.agreements
    return to_odrl(at, agreement, duties_of(agreement, [agreement.licence]))


def constraints(policy: Node, action: str) -> list[Node]:
    [permission] = [one for one in policy["permission"] if one["action"] == action]
    return permission["constraint"]


@pytest.mark.parametrize(("partner", "agreement_id"), AGREEMENTS)
def test_every_agreement_of_the_registry_is_said_in_words_of_the_vocabulary(partner: str, agreement_id: str) -> None:
    at = read_institution(ROOT, partner)
    agreement = at.agreement(agreement_id)
    assert agreement is not None
    must_speak_odrl(to_odrl(at, agreement, duties_of(agreement, agreement.licences())))


def test_purposes_are_actions_and_the_period_bounds_each() -> None:
    policy = policy_of(purposes=["train", "evaluate", "release", "publish_excerpts", "export"])
    must_speak_odrl(policy)
    assert [one["action"] for one in policy["permission"]] == ["derive", "read", "distribute", "extract", "distribute"]
    assert constraints(policy, "derive") == [
        {"leftOperand": "dateTime", "operator": "gteq", "rightOperand": {"@value": "2025-03-01", "@type": "xsd:date"}},
        {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": {"@value": "2027-02-28", "@type": "xsd:date"}},
    ]


def test_the_period_begins_when_the_agreement_is_signed_where_its_terms_began_before() -> None:
    first = constraints(policy_of(signed_on="2026-01-02"), "derive")[0]
    assert first["rightOperand"] == {"@value": "2026-01-02", "@type": "xsd:date"}


def test_residency_is_spatial_and_sites_are_virtual_locations() -> None:
    policy = policy_of(residency=["CL", "tarapaca"], valid_until=None)
    must_speak_odrl(policy)
    either = constraints(policy, "derive")[-1]["or"]["@list"]
    assert [one["leftOperand"] for one in either] == ["spatial", "virtualLocation"]
    assert either[0]["rightOperand"] == [{"@id": "https://www.iso.org/obp/ui/#iso:code:3166:CL"}]
    assert constraints(policy_of(residency=["CL"], valid_until=None), "derive")[-1]["leftOperand"] == "spatial"


def test_stages_and_season_bound_the_permission() -> None:
    season = {"opens": "05-01", "closes": "08-31"}
    policy = policy_of(stages=["intake", "training"], **labelled("tk_seasonal", season=season))
    must_speak_odrl(policy)
    assert [one["leftOperand"] for one in constraints(policy, "derive")] == ["dateTime", "dateTime", "event", "purpose"]


def test_duties_stand_with_the_weights_and_no_commerce_is_a_prohibition() -> None:
    policy = policy_of(purposes=["train", "release"], licence="CC-BY-NC-SA-4.0", **labelled("tk_attribution"))
    must_speak_odrl(policy)
    [release] = [one for one in policy["permission"] if "duty" in one]
    assert release["target"].endswith(":weights")
    assert {one["action"] for one in release["duty"]} == {"attribute", "cc:ShareAlike", "cc:Notice"}
    assert policy["prohibition"] == [{"action": "cc:CommercialUse"}]


@pytest.mark.parametrize(
    "changes",
    [{"withdrawn_on": "2026-01-01"}, {"consent": None}, labelled("tk_secret_sacred")],
    ids=["withdrawn", "consent", "label"],
)
def test_agreement_that_permits_nothing_prohibits_every_use(changes: dict[str, object]) -> None:
    policy = policy_of(**changes)
    must_speak_odrl(policy)
    assert "permission" not in policy
    assert policy["prohibition"] == [{"action": "use"}]
