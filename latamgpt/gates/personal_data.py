"""Personal data that masking should have replaced: a second, simple look that shares no code with curation.

It knows only forms that leave no doubt, so that what it finds is a fault of masking and never of the text.
"""

import re
from importlib import import_module

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
CHECKED_NUMBERS = {
    "stdnum.br.cpf": re.compile(r"(?<![\d.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)"),
    "stdnum.br.cnpj": re.compile(r"(?<![\d.-])[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}/[\dA-Z]{4}-\d{2}(?!\d)"),
    "stdnum.ar.cuit": re.compile(r"(?<![\d.-])\d{2}-\d{8}-\d(?!\d)"),
    "stdnum.cl.rut": re.compile(r"(?<![\d.-])\d{1,2}\.\d{3}\.\d{3}-[\dkK](?!\w)"),
    "stdnum.co.nit": re.compile(r"(?<![\d.-])\d{3}\.\d{3}\.\d{3}-\d(?!\w)"),
    "stdnum.do.cedula": re.compile(r"(?<![\d.-])\d{3}-\d{7}-\d(?!\d)"),
    "stdnum.sv.nit": re.compile(r"(?<![\d.-])\d{4}-\d{6}-\d{3}-\d(?!\d)"),
    "stdnum.mx.curp": re.compile(r"\b[A-Z]{4}\d{6}[A-Z]{6}[A-Z\d]\d\b"),
    "stdnum.ec.ruc": re.compile(r"(?<![\w.-])\d{10}001(?![\w.-])"),
    "stdnum.iban": re.compile(r"\b[A-Z]{2}\d{2}(?: [\dA-Z]{4}){3,7}(?: [\dA-Z]{1,3})?\b"),
    "stdnum.luhn": re.compile(r"(?<![\w-])[3-6]\d{3} \d{4} \d{4} \d{4}(?![\w-])"),
}
"""Identifiers as people write them, by the module of python-stdnum that knows their check digit."""

TYPED_DASH = re.compile("[\u2010-\u2014\u2212]")  # what word processors make of a hyphen
ENOUGH_DIGITS = re.compile(r"[0-9](?:[^0-9\n]{0,5}[0-9]){5}")


def count_personal_data(text: str) -> int:
    """How many e-mail addresses and identifiers with a valid check digit stand in a text."""
    num_found = len(EMAIL.findall(text)) if "@" in text else 0
    if not ENOUGH_DIGITS.search(text):
        return num_found
    text = TYPED_DASH.sub("-", text)
    return num_found + sum(_count(module, pattern, text) for module, pattern in CHECKED_NUMBERS.items())


def _count(module: str, pattern: re.Pattern[str], text: str) -> int:
    numbers = (number.replace(" ", "") for number in pattern.findall(text))
    return sum(import_module(module).is_valid(number) for number in numbers if len(set(number)) > 1)
