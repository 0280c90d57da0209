"""What a quick look says is not there, is not there: the rules find the same with it and without."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.personal_data.masking import (
    BY_WORDS,
    WORD_LISTS,
    WORD_SCREEN,
    Find,
    find_all,
    mask,
    plain_find_all,
)
from latamgpt.curation.personal_data.table import RULES
from latamgpt.curation.screening import STANDS_FOR_ALL, Screen, Screens, wider
from tests.curation.planted_ids import PLANTED, Planted, distractors


def in_order(finds: list[Find]) -> list[tuple[int, int, int]]:
    return sorted((find.start, find.order, find.end) for find in finds)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.country} {planted.kind}")
def test_every_kind_of_identifier_is_found_as_without_it(planted: Planted) -> None:
    draw = random.Random(3)
    for _ in range(40):
        window = (
            f"{draw.choice(('', 'a ', '12 ', '(', 'x-', '1.'))}{planted.written(draw)}{draw.choice(('', ' y', '-', '.5', '9'))}"
        )
        around = draw.choice(("", "su DNI es ", "CPF nº ", "teléfono: ", "NIT/RUC ", "cuenta corriente ")) + window
        assert in_order(find_all(window, around)) == in_order(plain_find_all(window, around)), around


def test_look_alikes_are_found_as_without_it() -> None:
    draw = random.Random(5)
    for _ in range(40):
        for _, window in distractors(draw):
            assert in_order(find_all(window, window)) == in_order(plain_find_all(window, window)), window


@given(st.text("0123456789.-/ ()+KVEXabpixıİſ٣ª", max_size=60), st.text("cCuUiIıİKſrt.nNdD\u00a0[ :º", max_size=20))
def test_any_digits_are_found_as_without_it(window: str, before: str) -> None:
    assert in_order(find_all(window, before + window)) == in_order(plain_find_all(window, before + window))


def test_every_form_is_seen_by_a_look_for_it_alone() -> None:
    draw = random.Random(7)
    screens = [(Screen([rule.pattern.pattern]), Screens([rule.pattern.pattern])) for rule in RULES]
    for planted in PLANTED:
        for _ in range(5):
            window = planted.written(draw)
            for rule, (screen, of_many) in zip(RULES, screens, strict=True):
                sees = screen.may_match(window) and of_many.may_hold(window)
                assert sees or not rule.pattern.search(window), (window, rule.pattern.pattern)


@given(st.sampled_from(range(len(WORD_LISTS))), st.sampled_from((" ", "\n", "“", "\u00a0", "(", "", "é")), st.randoms())
def test_every_word_is_seen_in_either_case(number: int, beside: str, draw: random.Random) -> None:
    rule = BY_WORDS[number][0][1]
    for word in ("Cédula", "c.c.", "C.I.", "CUIT", "PIX", "título de eleitor", "teléfono", "tel", "cta.", "r.u.n.", "İMSS"):
        text = f"{beside}{draw.choice((word, word.upper(), word.lower()))}{beside}"
        assert not rule.words_anywhere.search(text) or number in WORD_SCREEN.may_hold(text), text


def test_a_pattern_that_would_become_narrower_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be widened"):
        wider(r"\W\d")
    with pytest.raises(ValueError, match="cannot be widened"):
        wider(r"[^\w]\d")
    with pytest.raises(ValueError, match="cannot be widened"):
        wider("[^é]", STANDS_FOR_ALL)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("CPF:529.982.247-25RG: 12.345.678-9", "CPF:[CPF]RG: [RG]"),
        ("CPF529.982.247-25 e 111 444 777 35", "CPF[CPF] e [CPF]"),
        ("CNPJ 11.222.333/0001-81NSS: 97589442355", "CNPJ [CNPJ]NSS: [NSS]"),
        ("Nombre | 20-12345678-6DNI 12.345.678", "Nombre | [CUIT]DNI [DNI]"),
    ],
)
def test_a_label_glued_to_a_number_that_is_masked_still_names_the_next_one(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize("blank", [" ", "\v", "\x1c", "\x1f", "\u2003"])
def test_any_blank_is_one_to_a_screen(blank: str) -> None:
    assert Screen([r"a\sb"]).may_match(f"a{blank}b")
    assert Screens([r"a\sb"]).may_hold(f"a{blank}b")
