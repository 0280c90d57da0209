"""Personal data that masking should have replaced: a second, simple look that shares no code with curation."""

import re
from importlib import import_module

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
CHECKED_NUMBERS = {
    "stdnum.br.cpf": re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)"),
    "stdnum.ar.cuit": re.compile(r"(?<!\d)\d{2}-\d{8}-\d(?!\d)"),
    "stdnum.cl.rut": re.compile(r"(?<!\d)\d{1,2}\.\d{3}\.\d{3}-[\dkK](?!\w)"),
    "stdnum.mx.curp": re.compile(r"\b[A-Z]{4}\d{6}[A-Z]{6}[A-Z\d]\d\b"),
}
"""Identifiers as people write them, by the module of python-stdnum that knows their check digit."""


TYPED_DASH = re.compile("[\u2010-\u2014\u2212]")  # what word processors make of a hyphen


def count_personal_data(text: str) -> int:
    """How many e-mail addresses and identifiers with a valid check digit stand in a text."""
    text = TYPED_DASH.sub("-", text)
    num_found = len(EMAIL.findall(text)) if "@" in text else 0
    for module, pattern in CHECKED_NUMBERS.items():
        num_found += sum(import_module(module).is_valid(number) for number in pattern.findall(text))
    return num_found
