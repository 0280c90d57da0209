"""What may be used: every ruling with its reason, on the days around an agreement's edges. Default is deny."""

from datetime import date

import pytest

from latamgpt.registry.labels import MEANINGS, Label, Meaning, Season
from latamgpt.registry.partners import Agreement, Edge, Institution, Kind, Purpose
from latamgpt.registry.rights import Place, Ruling, rule, rule_delivery_labels

DAY = date(2026, 11, 21)


def institution(**changes: object) -> Institution:
    agreement = Agreement.model_validate(
        {
            "id": "au-2025-01",
            "title": "Textos",
            "licence": "CC-BY-4.0",
            "accepted_licences": ["MIT"],
            "consent": "holder",
            "purposes": ["train", "evaluate"],
            "valid_from": "2025-03-01",
            "valid_until": "2027-02-28",
            "attribution": "Archivo Uno",
            **changes,
        }
    )
    return Institution(
        id="archivo-uno",
        name="Archivo Uno",
        country="AR",
        kind=Kind.ARCHIVE,
        contact="dirección",
        data_steward="acervo",
        agreements=(agreement,),
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


def test_an_agreement_permits_nothing_before_it_is_signed_whenever_its_terms_begin() -> None:
    signed = {"signed_on": "2026-11-21"}
    assert ruling(date(2026, 11, 20), **signed).reason == "agreement_not_signed"
    assert ruling(date(2026, 11, 21), **signed).permitted
    assert ruling(date(2025, 2, 28), **signed).reason == "agreement_not_begun"


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


def labelled(*labels: str, **changes: object) -> dict[str, object]:
    return {"labels": list(labels), "labels_by": "Comunidad Uno", **changes}


def test_agreement_that_does_not_say_on_whose_consent_permits_nothing() -> None:
    answer = ruling(consent=None)
    assert (answer.permitted, answer.reason) == (False, "consent_missing")


@pytest.mark.parametrize("label", [label for label, meaning in MEANINGS.items() if meaning is Meaning.NEVER])
def test_label_that_limits_who_may_read_keeps_the_texts_out_for_every_purpose(label: Label) -> None:
    for purpose in (Purpose.TRAIN, Purpose.EVALUATE):
        answer = ruling(purpose=purpose, **labelled(label))
        assert answer.reason == "label_forbids"
        assert label.full_name in answer.detail


def test_secret_community_and_gendered_labels_are_among_those_that_never_enter() -> None:
    never = {label.value for label, meaning in MEANINGS.items() if meaning is Meaning.NEVER}
    assert never >= {"tk_secret_sacred", "tk_community_use_only", "tk_men_restricted", "tk_women_restricted"}


def test_every_label_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Label)


@pytest.mark.parametrize(
    "label", [label for label, meaning in MEANINGS.items() if meaning not in (Meaning.NEVER, Meaning.SEASON)]
)
def test_label_that_is_a_duty_lets_the_texts_in(label: Label) -> None:
    assert ruling(**labelled(label)).permitted


@pytest.mark.parametrize(
    ("opens", "closes", "on", "reason"),
    [
        ("05-01", "08-31", date(2026, 4, 30), "out_of_season"),
        ("05-01", "08-31", date(2026, 5, 1), ""),
        ("05-01", "08-31", date(2026, 8, 31), ""),
        ("05-01", "08-31", date(2026, 9, 1), "out_of_season"),
        ("10-15", "03-31", date(2026, 12, 31), ""),
        ("10-15", "03-31", date(2026, 1, 1), ""),
        ("10-15", "03-31", date(2026, 4, 1), "out_of_season"),
        ("10-15", "03-31", date(2026, 10, 14), "out_of_season"),
    ],
)
def test_season_is_a_window_of_days_that_comes_every_year(opens: str, closes: str, on: date, reason: str) -> None:
    season = {"opens": opens, "closes": closes}
    answer = ruling(on, **labelled("tk_seasonal", season=season))
    assert (answer.permitted, answer.reason) == (reason == "", reason)


@pytest.mark.parametrize("edge", list(Edge))
def test_edge_that_the_agreement_does_not_name_is_refused(edge: Edge) -> None:
    others = [each for each in Edge if each is not edge]
    answer = rule(institution(stages=others), "au-2025-01", "MIT", Purpose.TRAIN, DAY, edge=edge)
    assert (answer.permitted, answer.reason) == (False, "stage_not_permitted")
    assert f"not at {edge}" in answer.detail
    assert rule(institution(stages=[edge]), "au-2025-01", "MIT", Purpose.TRAIN, DAY, edge=edge).permitted


@pytest.mark.parametrize(
    ("place", "permitted"),
    [
        (Place("CL", "laptop"), True),
        (Place("BR", "tarapaca"), True),
        (Place("BR", "aws"), False),
        (Place("", "laptop"), False),
        (Place(), False),
    ],
)
def test_texts_are_worked_on_only_where_their_residency_names_country_or_site(place: Place, *, permitted: bool) -> None:
    answer = rule(
        institution(residency=["CL", "tarapaca"]), "au-2025-01", "MIT", Purpose.TRAIN, DAY, edge=Edge.TRAINING, place=place
    )
    assert answer.permitted is permitted
    assert answer.reason == ("" if permitted else "outside_residency")


def test_residency_of_texts_does_not_bind_weights_and_theirs_does() -> None:
    abroad = Place("FR")
    of_texts = institution(purposes=["release"], residency=["CL"])
    of_weights = institution(purposes=["release"], weights_residency=["CL"])
    answers = [
        rule(one, "au-2025-01", "MIT", Purpose.RELEASE, DAY, edge=Edge.EXPORT, place=abroad) for one in (of_texts, of_weights)
    ]
    assert [answer.reason for answer in answers] == ["", "outside_residency"]


def delivery_ruling(*labels: Label, season: Season | None = None) -> str:
    agreement = institution(**labelled("tk_attribution")).agreements[0]
    refusal = rule_delivery_labels(agreement, "entrega", labels, season, DAY)
    return refusal.reason if refusal else ""


def test_labels_of_one_delivery_are_held_too() -> None:
    assert delivery_ruling() == ""
    assert delivery_ruling(Label.TK_ATTRIBUTION) == ""
    assert delivery_ruling(Label.TK_SECRET_SACRED) == "label_forbids"
    assert delivery_ruling(Label.TK_SEASONAL) == "out_of_season"
    assert delivery_ruling(Label.TK_SEASONAL, season=Season(opens="11-01", closes="11-30")) == ""


def test_duty_of_a_delivery_that_its_agreement_does_not_carry_keeps_it_out() -> None:
    assert delivery_ruling(Label.TK_NON_COMMERCIAL) == "label_not_agreed"
