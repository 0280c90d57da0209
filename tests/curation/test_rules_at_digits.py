"""Rules that are tried at the first digit of a number only find what rules that are tried everywhere find."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.personal_data.masking import AT_DIGITS, Find, find_all, plain_find_all
from latamgpt.curation.personal_data.rule import starts_with_digit
from tests.curation.planted_ids import PLANTED, Planted, distractors


def in_order(finds: list[Find]) -> list[tuple[int, int, int]]:
    return sorted((find.start, find.order, find.end) for find in finds)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.country} {planted.kind}")
def test_every_kind_of_identifier_is_found_as_before(planted: Planted) -> None:
    draw = random.Random(3)
    for _ in range(40):
        window = (
            f"{draw.choice(('', 'a ', '12 ', '(', 'x-', '1.'))}{planted.written(draw)}{draw.choice(('', ' y', '-', '.5', '9'))}"
        )
        assert in_order(find_all(window)) == in_order(plain_find_all(window)), window


def test_look_alikes_are_found_as_before() -> None:
    draw = random.Random(5)
    for _ in range(40):
        for _, window in distractors(draw):
            assert in_order(find_all(window)) == in_order(plain_find_all(window)), window


@given(st.text("0123456789.-/ ()+KVEXabpix٣", max_size=60))
def test_any_digits_are_found_as_before(window: str) -> None:
    assert in_order(find_all(window)) == in_order(plain_find_all(window))


@pytest.mark.parametrize("pattern", [r"\d{8}", r"[2345]-?\d", r"0?[1-9]\d|\d{3}", r"(?=[\d.X-]{7})\d[\d.]", r"3[47]\d{2}"])
def test_a_pattern_of_digits_is_known(pattern: str) -> None:
    assert starts_with_digit(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"\d?\.?\d{3}", r"\d*x", r"\d{0,3}x", r"\d{3}|[VE]-\d", r"\(?\d", "", r"(?:1|[VE])\d", "0?x", r"[\dA-Z]{2}"],
)
def test_a_pattern_that_may_begin_with_anything_else_is_not_taken_for_one_of_digits(pattern: str) -> None:
    assert not starts_with_digit(pattern)


def test_most_rules_begin_with_a_digit() -> None:
    assert len(AT_DIGITS) > 60
