"""What is owed for texts, by their licence, their agreement and their labels."""

import pytest

from latamgpt.registry.duties import DutyKind, duties_of, permits_commerce
from tests.registry.test_rights import institution, labelled


def kinds(*licences: str, **changes: object) -> set[tuple[str, str]]:
    return {(duty.kind.value, duty.cause) for duty in duties_of(institution(**changes).agreements[0], licences)}


@pytest.mark.parametrize(
    ("licence", "owed"),
    [
        ("CC0-1.0", set()),
        ("MIT", {"keep_notice"}),
        ("CC-BY-4.0", {"keep_notice"}),
        ("CC-BY-SA-3.0", {"keep_notice", "share_alike"}),
        ("CC-BY-NC-4.0", {"keep_notice", "non_commercial"}),
        ("CC-BY-NC-SA-4.0", {"keep_notice", "non_commercial", "share_alike"}),
        ("GPL-2.0-or-later", {"keep_notice", "share_alike"}),
        ("MPL-2.0", {"keep_notice", "share_alike"}),
        ("LicenseRef-never-seen", {"keep_notice"}),
    ],
)
def test_licence_owes_what_its_clauses_say_and_the_agreement_its_attribution(licence: str, owed: set[str]) -> None:
    assert kinds(licence) == {("attribution", "agreement"), *((kind, licence) for kind in owed)}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("tk_attribution", DutyKind.ATTRIBUTION),
        ("bc_provenance", DutyKind.ATTRIBUTION),
        ("tk_non_commercial", DutyKind.NON_COMMERCIAL),
        ("bc_non_commercial", DutyKind.NON_COMMERCIAL),
        ("tk_culturally_sensitive", DutyKind.LABEL_NOTICE),
    ],
)
def test_label_becomes_a_duty_that_names_the_community(label: str, kind: DutyKind) -> None:
    agreement = institution(**labelled(label)).agreements[0]
    [duty] = [duty for duty in duties_of(agreement, []) if duty.cause == label]
    assert duty.kind is kind
    assert "Comunidad Uno" in duty.statement


def test_two_licences_of_one_agreement_are_both_owed_once() -> None:
    assert kinds("MIT", "CC-BY-4.0", "MIT") == {
        ("attribution", "agreement"),
        ("keep_notice", "MIT"),
        ("keep_notice", "CC-BY-4.0"),
    }


@pytest.mark.parametrize(("licence", "sold"), [("Apache-2.0", True), ("CC-BY-NC-4.0", False), ("LicenseRef-Latam-NC", False)])
def test_licence_with_nc_forbids_selling(licence: str, *, sold: bool) -> None:
    assert permits_commerce(licence) is sold
