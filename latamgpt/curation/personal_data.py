"""Personal data in a text: identifiers with a check digit, e-mail addresses and telephone numbers become tags such as [CPF].

A check digit alone is not always proof. Of random digit strings 1% pass as a CPF or a CUIT, and 9 to 10% as a RUT, a NIT or a
CUI: those are taken only in their printed form or beside a word that names them. Numbers without a check digit need the word.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import stdnum.ar.cbu
import stdnum.ar.cuit
import stdnum.br.cnpj
import stdnum.br.cpf
import stdnum.cl.rut
import stdnum.co.nit
import stdnum.do.cedula
import stdnum.ec.ci
import stdnum.gt.nit
import stdnum.mx.curp
import stdnum.mx.rfc
import stdnum.pe.cui
import stdnum.pe.ruc
import stdnum.py.ruc
import stdnum.sv.nit
import stdnum.uy.rut
import stdnum.ve.rif

WORTH_A_LOOK = re.compile(r"@|\d(?:[^\d]{0,4}\d){4}")  # an address, or five digits close together
DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""Hyphens, dashes and the minus sign: word processors put them where people typed a hyphen."""
CONTEXT_CHARS = 40  # how far before a number the word that names it may stand


@dataclass(frozen=True)
class Kind:
    """One kind of identifier: how it is printed, how it is checked, which word must stand before it (none: '')."""

    tag: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    context: re.Pattern[str] | None = None


def _kind(tag: str, pattern: str, is_valid: Callable[[str], bool], context: str = "") -> Kind:
    """A kind whose number stands alone: not a part of a longer number, word or decimal."""
    alone = re.compile(rf"(?<![\w.-])(?:{pattern})(?![\w-]|\.\d)", re.IGNORECASE)
    words = re.compile(rf"\b(?:{context})\b[^\n]{{0,{CONTEXT_CHARS}}}$", re.IGNORECASE) if context else None
    return Kind(tag, alone, is_valid, words)


def _printed(tag: str, pattern: str, is_valid: Callable[[str], bool]) -> Kind:
    """A kind whose dots and dashes show what it is, even glued to a word."""
    return Kind(tag, re.compile(rf"(?<!\d)(?:{pattern})(?!\d)", re.IGNORECASE), is_valid)


CEDULA_WORDS = r"c[ée]dulas?|c\.\s?[ci]|c[ci](?=\W{0,3}(?:n[.º°o]{0,3}\s?)?$)"  # 'cc' is also what engines are measured in


def _always(_: str) -> bool:
    return True


