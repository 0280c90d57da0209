"""Whose credits pay, and when nobody's do."""

from datetime import date
from pathlib import Path

import pytest

from latamgpt.budget.funders import Funding, Share, fund, must_be_paid, read_funders
from latamgpt.budget.quote import Amounts, quote
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import Params
from tests.budget.conftest import DAY, TEN_HOURS, funder
from tests.conftest import ROOT

TEN = Amounts(accelerator_hours=10, us_dollars=20, kwh=1, kg_co2e=0.1, water_litres=1)
FREE = TEN.model_copy(update={"us_dollars": 0.0})


def test_the_sooner_to_expire_pays_first_and_the_next_the_rest() -> None:
    late, soon = funder("late"), funder("soon", us_dollars=12.0, valid_until=date(2026, 11, 30))
    funding = fund(TEN, "casa", DAY, [late, soon], {})
    assert funding.shares == (
        Share(funder="soon", us_dollars=12, accelerator_hours=6),
        Share(funder="late", us_dollars=8, accelerator_hours=4),
    )
    assert funding.unpaid_hours == 0


@pytest.mark.parametrize(
    "changes",
    [{"sites": ("otra",)}, {"valid_from": date(2026, 11, 24)}, {"valid_until": date(2026, 11, 22)}],
)
def test_credits_of_another_site_or_time_pay_nothing(changes: dict[str, object]) -> None:
    assert fund(TEN, "casa", DAY, [funder("one", **changes)], {}) == Funding((), 10, ())


def test_only_what_is_left_pays_and_what_was_overdrawn_pays_nothing() -> None:
    assert fund(TEN, "casa", DAY, [funder("one")], {"one": 3.0}).unpaid_hours == 7
    assert fund(TEN, "casa", DAY, [funder("one")], {"one": -3.0}).unpaid_hours == 10


def test_free_hours_that_no_funder_gives_cost_nobody_anything_and_given_ones_are_counted() -> None:
    assert fund(FREE, "casa", DAY, [], {}) == Funding((), 0.0, ())
    assert fund(FREE, "casa", DAY, [funder("one", accelerator_hours=4.0)], {}).unpaid_hours == 6


def test_a_real_funder_pays_before_an_invented_one(params: Params, site: Site) -> None:
    invented = funder("muestra", sample=True, valid_until=DAY)
    assert [share.funder for share in fund(TEN, "casa", DAY, [invented, funder("real")], {}).shares] == ["real"]
    with pytest.raises(OperatorError, match="muestra would pay for 10.0 accelerator hours of casa, and is an invented sample"):
        must_be_paid(quote(params, TEN_HOURS, site), fund(TEN, "casa", DAY, [invented], {}))


def test_missing_credits_stop_the_training_with_both_figures(params: Params, site: Site) -> None:
    funding = fund(TEN, "casa", DAY, [funder("one")], {"one": 3.0})
    with pytest.raises(OperatorError, match=r"10.0 accelerator hours of casa \(US\$ 20.00\), .* there today pay 3.0 of them"):
        must_be_paid(quote(params, TEN_HOURS, site), funding)


def test_the_committed_funders_are_marked_as_invented() -> None:
    funders = read_funders(ROOT)
    assert funders
    assert all(each.sample and "muestra" in each.name for each in funders)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("us_dollars: 12, accelerator_hours: 1,", "dinero gives either us_dollars or accelerator_hours"),
        ("us_dollars: -12,", "us_dollars: has to be above 0"),
        ("us_dollar: 12,", "us_dollar: there is no such key"),
        ("us_dollars: 12, valid_until: 2019-01-01,", "the key 'valid_until' stands"),
    ],
)
def test_a_wrong_file_is_refused_by_what_is_wrong(root: Path, line: str, said: str) -> None:
    path = root / "governance" / "funders.yaml"
    path.write_text(path.read_text().replace("us_dollars: 12,", line, 1))
    with pytest.raises(OperatorError) as error:
        read_funders(root)
    assert said in str(error.value)


def test_no_file_is_no_funder(tmp_path: Path) -> None:
    assert read_funders(tmp_path) == ()
