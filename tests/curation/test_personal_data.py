import random

import pytest
import stdnum.ar.cuit
import stdnum.br.cpf
from hypothesis import given
from hypothesis import strategies as st

from latamgpt.curation.personal_data import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("CPF 390.533.447-05, Ana", "CPF [CPF], Ana"),
        ("doc 39053344705.", "doc [CPF]."),
        ("(16.727.230/0001-97)", "([CNPJ])"),
        ("CUIT 20-05536168-2", "CUIT [CUIT]"),
        ("RUT 12.531.909-2 y ya", "RUT [RUT] y ya"),
        ("rut: 125319092", "rut: [RUT]"),
        ("CURP BOXW310820HNERXN09", "CURP [CURP]"),
        ("RUC 20512333797", "RUC [RUC]"),
        ("NIT 213.123.432-1", "NIT [NIT]"),
        ("R.U.T. 211003420017", "R.U.T. [RUT]"),
        ("RIF V-11470283-4", "RIF [RIF]"),
        ("DNI 10117410-2", "DNI [DNI]"),
        ("D.N.I. n.º 23.456.789", "D.N.I. n.º [DNI]"),
        ("cédula 1714307103", "cédula [CI]"),
        ("C.C. 52.345.678 de Cali", "C.C. [CEDULA] de Cali"),
        ("cédula de ciudadanía n.º 1.020.345.678", "cédula de ciudadanía n.º [CEDULA]"),
        ("cc 1020345678,", "cc [CEDULA],"),
        ("C.I. 3.456.781-0", "C.I. [CEDULA]"),
        ("cédula de identidad 34567808", "cédula de identidad [CEDULA]"),
        ("CI: 3456780-8", "CI: [CEDULA]"),
        ("CPF 390.533.447\u201305 \u2014 Ana", "CPF [CPF] \u2014 Ana"),
        ("CUIT 20\u201005536168\u20112", "CUIT [CUIT]"),
        ("RUT 12.531.909\u22122", "RUT [RUT]"),
        ("Tel. (011) 4444\u20135555", "Tel. [PHONE]"),
        ("escribir a ana.lópez+x@archivo.org.ar, gracias", "escribir a [EMAIL], gracias"),
        ("Tel. (011) 4444-5555", "Tel. [PHONE]"),
        ("llame al +54 9 11 4444-5555", "llame al [PHONE]"),
        ("WhatsApp: 71234567", "WhatsApp: [PHONE]"),
    ],
)
def test_personal_data_becomes_a_tag(text: str, masked: str) -> None:
    found = mask(text)
    assert found.text == masked
    assert found.counts.total() == 1


@pytest.mark.parametrize(
    "text",
    [
        "CPF 390.533.447-06",  # a wrong check digit
        "CUIT 20-05536168-3",
        "12531909-2 sin palabra que lo nombre",  # a RUT's digits alone: 9% of random numbers pass
        "entre 1998 y 2004, unas 1.250.000 personas",
        "ISBN 978-84-376-0494-7, página 12345678",
        "ley 20.530.123",
        "10:30, 3,14159265358979",
        "versión 1.22.333.4444",
        "el teléfono sonó en 1998-2004",
        "@arroba y a@b",
        "entre 1998\u20132004 \u2014 unas 12\u201334 personas",
        "52.345.678 personas sin palabra que las nombre",
        "un motor de 1600 cc y 120000 km",
    ],
)
def test_numbers_that_name_nobody_stay(text: str) -> None:
    assert mask(text).text == text


def with_digit_changed(number: str, place: int, shift: int) -> str:
    digits = [i for i, char in enumerate(number) if char.isdigit()]
    at = digits[place % len(digits)]
    return f"{number[:at]}{(int(number[at]) + shift) % 10}{number[at + 1 :]}"


@given(st.integers(0, 10), st.integers(1, 9))
def test_a_cpf_with_one_digit_changed_is_masked_only_if_it_is_valid_again(place: int, shift: int) -> None:
    number = with_digit_changed("390.533.447-05", place, shift)
    assert (mask(number).text == "[CPF]") == stdnum.br.cpf.is_valid(number)


@given(st.integers(0, 10), st.integers(1, 9))
def test_a_cuit_with_one_digit_changed_stays(place: int, shift: int) -> None:
    number = with_digit_changed("20-05536168-2", place, shift)
    assert (mask(number).text == "[CUIT]") == stdnum.ar.cuit.is_valid(number)


def test_few_random_numbers_are_taken_for_identifiers() -> None:
    draw = random.Random(11)
    numbers = [str(draw.randrange(10**10, 10**11)) for _ in range(4000)]
    taken = mask("\n".join(numbers)).counts.total()
    assert taken / len(numbers) < 0.04  # CPF 1%, CUIT and RUC less than 1% each; the 9% classes need their words


@given(st.text(max_size=200))
def test_masking_never_fails_and_a_masked_text_stays_as_it_is(text: str) -> None:
    masked = mask(f"{text} CPF 390.533.447-05, ana@x.org").text
    assert mask(masked).text == masked


def test_counts_are_kept_per_kind() -> None:
    found = mask("CPF 390.533.447-05, CPF 390.533.447-05, a@b.org")
    assert dict(found.counts) == {"CPF": 2, "EMAIL": 1}
