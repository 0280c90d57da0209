"""Invented identifiers of every member country, made from their rules by other code than that which looks for them.

Each is a number by chance with the check digit that its country's rule asks for, or, where no rule is published, of the form in
which it is printed. They name nobody; that one is somebody's cannot be ruled out, so they are never written into a file.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Draw = random.Random
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
IBAN_LENGTH = {"BR": 29, "CR": 22, "DO": 28, "GT": 28, "SV": 28}


@dataclass(frozen=True)
class Planted:
    """One kind of identifier: the forms in which people write it, and the words that they put before it."""

    country: str
    kind: str
    has_check_digit: bool
    make: Callable[[Draw], tuple[str, ...]]  # its forms with separators come first
    words: tuple[str, ...]  # '' where the form alone has to do
    num_bare_forms: int = 0  # so many of the last forms are ambiguous without a word

    def written(self, draw: Draw) -> str:
        """One number as somebody may write it, with the word before it where its form needs one."""
        forms = self.make(draw)
        at = draw.randrange(len(forms))
        needs_word = at >= len(forms) - self.num_bare_forms
        word = draw.choice([w for w in self.words if w or not needs_word])
        between = draw.choice((" ", ": ", " n.º ", " N° ", " Nº ", ":\n") if word else ("",))
        number = forms[at].replace("-", draw.choice("----\u2013\u2011")).replace(" ", draw.choice("   \u00a0"))
        return f"{word}{between if word else ''}{number}"


def number(draw: Draw, num_digits: int, first: str = "123456789") -> str:
    return draw.choice(first) + "".join(draw.choice("0123456789") for _ in range(num_digits - 1))


def total(digits: str, weights: list[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def eleven(digits: str, ten: str, eleven: str = "0", weights: list[int] | None = None) -> str:
    """The usual check of modulo 11 with weights 2 to 7 from the right, unless others are given."""
    weights = weights or [2 + place % 6 for place in range(len(digits))][::-1]
    check = 11 - total(digits, weights) % 11
    return {10: ten, 11: eleven}.get(check, str(check))


def luhn(digits: str) -> str:
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def grouped(digits: str, *shapes: str) -> tuple[str, ...]:
    """The digits in shapes such as '##.###.###-#'."""
    forms: list[str] = []
    for shape in shapes:
        rest = iter(digits)
        forms.append("".join(next(rest) if char == "#" else char for char in shape))
    return tuple(forms)


def cpf(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 9)
    for _ in range(2):
        digits += str(total(digits, list(range(len(digits) + 1, 1, -1))) * 10 % 11 % 10)
    return grouped(digits, "###.###.###-##", "#########-##", "###########")


def cnpj(draw: Draw, letters: str = "") -> tuple[str, ...]:
    body = "".join(draw.choice("0123456789" + letters) for _ in range(8)) + ("0001" if not letters else "01DE")
    body = "1" + body[1:]
    for _ in range(2):
        weights = [2 + place % 8 for place in range(len(body))][::-1]
        check = sum((ord(char) - 48) * weight for char, weight in zip(body, weights, strict=True)) * 10 % 11 % 10
        body += str(check)
    return grouped(body, "##.###.###/####-##", "##############")


def pis(draw: Draw, *shapes: str) -> tuple[str, ...]:
    digits = number(draw, 10)
    return grouped(digits + eleven(digits, "0", weights=[3, 2, 9, 8, 7, 6, 5, 4, 3, 2]), *shapes)


def titulo(draw: Draw) -> tuple[str, ...]:
    """A remainder is the digit itself; 10 is written 0, and 0 is written 1 by the states 01 and 02."""
    serial, state = number(draw, 8), f"{draw.randrange(1, 29):02}"
    zero = "1" if state in ("01", "02") else "0"
    checks = ""
    for digits, weights in ((serial, [2, 3, 4, 5, 6, 7, 8, 9]), (state, [7, 8])):
        rest = (total(digits, weights) + sum(9 * int(check) for check in checks)) % 11
        checks += {0: zero, 10: "0"}.get(rest, str(rest))
    return grouped(serial + state + checks, "#### #### ####", "############")


def cnh(draw: Draw) -> tuple[str, ...]:
    """Drawn again where the first remainder is 10: what is written then is not the same everywhere."""
    while True:
        digits = number(draw, 9)
        one, two = (total(digits, weights) % 11 for weights in (list(range(9, 0, -1)), list(range(1, 10))))
        if one < 10:
            return (f"{digits}{one}{two % 10}",)


def nss(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 10)
    return grouped(digits + luhn(digits), "##-##-##-####-#", "## ## ## #### #", "###########")


def cedula_juridica(draw: Draw) -> tuple[str, ...]:
    return grouped(f"3{draw.choice(('101', '102', '105'))}{number(draw, 6)}", "#-###-######", "##########")


def cuit(draw: Draw) -> tuple[str, ...]:
    while True:
        body = draw.choice(("20", "23", "24", "27", "30", "33")) + number(draw, 8)
        check = eleven(body, "", weights=[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
        if check:
            return grouped(body + check, "##-########-#", "##-##.###.###-#", "## ######## #", "###########")


def cbu(draw: Draw) -> tuple[str, ...]:
    one, two = number(draw, 7), number(draw, 13)
    one += str(-total(one, [7, 1, 3, 9, 7, 1, 3]) % 10)
    two += str(-total(two, [3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3]) % 10)
    return (one + two, f"{one} {two}")


def rut_cl(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 8, "12")
    return grouped(digits + eleven(digits, "K"), "##.###.###-#", "########-#", "#########")


def nit_co(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 9, "89")
    rest = total(digits, [41, 37, 29, 23, 19, 17, 13, 7, 3]) % 11
    return grouped(digits + str(rest if rest < 2 else 11 - rest), "###.###.###-#", "#########-#", "##########")


def nit_gt(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 7)
    return grouped(digits + "0123456789K"[-total(digits, list(range(8, 1, -1))) % 11], "#######-#", "########")


def dpi_gt(draw: Draw) -> tuple[str, ...]:
    while True:
        digits = number(draw, 8)
        check = total(digits, [2, 3, 4, 5, 6, 7, 8, 9]) % 11
        if check < 10:
            return grouped(
                f"{digits}{check}{draw.randrange(1, 23):02}{draw.randrange(1, 6):02}", "#### ##### ####", "#############"
            )


def curp(draw: Draw) -> tuple[str, ...]:
    body = draw.choice("BCDFG") + draw.choice("AEIOU") + draw.choice("LMNPR") + draw.choice("LMNST")
    body += birth(draw, "{y:02}{m:02}{d:02}") + draw.choice("HM") + draw.choice(("DF", "JC", "OC", "YN"))
    body += "".join(draw.choice("BCDFGLMNRST") for _ in range(3)) + "0"
    values = ["0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ".index(char) for char in body]
    return (body + str(-sum(value * (18 - place) for place, value in enumerate(values)) % 10),)


def rfc(draw: Draw) -> tuple[str, ...]:
    body = f"{draw.choice('BCDFG')}E{draw.choice('LMNPR')}X" + birth(draw, "{y:02}{m:02}{d:02}")
    body += draw.choice(LETTERS) + draw.choice("123456789")
    values = ["0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ".index(char) for char in body]
    check = 11 - sum(value * (13 - place) for place, value in enumerate(values)) % 11
    return grouped(body + {10: "A", 11: "0"}.get(check, str(check)), "#############", "####-######-###")


def clabe(draw: Draw) -> tuple[str, ...]:
    digits = draw.choice(("002", "012", "014", "021", "072")) + number(draw, 14)
    check = -sum(int(d) * w % 10 for d, w in zip(digits, [3, 7, 1] * 5 + [3, 7], strict=True)) % 10
    return grouped(f"{digits}{check}", "##################", "### ### ########### #")


def ruc_pe(draw: Draw) -> tuple[str, ...]:
    digits = draw.choice(("10", "20")) + number(draw, 8)
    return (digits + str((11 - total(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10),)


def dni_pe(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 8)
    place = total(digits, [3, 2, 7, 6, 5, 4, 3, 2]) % 11
    return grouped(digits + draw.choice(("65432110987"[place], "KJIHGFEDCBA"[place])), "########-#", "#########")


def ruc_py(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 7)
    check = total(digits, [8, 7, 6, 5, 4, 3, 2]) % 11
    return grouped(digits + str(0 if check < 2 else 11 - check), "#######-#", "#.###.###-#")


def cedula_do(draw: Draw) -> tuple[str, ...]:
    digits = f"{draw.randrange(1, 120):03}{number(draw, 7)}"
    return grouped(digits + luhn(digits), "###-#######-#", "###########")


def rnc_do(draw: Draw) -> tuple[str, ...]:
    digits = "1" + number(draw, 7)
    rest = total(digits, [7, 9, 8, 6, 5, 4, 3, 2]) % 11
    return grouped(digits + str({0: 2, 1: 1}.get(rest, 11 - rest)), "#-##-#####-#", "#########")


def ci_ec(draw: Draw) -> str:
    digits = f"{draw.randrange(1, 25):02}{draw.randrange(6)}{number(draw, 6)}"
    return digits + luhn(digits)


def nit_sv(draw: Draw) -> tuple[str, ...]:
    digits = f"0{draw.randrange(101, 999)}" + birth(draw, "{d:02}{m:02}{y:02}") + str(draw.randrange(101, 999))
    rest = total(digits, [2, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
    return grouped(digits + str(-rest % 11 % 10), "####-######-###-#", "##############")


def dui(draw: Draw) -> tuple[str, ...]:
    digits = "0" + number(draw, 7)
    return grouped(digits + str(-total(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 10), "########-#", "#########")


def rut_uy(draw: Draw) -> tuple[str, ...]:
    while True:
        digits = f"{draw.randrange(1, 23):02}{number(draw, 6)}001"
        check = -total(digits, [4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11
        if check < 10:
            return grouped(f"{digits}{check}", "##-######-###-#", "############")


def ci_uy(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 7)
    return grouped(digits + str(-total(digits, [2, 9, 8, 7, 6, 3, 4]) % 10), "#.###.###-#", "#######-#", "########")


def rif(draw: Draw) -> tuple[str, ...]:
    letter = draw.choice("VEJPG")
    digits = number(draw, 8)
    first = {"V": 4, "E": 8, "J": 12, "P": 16, "G": 20}[letter]
    check = 11 - (first + total(digits, [3, 2, 7, 6, 5, 4, 3, 2])) % 11
    return grouped(f"{letter}{digits}{check if check < 10 else 0}", "#-########-#", "##########")


def birth(draw: Draw, form: str) -> str:
    return form.format(d=draw.randrange(1, 29), m=draw.randrange(1, 13), y=draw.randrange(30, 99))


def cedula_ni(draw: Draw) -> tuple[str, ...]:
    digits = f"{draw.randrange(1, 620):03}{birth(draw, '{d:02}{m:02}{y:02}')}{draw.randrange(10000):04}"
    return grouped(digits + "ABCDEFGHJKLMNPQRSTUVWXY"[int(digits) % 23], "###-######-#####", "##############")


def dni_hn(draw: Draw, num_last: int = 5) -> tuple[str, ...]:
    digits = f"{draw.randrange(1, 19):02}{draw.randrange(1, 17):02}{draw.randrange(1930, 2010)}{number(draw, num_last)}"
    return grouped(digits, "####-####-" + "#" * num_last, "#" * (8 + num_last))


def iban(draw: Draw) -> tuple[str, ...]:
    country = draw.choice(("CR", "DO", "GT", "SV"))
    body = {"CR": "0", "DO": "BAGR", "GT": "AGRO", "SV": "CENR"}[country]
    body += number(draw, IBAN_LENGTH[country] - 4 - len(body))
    as_number = "".join(str(int(char, 36)) for char in f"{body}{country}00")
    digits = f"{country}{98 - int(as_number) % 97:02}{body}"
    return (" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)), digits)


def card(draw: Draw) -> tuple[str, ...]:
    digits = number(draw, 15, "45")
    return grouped(digits + luhn(digits), "#### #### #### ####", "####-####-####-####", "################")


def shaped(*shapes: str, first: str = "123456789") -> Callable[[Draw], tuple[str, ...]]:
    """A number without a check digit, in these shapes."""
    return lambda draw: grouped(number(draw, max(shape.count("#") for shape in shapes), first), *shapes)


PLANTED = (
    Planted("AR", "CUIT", True, cuit, ("CUIT", "CUIL", "C.U.I.T.", "")),
    Planted("AR", "CBU", True, cbu, ("CBU", "")),
    Planted("AR", "DNI", False, shaped("##.###.###", "########"), ("DNI", "D.N.I.", "documento nacional de identidad"), 2),
    Planted("BO", "CI", False, shaped("#######", "####### LP", "#######-1K CB"), ("C.I.", "carnet de identidad"), 3),
    Planted("BO", "NIT", False, shaped("##########"), ("NIT",), 1),
    Planted("BR", "CPF", True, cpf, ("CPF", "C.P.F.", "inscrito no CPF sob o", "")),
    Planted("BR", "CNPJ", True, cnpj, ("CNPJ", "CNPJ/MF", "")),
    Planted("BR", "CNPJ 2026", True, lambda draw: cnpj(draw, LETTERS), ("CNPJ", ""), 1),
    Planted(
        "BR", "PIS", True, lambda d: pis(d, "###.#####.##-#", "###########"), ("PIS", "PIS/PASEP", "NIS", "Cadastro Único", ""), 1
    ),
    Planted("BR", "titulo", True, titulo, ("título de eleitor", "título eleitoral"), 2),
    Planted("BR", "CNH", True, cnh, ("CNH", "carteira nacional de habilitação"), 1),
    Planted("BR", "RENAVAM", True, lambda d: pis(d, "###########", "####.######-#"), ("RENAVAM",), 2),
    Planted("CL", "RUT", True, rut_cl, ("RUT", "R.U.T.", "RUN", "rol único tributario", ""), 2),
    Planted("CO", "NIT", True, nit_co, ("NIT", "N.I.T.", ""), 2),
    Planted("CO", "cedula", False, shaped("#.###.###.###", "##########", first="1"), ("C.C.", "CC", "cédula de ciudadanía"), 2),
    Planted("CR", "cedula", False, shaped("#-####-####", "#########"), ("cédula", "cédula de identidad"), 2),
    Planted("CR", "cedula juridica", False, cedula_juridica, ("cédula jurídica", "cédula de persona jurídica", ""), 1),
    Planted(
        "CU", "carnet", False, lambda d: (birth(d, "{y:02}{m:02}{d:02}") + "0" + number(d, 4),), ("carné de identidad", "C.I."), 1
    ),
    Planted("DO", "cedula", True, cedula_do, ("cédula", "cédula de identidad y electoral", ""), 1),
    Planted("DO", "RNC", True, rnc_do, ("RNC", ""), 1),
    Planted("EC", "cedula", True, lambda d: grouped(ci_ec(d), "#########-#", "##########"), ("cédula", "C.I.", ""), 1),
    Planted("EC", "RUC", True, lambda d: (ci_ec(d) + "001",), ("RUC", "")),
    Planted("GT", "DPI", True, dpi_gt, ("DPI", "CUI", "documento personal de identificación", "")),
    Planted("GT", "NIT", True, nit_gt, ("NIT", "N.I.T."), 2),
    Planted("HN", "DNI", False, dni_hn, ("DNI", "tarjeta de identidad", ""), 1),
    Planted("HN", "RTN", False, lambda draw: dni_hn(draw, 6), ("RTN", "R.T.N.", ""), 1),
    Planted("JM", "TRN", False, shaped("###-###-###", "#########"), ("TRN", "Taxpayer Registration Number"), 2),
    Planted("MX", "CURP", True, curp, ("CURP", "")),
    Planted("MX", "RFC", True, rfc, ("RFC", "R.F.C."), 2),
    Planted("MX", "CLABE", True, clabe, ("CLABE", "CLABE interbancaria"), 2),
    Planted("MX", "NSS", True, nss, ("NSS", "N.S.S.", "número de seguridad social", "número de seguro social", "IMSS"), 3),
    Planted("NI", "cedula", False, cedula_ni, ("cédula", "")),
    Planted("PA", "cedula", False, shaped("#-###-####"), ("cédula", "C.I."), 1),
    Planted("PA", "RUC", False, shaped("#-###-#### DV ##"), ("RUC", "")),
    Planted("PE", "RUC", True, ruc_pe, ("RUC", "R.U.C.", "")),
    Planted("PE", "DNI", True, dni_pe, ("DNI", "D.N.I."), 2),
    Planted("PY", "RUC", True, ruc_py, ("RUC", "R.U.C."), 2),
    Planted("PY", "CI", False, shaped("#.###.###", "#######"), ("C.I.", "cédula de identidad"), 2),
    Planted("SV", "NIT", True, nit_sv, ("NIT", ""), 1),
    Planted("SV", "DUI", True, dui, ("DUI", "D.U.I.", "documento único de identidad"), 2),
    Planted("UY", "RUT", True, rut_uy, ("RUT", "R.U.T.", "")),
    Planted("UY", "CI", True, ci_uy, ("C.I.", "CI", "cédula de identidad", ""), 2),
    Planted("VE", "RIF", True, rif, ("RIF", "R.I.F.", "")),
    Planted("VE", "cedula", False, shaped("V-##.###.###", "V-########"), ("C.I.", "cédula", ""), 1),
    Planted("*", "IBAN", True, iban, ("IBAN", "")),
    Planted("*", "card", True, card, ("tarjeta", "cartão de crédito", ""), 1),
)


def distractors(draw: Draw) -> Iterator[tuple[str, str]]:
    """Numbers of libraries, archives and newspapers that name nobody, one of each kind."""
    year, old = draw.randrange(1990, 2026), draw.randrange(1800, 1990)
    yield "ISBN", f"ISBN 978-{number(draw, 2)}-{number(draw, 3)}-{number(draw, 4)}-{draw.randrange(10)}"
    yield "ISSN", f"ISSN {number(draw, 4)}-{number(draw, 4)}"
    yield "DOI", f"doi 10.{number(draw, 4)}/{number(draw, 8)}"
    yield "date", f"{draw.randrange(1, 29):02}-{draw.randrange(1, 13):02}-{old}"
    yield "date", f"{draw.randrange(1, 29)} de mayo de {old}, a las {draw.randrange(24)}:{draw.randrange(10, 60)}"
    yield "years", f"{old}-{year}"
    yield "shelf mark", f"signatura {number(draw, 4)}/{number(draw, 4)}-{number(draw, 2)}"
    yield "inventory number", f"inv. {number(draw, 8)}"
    yield "file number", f"expediente {number(draw, 5)}-{number(draw, 4)}"
    yield "price", f"$ {draw.randrange(1, 999)}.{draw.randrange(100, 999)}.{draw.randrange(100, 999)}"
    yield "price", f"R$ {draw.randrange(1, 999)}.{draw.randrange(100, 999)},{draw.randrange(10, 99)}"
    yield "law", f"ley {draw.randrange(10, 30)}.{draw.randrange(100, 999)}"
    yield "like a phone", f"{number(draw, 4)}-{number(draw, 4)}"
    yield "decimal", f"{draw.randrange(1, 90)},{number(draw, 8)}"
    yield "coordinates", f"-{draw.randrange(10, 55)}.{number(draw, 5)}, -{draw.randrange(34, 80)}.{number(draw, 5)}"
    yield "random digits", number(draw, draw.randrange(5, 20))
    yield "random RUT-like", f"{number(draw, 8)}-{draw.randrange(10)}"
