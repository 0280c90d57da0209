"""Check digits and built-in dates that python-stdnum does not know, each from its published rule, in a few lines.

Where an authority issues numbers whose check digit it does not publish (Honduras' RTN, Nicaragua's cedula, Panama's DV, Jamaica's
TRN, Bolivia's NIT), nothing is invented: what the number itself says (a province, a municipality, a date of birth) is tested, and
the table asks for the printed form or for the word that names it.
"""

import re
from datetime import date

import stdnum.luhn
from stdnum.exceptions import ValidationError

GT_MUNICIPALITIES = (17, 8, 16, 16, 14, 14, 19, 8, 24, 21, 9, 30, 33, 21, 8, 17, 14, 5, 11, 11, 7, 17)
"""Municipalities of Guatemala's departments 01 to 22 (Instituto Nacional de Estadistica, 340 since 2015)."""
HN_DEPARTMENTS, HN_MOST_MUNICIPALITIES = 18, 28  # Honduras: Lempira and Francisco Morazan have 28
LAST_BIRTH_YEAR = 2035  # no clock in a stage: the same text is judged the same way next year
FIRST_YEAR = 1492
BR_STATES = 28  # of voters: 26 states, the Federal District (20) and abroad (28)
CARD_DIGITS = range(13, 20)  # ISO/IEC 7812


def digits_of(number: str) -> list[int]:
    """The decimal digits of a number as it is written, without its dots, dashes and spaces."""
    return [int(char) for char in number if "0" <= char <= "9"]


def weighted(digits: list[int], weights: tuple[int, ...]) -> int:
    """The sum of digits times weights, from the left."""
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def always(_: str) -> bool:
    """For numbers without a check digit: their printed form or the word before them has to do."""
    return True


def is_uy_ci(number: str) -> bool:
    """Uruguay's cedula de identidad (Direccion Nacional de Identificacion Civil): weights 2987634, modulo 10.

    Numbers below a million are written with seven digits, the last of them the check digit.
    """
    digits = digits_of(number)
    padded = [0] * (8 - len(digits)) + digits
    return len(padded) == 8 and -weighted(padded[:7], (2, 9, 8, 7, 6, 3, 4)) % 10 == padded[7]


