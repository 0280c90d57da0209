"""What stands at the top of a delivery (LICENSE, LICENCIA, NOTICE, README ...) held against the licence of delivery.yaml."""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from latamgpt.intake.delivery import DeliveryFormat
from latamgpt.intake.found import Found
from latamgpt.intake.licences import RESERVED_ID, Statement, contradiction, statements_in
from latamgpt.intake.reading import READERS
from latamgpt.intake.source import Source

NOTICE_NAME = re.compile(
    r"(?:(?:un)?licen[cs]e|licencia|licen[çc]a|notice|copying|copyright|aviso[-_ ]?legal|derechos|direitos"
    r"|read[-_ ]?me|l[eé][ae][-_ ]?me|leia[-_ ]?me)s?(?:[-_ .].*)?"
)
"""Names, in small letters, of files that speak about the files beside them."""

READ_AS_DOCUMENTS = (".html", ".htm", ".pdf", ".docx", ".odt")
ABOUT_THE_LICENCE = re.compile(
    r"(?:text\s+of\s+the|texto\s+de\s+las|texto\s+das)\s+(?:Creative\s+Commons\s+public\s+licen|licen[cç][ia]+s\s+p[úu]blicas)"
    r".{0,160}?CC0",
    re.IGNORECASE | re.DOTALL,
)
"""Each licence of Creative Commons says at its end that its own words are in the public domain."""

KNOWN_TEXTS = (
    ("GPL", re.compile(r"^\s*GNU GENERAL PUBLIC LICENSE\s*$", re.MULTILINE)),
    ("LGPL", re.compile(r"^\s*GNU (?:LESSER|LIBRARY) GENERAL PUBLIC LICENSE\s*$", re.MULTILINE)),
    ("AGPL", re.compile(r"^\s*GNU AFFERO GENERAL PUBLIC LICENSE\s*$", re.MULTILINE)),
    ("GFDL", re.compile(r"^\s*GNU Free Documentation License\s*$", re.MULTILINE)),
    ("MPL", re.compile(r"^\s*Mozilla Public License Version", re.MULTILINE | re.IGNORECASE)),
    ("Apache", re.compile(r"^\s*Apache License\s+Version", re.MULTILINE)),
)
"""Licences whose whole text is often sent along, by the line that it begins with; SPDX identifiers begin with these words."""

GRANTED = re.compile(r"redistribution\s+and\s+use\s+in|permission\s+is\s+hereby\s+granted", re.IGNORECASE)
"""Where this follows, 'all rights reserved' is a formula of licences such as BSD, and reserves nothing."""


def notice_contradiction(source: Source, covered: frozenset[str]) -> Statement | None:
    """The first licence at the top of a delivery that is not covered, or that stands there in place of the delivery's own.

    Raises:
        Rejected: such a file cannot be read, so that nobody knows what it says.
    """
    sentence = source.delivery.notice
    if not source.has(sentence) and (odd := _odd(statements_in(sentence, "the notice in delivery.yaml"), source, covered)):
        return odd
    names = [
        name
        for name in sorted(source.names)
        if name in (sentence, f"data/{sentence}") or _is_notice(name, source.delivery.format)
    ]
    return next((odd for name in names if (odd := _odd(_statements(source, name), source, covered))), None)


def _odd(stated: Iterable[Statement], source: Source, covered: frozenset[str]) -> Statement | None:
    stated = list(stated)
    own = frozenset({source.delivery.licence})
    if odd := contradiction((s for s in stated if not _is_of_family(s.licence, covered)), covered):
        return odd
    fits = any(contradiction([s], own) is None or _is_of_family(s.licence, own) for s in stated)
    return stated[0] if stated and not fits else None


def _is_of_family(licence: str, covered: frozenset[str]) -> bool:
    return any(licence == family and one.startswith(f"{family}-") for family, _ in KNOWN_TEXTS for one in covered)


def _is_notice(name: str, kind: DeliveryFormat) -> bool:
    path = PurePosixPath(name)
    top = (".", "data") if kind is DeliveryFormat.BAGIT else (".",)
    return str(path.parent) in top and NOTICE_NAME.fullmatch(unicodedata.normalize("NFC", path.name).casefold()) is not None


def _statements(source: Source, name: str) -> list[Statement]:
    named = statements_in(name, f"the name of {name}")
    if (suffix := PurePosixPath(name).suffix.lower()) not in READ_AS_DOCUMENTS:
        return [*named, *_in_words(_plain(source.read(name)), name)]
    found = [item for item in READERS[suffix](source, name) if isinstance(item, Found)]
    meta = [Statement(name, s.licence) for item in found for s in item.statements]
    return list(dict.fromkeys([*named, *meta, *(s for item in found for s in _in_words(item.text, name))]))


def _in_words(text: str, name: str) -> list[Statement]:
    stated = statements_in(ABOUT_THE_LICENCE.sub(" ", text), name)
    known = [Statement(name, family) for family, pattern in KNOWN_TEXTS if pattern.search(text)]
    if known or GRANTED.search(text):
        stated = [s for s in stated if s.licence != RESERVED_ID]
    return [*stated, *known]


def _plain(raw: bytes) -> str:
    """Text as editors save it, whatever the delivery declares of its documents: a licence's name is all that is looked for."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
