"""The table: which identifiers of which country are looked for, in which written form, on which proof.

Of random digit strings 1% pass as a CPF or a CUIT, and 9 to 10% as a RUT, a NIT, a CUI, a DUI or a card: those are taken in their
printed form or beside a word that names them, never as bare digits. Numbers without a check digit need the word, or a form that
nothing else has. The sources of the rules that python-stdnum lacks are named in `check_digits`.
"""

from collections.abc import Callable

import stdnum.ar.cbu
import stdnum.ar.cuit
import stdnum.br.cnpj
import stdnum.br.cpf
import stdnum.cl.rut
import stdnum.co.nit
import stdnum.cr.cpj
import stdnum.cu.ni
import stdnum.do.cedula
import stdnum.do.rnc
import stdnum.ec.ci
import stdnum.ec.ruc
import stdnum.gt.nit
import stdnum.iban
import stdnum.mx.curp
import stdnum.mx.rfc
import stdnum.pe.cui
import stdnum.pe.ruc
import stdnum.py.ruc
import stdnum.sv.nit
import stdnum.uy.rut
import stdnum.ve.rif

from latamgpt.curation.personal_data import words
from latamgpt.curation.personal_data.check_digits import (
    always,
    is_br_cnh,
    is_br_pis,
    is_br_titulo,
    is_card,
    is_gt_dpi,
    is_hn_dni,
    is_luhn,
    is_mx_clabe,
    is_ni_cedula,
    is_no_span_of_years,
    is_sv_dui,
    is_uy_ci,
)
from latamgpt.curation.personal_data.rule import Rule, checked, named, printed

DOTTED = r"\d{1,3}(?:\.\d{3}){2}"


def _without_dots(is_valid: Callable[[str], bool]) -> Callable[[str], bool]:
    """A check of python-stdnum that does not know the dots with which people group the digits."""
    return lambda number: is_valid(number.replace(".", "").replace("/", ""))


def _is_rfc_with_check_digit(number: str) -> bool:
    return stdnum.mx.rfc.is_valid(number, validate_check_digits=True)