def is_br_pis(number: str) -> bool:
    """Brazil's PIS, PASEP and NIS (Caixa Economica Federal), and RENAVAM (Senatran): weights 3298765432, modulo 11."""
    digits = digits_of(number)
    padded = [0] * (11 - len(digits)) + digits  # a RENAVAM given out before 2013 has nine digits
    check = 11 - weighted(padded[:10], (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return len(padded) == 11 and len(set(digits)) > 1 and (0 if check > 9 else check) == padded[10]


def is_br_titulo(number: str) -> bool:
    """Brazil's titulo de eleitor (Tribunal Superior Eleitoral): serial number, state 01 to 28, two digits modulo 11.

    Where a remainder is 0, Sao Paulo (01) and Minas Gerais (02) write 1.
    """
    digits = digits_of(number)
    if len(digits) != 12 or not 1 <= (state := 10 * digits[8] + digits[9]) <= BR_STATES:
        return False
    rests = (weighted(digits[:8], (2, 3, 4, 5, 6, 7, 8, 9)) % 11, weighted(digits[8:11], (7, 8, 9)) % 11)
    return all(
        check == (1 if rest == 0 and state in (1, 2) else rest % 10) for rest, check in zip(rests, digits[10:], strict=True)
    )


def is_br_cnh(number: str) -> bool:
    """The registration number of Brazil's driving licence (Senatran): weights 9 to 1 and 1 to 9, modulo 11.

    Where the first remainder is 10, the first digit is 0 and the second is less by 2; programs differ on what is below 0, so both
    of their digits pass.
    """
    digits = digits_of(number)
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    first = weighted(digits[:9], (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 11
    second = weighted(digits[:9], (1, 2, 3, 4, 5, 6, 7, 8, 9)) % 11
    less = 2 if first == 10 else 0
    allowed = {0, 8} if second == 10 and less else {0} if second == 10 else {second - less, (second - less) % 11 % 10}
    return digits[9] == first % 10 and digits[10] in allowed


def is_sv_dui(number: str) -> bool:
    """El Salvador's DUI (Registro Nacional de las Personas Naturales): eight digits, weights 9 to 2, modulo 10."""
    digits = digits_of(number)
    return len(digits) == 9 and any(digits) and -weighted(digits[:8], (9, 8, 7, 6, 5, 4, 3, 2)) % 10 == digits[8]


def is_gt_dpi(number: str) -> bool:
    """Guatemala's CUI on the DPI (RENAP): eight digits with weights 2 to 9, modulo 11; then department and municipality."""
    digits = digits_of(number)
    if len(digits) != 13:
        return False
    department, municipality = 10 * digits[9] + digits[10], 10 * digits[11] + digits[12]
    if not 1 <= department <= len(GT_MUNICIPALITIES) or not 1 <= municipality <= GT_MUNICIPALITIES[department - 1]:
        return False
    return weighted(digits[:8], (2, 3, 4, 5, 6, 7, 8, 9)) % 11 == digits[8]


def is_hn_dni(number: str) -> bool:
    """Honduras' DNI (Registro Nacional de las Personas): municipality, year of registration, serial number; no check digit.

    The RTN is the DNI with a digit more (Servicio de Administracion de Rentas), whose rule is not published.
    """
    digits = digits_of(number)
    if len(digits) not in (13, 14):
        return False
    department, municipality = 10 * digits[0] + digits[1], 10 * digits[2] + digits[3]
    year = int("".join(map(str, digits[4:8])))
    return 1 <= department <= HN_DEPARTMENTS and 1 <= municipality <= HN_MOST_MUNICIPALITIES and 1900 <= year <= LAST_BIRTH_YEAR


def is_ni_cedula(number: str) -> bool:
    """Nicaragua's cedula (Consejo Supremo Electoral): municipality, day, month and year of birth, serial number, a letter.

    That the letter is the number modulo 23 is repeated in many programs and published by no authority, so it is not asked for.
    """
    found = re.fullmatch(r"(\d{3})-?(\d{2})(\d{2})(\d{2})-?(\d{4})[A-Za-z]", number)
    if not found or found[1] == "000":
        return False
    try:
        date(2000 + int(found[4]) % 4, int(found[3]), int(found[2]))  # the century is not written; 2000 to 2003 hold a leap year
    except ValueError:
        return False
    return True


def is_mx_clabe(number: str) -> bool:
    """Mexico's CLABE (Asociacion de Bancos de Mexico): 17 digits, weights 3, 7, 1 on each product's last digit, modulo 10."""
    digits = digits_of(number)
    if len(digits) != 18 or not any(digits[:3]):
        return False
    return -sum(digit * (3, 7, 1)[place % 3] % 10 for place, digit in enumerate(digits[:17])) % 10 == digits[17]


def is_card(number: str) -> bool:
    """A payment card (ISO/IEC 7812-1): 13 to 19 digits, Luhn, beginning as the networks' numbers do; not one digit repeated."""
    digits = digits_of(number)
    return (
        len(digits) in CARD_DIGITS and digits[0] in (3, 4, 5, 6) and len(set(digits)) > 1 and is_luhn("".join(map(str, digits)))
    )


def is_no_span_of_years(number: str) -> bool:
    """Whether two groups of digits are not both years: '1998-2004' is no telephone number."""
    return not all(FIRST_YEAR <= int(group) <= LAST_BIRTH_YEAR for group in re.findall(r"\d+", number))


def is_luhn(number: str) -> bool:
    """Luhn's check digit over all digits: Mexico's NSS of eleven digits and payment cards have it."""
    try:
        stdnum.luhn.validate("".join(map(str, digits_of(number))))
    except ValidationError:
        return False
    return True