KINDS = (
    Kind("EMAIL", re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE), _always),
    _printed("CNPJ", r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}", stdnum.br.cnpj.is_valid),
    _printed("CPF", r"\d{3}\.\d{3}\.\d{3}-\d{2}", stdnum.br.cpf.is_valid),
    _printed("CUIT", r"\d{2}-\d{8}-\d", stdnum.ar.cuit.is_valid),
    _printed("RUT", r"\d{1,2}\.\d{3}\.\d{3}-[\dK]", stdnum.cl.rut.is_valid),
    _printed("CURP", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[0-9A-Z]\d", stdnum.mx.curp.is_valid),
    _kind("CNPJ", r"\d{14}", stdnum.br.cnpj.is_valid),
    _kind("CPF", r"\d{9}-?\d{2}", stdnum.br.cpf.is_valid),
    _kind("RUC", r"(?:10|15|16|17|20)\d{9}", stdnum.pe.ruc.is_valid, r"r\.?u\.?c\.?"),  # its digits could be a CUIT's
    _kind("CUIT", r"\d{11}|\d{2} \d{8} \d", stdnum.ar.cuit.is_valid),
    _kind("CBU", r"\d{7}-?\d[- ]?\d{13}-?\d", stdnum.ar.cbu.is_valid),
    _kind("RFC", r"[A-ZÑ&]{3,4}-?\d{6}-?[0-9A-Z]{3}", stdnum.mx.rfc.is_valid, r"r\.?f\.?c\.?"),
    _kind("RUC", r"(?:10|15|16|17|20)\d{9}", stdnum.pe.ruc.is_valid),
    _kind("RUT", r"\d{7,8}-?[\dK]", stdnum.cl.rut.is_valid, r"r\.?u\.?[tn]\.?"),
    _kind("RUT", r"\d{12}", stdnum.uy.rut.is_valid, r"r\.?u\.?t\.?"),
    _kind("RIF", r"[VEJPG]-?\d{8}-?\d", stdnum.ve.rif.is_valid),
    _kind("NIT", r"\d{3}\.?\d{3}\.?\d{3}-?\d", stdnum.co.nit.is_valid, r"n\.?i\.?t\.?"),
    _kind("NIT", r"\d{4}-\d{6}-\d{3}-\d", stdnum.sv.nit.is_valid),
    _kind("NIT", r"\d{5,8}-?[\dK]", stdnum.gt.nit.is_valid, r"n\.?i\.?t\.?"),
    _kind("RUC", r"\d{5,8}-\d", stdnum.py.ruc.is_valid, r"r\.?u\.?c\.?"),
    _kind("CI", r"\d{9}-?\d", stdnum.ec.ci.is_valid, r"c\.?i\.?|c[ée]dula"),
    _kind("CEDULA", r"\d{3}-\d{7}-\d", stdnum.do.cedula.is_valid),
    _kind("DNI", r"\d{8}-?[\dA-K]", stdnum.pe.cui.is_valid, r"d\.?n\.?i\.?|c\.?u\.?i\.?"),
    _kind("DNI", r"\d{1,2}\.\d{3}\.\d{3}|\d{7,8}", _always, r"d\.?n\.?i\.?"),
    _kind("CEDULA", r"\d{1,3}(?:\.\d{3}){2}(?:-\d)?|\d(?:\.\d{3}){3}|\d{6,7}(?:-?\d)?|\d{10}", _always, CEDULA_WORDS),
    _kind("PHONE", r"\+(?:1|5\d{1,2})[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d", _always),
    _kind(
        "PHONE",
        r"\(?\d{2,4}\)?[ .-]?\d{3,5}[ .-]?\d{3,5}",
        _always,
        r"tel|tel[ée]fonos?|telefone|celular|cel|fono|fone|m[óo]vil|whats\s?app|phone",
    ),
)
"""In this order: the longer and the better checked come first, so that no part of one is taken for another."""


@dataclass(frozen=True)
class Masked:
    """A text without personal data, and how much of each kind was replaced."""

    text: str
    counts: Counter[str] = field(default_factory=Counter[str])


def mask(text: str) -> Masked:
    """Replace personal data by its tag. Masking a masked text changes nothing.

    Works line by line: no kind crosses a line, and most lines hold neither an at sign nor enough digits to be looked at.
    """
    counts: Counter[str] = Counter()
    lines = [_mask_line(line, counts) if WORTH_A_LOOK.search(line) else line for line in text.split("\n")]
    return Masked("\n".join(lines), counts)


def _mask_line(line: str, counts: Counter[str]) -> str:
    for kind in KINDS:
        line = _replaced(line, kind, counts)
    return line


def _replaced(line: str, kind: Kind, counts: Counter[str]) -> str:
    """Identifiers are looked for in the line with plain hyphens; what is none of them keeps its own dashes."""
    parts: list[str] = []
    end = 0
    for match in kind.pattern.finditer(line.translate(DASHES)):
        parts += [line[end : match.start()], _tag(match, kind, counts) or line[match.start() : match.end()]]
        end = match.end()
    return "".join([*parts, line[end:]])


def _tag(match: re.Match[str], kind: Kind, counts: Counter[str]) -> str:
    """The tag that takes the place of a match; '' where it is no personal data."""
    before = match.string[max(0, match.start() - CONTEXT_CHARS - 20) : match.start()]
    if (kind.context is not None and not kind.context.search(before)) or not kind.is_valid(match[0]):
        return ""
    counts[kind.tag] += 1
    return f"[{kind.tag}]"