ARGENTINA = (
    printed(
        "AR", "CUIT", r"\d{2}-\d{8}-\d|\d{2}[-. ]\d{2}\.\d{3}\.\d{3}[-. ]\d", _without_dots(stdnum.ar.cuit.is_valid), words.CUIT
    ),
    checked("AR", "CUIT", r"\d{11}|\d{2} \d{8} \d|\d{2}/\d{8}/\d", _without_dots(stdnum.ar.cuit.is_valid), words.CUIT),
    checked("AR", "CBU", r"\d{7}-?\d[- ]?\d{13}-?\d", stdnum.ar.cbu.is_valid, words.CBU),
    named("AR", "DNI", rf"{DOTTED}|\d{{7,8}}", always, words.DNI),
)
BOLIVIA = (  # no check digit is published, for the CI nor for the NIT: the word, and the form with its department
    named("BO", "CEDULA", r"\d{5,8}(?:-\d[A-Z])?\s?-?(?:LP|SC|CB|CH|OR|PT|TJ|BE|PD|BN|PA)", always, words.CARNET),
    named("BO", "CEDULA", r"\d{5,8}(?:-\d[A-Z])?", always, rf"carn[ée]t?|{words.CEDULA}"),
    named("BO", "NIT", r"\d{7,12}", always, words.NIT),
)
BRAZIL = (
    printed("BR", "CNPJ", r"(?-i:[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}/[\dA-Z]{4}-\d{2})", stdnum.br.cnpj.is_valid, words.CNPJ),
    printed("BR", "CPF", r"\d{3}\.\d{3}\.\d{3}-\d{2}", stdnum.br.cpf.is_valid, words.CPF),
    checked("BR", "CNPJ", r"\d{8}/?\d{4}-?\d{2}", stdnum.br.cnpj.is_valid, words.CNPJ),
    named("BR", "CNPJ", r"[\dA-Z]{8}/?[\dA-Z]{4}-?\d{2}", stdnum.br.cnpj.is_valid, rf"{words.CNPJ}|{words.PIX}"),
    checked("BR", "CPF", r"\d{9}[-/]?\d{2}", _without_dots(stdnum.br.cpf.is_valid), words.CPF),
    named(
        "BR",
        "CPF",
        r"\d{3}[. ]?\d{3}[. ]?\d{3}[-/. ]?\d{2}",
        _without_dots(stdnum.br.cpf.is_valid),
        rf"{words.CPF}|{words.PIX}",
    ),
    printed("BR", "PIS", r"(?<![\w-])\d{3}\.\d{5}\.\d{2}-\d(?![\w-])", is_br_pis, words.PIS),
    named("BR", "PIS", r"\d{3}[. ]?\d{5}[. ]?\d{2}[- ]?\d", is_br_pis, words.PIS),
    named("BR", "TITULO", r"\d{4}[ .]?\d{4}[ .]?\d{4}|\d{8}[-/ ]?\d{2}[-/ ]?\d{2}", is_br_titulo, words.TITULO),
    named("BR", "CNH", r"\d{9}[- ]?\d{2}", is_br_cnh, words.CNH),
    named("BR", "RENAVAM", r"\d{4}\.?\d{6}-?\d|\d{8}-?\d", is_br_pis, words.RENAVAM),
    named("BR", "PIX", r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}", always, words.PIX),  # a random key
    named("BR", "RG", r"\d{1,2}\.?\d{3}\.?\d{3}(?:-?[\dX])?", always, words.RG),  # the states' own rules differ
    named("BR", "ADDRESS", r"\d{2}\.?\d{3}-?\d{3}", always, words.POSTCODE),
)
CHILE = (
    printed("CL", "RUT", r"\d{1,2}\.\d{3}\.\d{3}-[\dK](?!\w)", stdnum.cl.rut.is_valid, words.RUT),
    named("CL", "RUT", r"\d{1,2}\.?\d{3}\.?\d{3}-?[\dK]", stdnum.cl.rut.is_valid, words.RUT),
    named("CL", "CEDULA", r"\d{7,8}-?[\dK]", stdnum.cl.rut.is_valid, words.CEDULA),
)
COLOMBIA = (
    printed("CO", "NIT", r"\d{3}\.\d{3}\.\d{3}-\d(?!\w)", stdnum.co.nit.is_valid, words.NIT),
    named("CO", "NIT", r"\d{1,3}\.?\d{3}\.?\d{3}-?\d", stdnum.co.nit.is_valid, words.NIT),
    named("CO", "CEDULA", rf"{DOTTED}|\d(?:\.\d{{3}}){{3}}|\d{{6,8}}|\d{{10}}", always, words.CEDULA),
)
COSTA_RICA = (
    printed("CR", "CEDULA", r"(?<![\w-])[234]-\d{3}-\d{6}(?![\w-])", stdnum.cr.cpj.is_valid, words.CEDULA),
    named("CR", "CEDULA", r"[2345]-?\d{3}-?\d{6}", stdnum.cr.cpj.is_valid, words.CEDULA),
    named("CR", "CEDULA", r"0?[1-9][- ]?\d{4}[- ]?\d{4}|[1-9]-\d{3}-\d{3,4}", always, words.CEDULA),
    named("CR", "DIMEX", r"1\d{10,11}", always, words.DIMEX),
)
CUBA = (
    named("CU", "CARNET", r"\d{11}|\d{6} \d{5}", stdnum.cu.ni.is_valid, words.CARNET),
)  # its date; no check digit is published
DOMINICAN_REPUBLIC = (
    printed("DO", "CEDULA", r"\d{3}-\d{7}-\d", stdnum.do.cedula.is_valid, words.CEDULA),
    named("DO", "CEDULA", r"\d{3}[- ]?\d{7}[- ]?\d", stdnum.do.cedula.is_valid, words.CEDULA),
    printed("DO", "RNC", r"(?<![\w-])\d-\d{2}-\d{5}-\d(?![\w-])", stdnum.do.rnc.is_valid, words.RNC),
    named("DO", "RNC", r"\d-?\d{2}-?\d{5}-?\d", stdnum.do.rnc.is_valid, words.RNC),
)
ECUADOR = (
    checked("EC", "RUC", r"\d{13}|\d{9}-\d-\d{3}|\d{10}-\d{3}", stdnum.ec.ruc.is_valid, words.RUC),
    checked("EC", "CEDULA", r"\d{9}-\d", stdnum.ec.ci.is_valid, words.CEDULA),
    named("EC", "CEDULA", r"\d{9}[- ]?\d", stdnum.ec.ci.is_valid, words.CEDULA),
)
GUATEMALA = (
    checked("GT", "DPI", r"\d{4}[ -]?\d{5}[ -]?\d{4}", is_gt_dpi, words.DPI),
    named("GT", "NIT", r"\d{1,3}(?:\.\d{3})*-[\dK]|\d{2,8}-?[\dK]", _without_dots(stdnum.gt.nit.is_valid), words.NIT),
)
HONDURAS = (
    printed("HN", "RTN", r"(?<![\w-])\d{4}-\d{4}-\d{6}(?![\w-])", is_hn_dni, words.RTN),
    named("HN", "RTN", r"\d{4}[- ]?\d{4}[- ]?\d{6}", is_hn_dni, words.RTN),
    printed("HN", "DNI", r"(?<![\w-])\d{4}-\d{4}-\d{5}(?![\w-])", is_hn_dni, rf"{words.DNI}|identidad"),
    named("HN", "DNI", r"\d{4}[- ]?\d{4}[- ]?\d{5}", is_hn_dni, rf"{words.DNI}|identidad"),
)
JAMAICA = (named("JM", "TRN", r"\d{3}[- ]?\d{3}[- ]?\d{3}", always, words.TRN),)  # Tax Administration Jamaica publishes no check
MEXICO = (
    printed("MX", "CURP", r"(?<![A-Z])[A-Z]{4}\d{6}[HMX][A-Z]{5}[\dA-Z]\d", stdnum.mx.curp.is_valid, words.CURP),
    checked("MX", "RFC", r"(?-i:[A-ZÑ&]{3,4}\d{6}[\dA-Z]{3})", _is_rfc_with_check_digit, words.RFC),
    named("MX", "RFC", r"[A-ZÑ&]{3,4}[- ]?\d{6}[- ]?[\dA-Z]{3}", stdnum.mx.rfc.is_valid, words.RFC),
    named("MX", "CLABE", r"\d{3}[- ]?\d{3}[- ]?\d{11}[- ]?\d|\d{4} \d{4} \d{4} \d{4} \d{2}", is_mx_clabe, words.CLABE),
    named("MX", "NSS", r"\d{2}[- ]?\d{2}[- ]?\d{2}[- ]?\d{4}[- ]?\d", is_luhn, words.NSS),
)
NICARAGUA = (
    checked("NI", "CEDULA", r"\d{3}-\d{6}-\d{4}[A-Z]|\d{13}[A-Z]", is_ni_cedula, words.CEDULA),
    named("NI", "RUC", r"J\d{13}", always, words.RUC),
)
PANAMA = (
    printed("PA", "RUC", r"(?<![\w-])(?:\d{1,2}|PE|E|N)-\d{1,4}-\d{1,6},? D\.?V\.? ?\d{1,2}", always, words.RUC),
    named("PA", "CEDULA", r"(?:1[0-3]|[1-9]|PE|E|N|(?:1[0-3]|[1-9])-?(?:AV|PI))-\d{1,4}-\d{1,6}", always, words.CEDULA),
    named("PA", "RUC", r"\d{1,9}-\d{1,4}-\d{1,6}", always, words.RUC),
)
PARAGUAY = (
    named("PY", "RUC", r"\d{1,3}(?:\.\d{3}){1,2}-\d|\d{5,8}-\d", _without_dots(stdnum.py.ruc.is_valid), words.RUC),
    named("PY", "CEDULA", rf"{DOTTED}|\d{{5,7}}", always, words.CEDULA),
)
PERU = (
    checked("PE", "RUC", r"(?:10|15|16|17|20)\d{9}", stdnum.pe.ruc.is_valid, words.RUC),
    named("PE", "DNI", r"\d{8}[- ]?[\dA-K]", stdnum.pe.cui.is_valid, words.DNI),
)
SALVADOR = (
    printed("SV", "NIT", r"\d{4}-\d{6}-\d{3}-\d", stdnum.sv.nit.is_valid, words.NIT),
    named("SV", "NIT", r"\d{4}[- ]?\d{6}[- ]?\d{3}[- ]?\d", stdnum.sv.nit.is_valid, words.NIT),
    named("SV", "DUI", r"\d{8}[- ]?\d", is_sv_dui, words.DUI),
)
URUGUAY = (
    checked("UY", "RUT", r"\d{12}|\d{2}([- ])\d{6}\1\d{3}\1\d", stdnum.uy.rut.is_valid, words.RUT),
    printed("UY", "CEDULA", r"(?<![\w.-])\d\.\d{3}\.\d{3}-\d(?![\w-])", is_uy_ci, words.CEDULA),
    named("UY", "CEDULA", r"\d?\.?\d{3}\.?\d{3}[-/ ]?\d", is_uy_ci, words.CEDULA),
    named("UY", "CEDULA", r"\d\.\d{3}\.\d{3}-\d", always, words.CEDULA),  # mistyped, and still somebody's
)
VENEZUELA = (
    checked("VE", "RIF", r"[VEJPG][- ]?\d{8}[- ]?\d", stdnum.ve.rif.is_valid, words.RIF),
    named("VE", "RIF", r"[VEJPGC][- ]?\d{2}\.?\d{3}\.?\d{3}[- ]?\d", _without_dots(stdnum.ve.rif.is_valid), words.RIF),
    printed("VE", "CEDULA", r"(?<![\w-])[VE]-\d{1,2}\.\d{3}\.\d{3}(?![-\w])", always, words.CEDULA),
    named("VE", "CEDULA", r"[VE][-. ]{0,2}\d{1,2}\.?\d{3}\.?\d{3}", always, words.CEDULA),
)
MONEY = (
    printed("*", "IBAN", r"(?<!\w)(?-i:[A-Z]{2}\d{2}(?: ?[\dA-Z]{4}){3,7}(?: ?[\dA-Z]{1,3})?)(?!\w)", stdnum.iban.is_valid),
    printed("*", "CARD", r"(?<![\w-])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-])", is_card, words.CARD),
    printed("*", "CARD", r"(?<![\w-])3[47]\d{2}([ -])\d{6}\1\d{5}(?![\w-])", is_card, words.CARD),
    named("*", "CARD", r"\d{13,19}", is_card, words.CARD),
    named("*", "ACCOUNT", r"\d[\d.-]{4,22}\d", always, words.ACCOUNT),
    named("*", "ACCOUNT", r"(?=[\d.X-]{7})\d[\d.]{1,18}(?:-[\dX.]{1,10})+|\d{10,20}", is_no_span_of_years, words.ACCOUNT_ALONE),
)
PHONES = (
    printed("*", "PHONE", r"(?<!\w)\+(?:1|5\d{1,2})[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d", always),
    printed("*", "PHONE", r"(?<!\w)\(0?\d{2,4}\) ?(?:9 ?)?\d{3,5}[ .-]?\d{3,4}(?!\w)", always, words.PHONE),
    named("*", "PHONE", r"9[ .-]\d{4}[ .-]?\d{4}|\d{2}(?:[ .-]\d{2}){3}", always, words.PHONE),
    named("*", "PHONE", r"\d{3,4}[ .-]\d{4}", is_no_span_of_years, words.PHONE),
    named("*", "PHONE", r"\(?\d{2,4}\)?[ .-]?\d{3,5}[ .-]?\d{3,5}", always, words.PHONE),
)

RULES: tuple[Rule, ...] = (
    *BRAZIL,
    *ARGENTINA,
    *CHILE,
    *ECUADOR,
    *SALVADOR,
    *PERU,
    *MEXICO,
    *GUATEMALA,
    *HONDURAS,
    *NICARAGUA,
    *PANAMA,
    *DOMINICAN_REPUBLIC,
    *VENEZUELA,
    *BOLIVIA,
    *URUGUAY,
    *PARAGUAY,
    *COSTA_RICA,
    *CUBA,
    *JAMAICA,
    *MONEY,
    *COLOMBIA,
    *PHONES,
)
"""In this order: of rules that fit one number equally well the first gives the tag, so what is checked better comes earlier."""
