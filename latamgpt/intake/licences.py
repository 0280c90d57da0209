"""What a text itself says about its licence, held against what the delivery and the agreement say.

A partner's folder may say one licence and its texts another (in one real delivery 220 of 322 did), and then nobody knows which
holds. Looked for are Creative Commons licences, by code, by address or by name, public-domain dedications and reserved rights,
in sidecars, file names, PDF and HTML metadata, and in the first and last part of a text, where title pages and colophons are.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

EDGE_CHARS = 3000  # of a text: a book about licences names many of them inside

ADDRESS = re.compile(r"creativecommons\.org/(?:licen[cs]es/(by(?:-n[cd]|-sa)*)|publicdomain/(zero))(?:/(\d\.\d))?", re.IGNORECASE)
CODE = re.compile(r"\bCC[-_ ]?(BY(?:[-_ ](?:NC|ND|SA))*|0|ZERO)\b(?:[-_ ]?v?(\d\.\d))?", re.IGNORECASE)
NAME = re.compile(
    r"\b(?:Atribuci[oó]n|Reconocimiento|Atribui[cç][aã]o|Attribution)"
    r"((?:\s*[-–]\s*|\s+)(?:No\s?Comercial|N[aã]o\s?Comercial|NonCommercial|Non-Commercial)"
    r"|(?:\s*[-–]\s*|\s+)(?:Sin\s?(?:Obra\s?)?Derivadas?|Sem\s?Deriva[cç][oõ]es|No\s?Derivatives|No\s?Derivs)"
    r"|(?:\s*[-–]\s*|\s+)(?:Compartir\s?Igual|Compartilha\s?Igual|ShareAlike)){1,3}"
    r"(?:\s+Interna[ct]ional)?(?:\s*(\d\.\d))?",
    re.IGNORECASE,
)
PLAIN_NAME = re.compile(
    r"\bCreative\s+Commons[\s:,–-]+(?:Atribuci[oó]n|Reconocimiento|Atribui[cç][aã]o|Attribution)\b(?!\s*[-–]?\s*(?:"
    r"N[aãoO]*n?[\s-]?Com|Sin\s?(?:Obra|Deriv)|Sem\s?Deriv|No\s?Deriv|Comparti|Share))"
    r"(?:\s+Interna[ct]ional)?(?:\s*(\d\.\d))?",
    re.IGNORECASE,
)
"""Attribution and nothing else; as a word alone it is no licence, so the name before it is asked for."""
FIELDS = frozenset({"licence", "license", "licencia", "licença", "rights", "derechos", "direitos"})
"""Names of fields that hold a licence, in small letters."""
PARTS = (
    ("NC", re.compile(r"comercial|commercial", re.IGNORECASE)),
    ("ND", re.compile(r"deriva", re.IGNORECASE)),
    ("SA", re.compile(r"igual|share", re.IGNORECASE)),
)
RESERVED = re.compile(r"todos los derechos reservados|todos os direitos reservados|all rights reserved", re.IGNORECASE)
RESERVED_ID = "LicenseRef-all-rights-reserved"
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
"""Marks of no width and of direction: between the letters of a licence's name they would hide it."""
VERSION = re.compile(r"-\d\.\d$")


@dataclass(frozen=True)
class Statement:
    """A licence that something states: `where` for the person who has to mend it, `licence` as an SPDX identifier, or nearly."""

    where: str
    licence: str


def statements_in(text: str, where: str) -> list[Statement]:
    """The licences that a piece of text states, each once, in the order of their identifiers."""
    text = INVISIBLE.sub("", text)
    found = {_from_address(match) for match in ADDRESS.finditer(text)}
    rest = ADDRESS.sub(" ", text).replace("_", " ")
    found |= {_from_code(match) for match in CODE.finditer(rest)}
    found |= {_from_name(match) for match in NAME.finditer(rest)}
    found |= {_identifier("BY", match[1]) for match in PLAIN_NAME.finditer(rest)}
    if RESERVED.search(text):
        found.add(RESERVED_ID)
    return [Statement(where, licence) for licence in sorted(found)]


def statements_at_edges(text: str, where: str = "the text") -> list[Statement]:
    """The licences stated in the first and last part of a document."""
    edges = text if len(text) <= 2 * EDGE_CHARS else f"{text[:EDGE_CHARS]}\n\n{text[-EDGE_CHARS:]}"
    return statements_in(edges, where)


def stated_as(value: str, where: str) -> list[Statement]:
    """The licence in a field that is meant for it: as recognised in prose, else the value itself."""
    return statements_in(value, where) or ([Statement(where, value.strip())] if value.strip() else [])


def stated_in_fields(values: Mapping[str, object], where: Callable[[str], str]) -> list[Statement]:
    """The licences in the fields that are named so, in any case and of any type; `where` says what to call a field."""
    named = [(key, value) for key, value in values.items() if _is_licence_field(key) and value not in (None, "", [], {})]
    return [statement for key, value in named for statement in stated_as(_as_text(value), where(key))]


def contradiction(statements: Iterable[Statement], covered: frozenset[str]) -> Statement | None:
    """The first statement of a licence that is not covered; one without a version agrees with any version."""
    return next((s for s in statements if not any(_agree(s.licence, licence) for licence in covered)), None)


def _is_licence_field(key: str) -> bool:
    return unicodedata.normalize("NFC", key).strip().casefold() in FIELDS


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _agree(stated: str, covered: str) -> bool:
    if stated.casefold() == covered.casefold():
        return True
    return VERSION.search(stated) is None and VERSION.sub("", covered).casefold() == stated.casefold()


def _from_address(match: re.Match[str]) -> str:
    parts, zero, version = match.groups()
    return _identifier("0" if zero else parts, version)


def _from_code(match: re.Match[str]) -> str:
    return _identifier(match[1], match[2])


def _from_name(match: re.Match[str]) -> str:
    parts = [part for part, pattern in PARTS if pattern.search(match[0])]
    return _identifier("-".join(["BY", *parts]), match[2])


def _identifier(parts: str, version: str | None) -> str:
    if parts.upper() in ("0", "ZERO"):
        return "CC0-1.0"
    body = "CC-" + re.sub(r"[-_ ]+", "-", parts.upper())
    return f"{body}-{version}" if version else body
