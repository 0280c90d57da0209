"""What may be used: every ruling with its reason, on the days around an agreement's edges. Default is deny."""

from datetime import date

import pytest

from latamgpt.registry.partners import Agreement, Institution, Purpose
from latamgpt.registry.rights import Ruling, rule

DAY = date(2026, 11, 21)


def institution(**changes: object) -> Institution:
    agreement = Agreement.model_validate(
        {
            "id": "au-2025-01",
            "title": "Textos",
            "licence": "CC-BY-4.0",
            "accepted_licences": ["MIT"],
            "purposes": ["train", "evaluate"],
            "valid_from": "2025-03-01",
            "valid_until": "2027-02-28",
            "attribution": "Archivo Uno",
            **changes,
        }
    )
    return Institution(
        id="archivo-uno", name="Archivo Uno", country="AR", kind="archive", contact="dirección", agreements=(agreement,)
    )


def ruling(on: date = DAY, licence: str = "CC-BY-4.0", purpose: Purpose = Purpose.TRAIN, **changes: object) -> Ruling:
    return rule(institution(**changes), "au-2025-01", licence, purpose, on)


def test_use_within_the_agreement_is_permitted_without_a_reason() -> None:
    assert ruling() == Ruling(permitted=True, reason="", detail="")


def test_agreement_that_does_not_exist_permits_nothing() -> None:
    answer = rule(institution(), "au-2030-01", "CC-BY-4.0", Purpose.TRAIN, DAY)
    assert (answer.permitted, answer.reason) == (False, "no_agreement")
    assert "au-2030-01" in answer.detail


def test_institution_without_agreements_permits_nothing() -> None:
    none = institution().model_copy(update={"agreements": ()})
    assert rule(none, "au-2025-01", "CC-BY-4.0", Purpose.TRAIN, DAY).reason == "no_agreement"


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        (date(2025, 2, 28), "agreement_not_begun"),
        (date(2025, 3, 1), ""),
        (date(2027, 2, 28), ""),
        (date(2027, 3, 1), "agreement_expired"),
    ],
)
def test_agreement_holds_from_its_first_to_its_last_day_inclusive(on: date, reason: str) -> None:
    answer = ruling(on)
    assert answer.reason == reason
    assert answer.permitted == (reason == "")


def test_agreement_without_an_end_holds_in_a_hundred_years() -> None:
    assert ruling(date(2126, 1, 1), valid_until=None).permitted


@pytest.mark.parametrize("on", [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)])
def test_withdrawal_is_final_whatever_day_the_run_is_of(on: date) -> None:
    answer = ruling(on, withdrawn_on="2026-11-20")
    assert (answer.permitted, answer.reason) == (False, "agreement_withdrawn")
    assert "2026-11-20" in answer.detail


def test_withdrawal_is_the_reason_given_where_the_agreement_has_also_expired() -> None:
    assert ruling(date(2028, 1, 1), withdrawn_on="2026-11-20").reason == "agreement_withdrawn"


@pytest.mark.parametrize("purpose", [Purpose.RELEASE, Purpose.PUBLISH_EXCERPTS, Purpose.EXPORT])
def test_purpose_that_is_not_named_is_refused(purpose: Purpose) -> None:
    answer = ruling(purpose=purpose)
    assert (answer.permitted, answer.reason) == (False, "purpose_not_permitted")
    assert "train, evaluate" in answer.detail
    assert purpose.value in answer.detail


@pytest.mark.parametrize("licence", ["CC-BY-4.0", "MIT"])
def test_licence_that_the_agreement_names_is_covered(licence: str) -> None:
    assert ruling(licence=licence).permitted


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "CC-BY", "cc-by-4.0", ""])
def test_licence_that_the_agreement_does_not_name_contradicts_it(licence: str) -> None:
    answer = ruling(licence=licence)
    assert (answer.permitted, answer.reason) == (False, "licence_contradiction")
    assert "CC-BY-4.0, MIT" in answer.detail
