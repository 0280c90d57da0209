"""When the text of a PDF was published and what kind it is, as its XMP says; the day on which the file was made says neither."""

import re
from html import unescape

from latamgpt.intake.stated import brief

PUBLISHED = ("prism:publicationDate", "prism:coverDate", "dcterms:issued")
LIFECYCLE = "dc:date"  # many programs write the file's own day here, as FOP does
KINDS = ("prism:genre", "prism:aggregationType", "dc:type")
OF_THE_FILE = re.compile(
    r"(?:xmp:(?:CreateDate|ModifyDate|MetadataDate)[\s\S]{0,4}?|/(?:CreationDate|ModDate) D:)(\d{4})-?(\d{2})-?(\d{2})"
)
MAX_VALUE_CHARS = 500


def published_dates(metadata: str, xmp: str) -> tuple[str, ...]:
    """The dates of publication in a PDF's XMP; `metadata` are the fields that say when the file itself was made."""
    own = {"-".join(day) for day in OF_THE_FILE.findall(f"{metadata} {xmp}")}
    lifecycle = [value for value in _values(xmp, LIFECYCLE) if not any(value.startswith(day) for day in own)]
    return brief([*(value for name in PUBLISHED for value in _values(xmp, name)), *lifecycle])


def stated_kinds(xmp: str) -> tuple[str, ...]:
    """The words for a kind in a PDF's XMP."""
    return brief(value for name in KINDS for value in _values(xmp, name))


def _values(xmp: str, name: str) -> list[str]:
    """What an element or an attribute of this name holds, each item of a list for itself."""
    held = re.findall(rf"<{name}\b[^<>]*>([\s\S]{{0,{MAX_VALUE_CHARS}}}?)</{name}>", xmp)
    inner = [item for block in held for item in (re.findall(r"<rdf:li\b[^<>]*>([^<]*)</rdf:li>", block) or [block])]
    quoted = re.findall(rf"""\s{name}\s*=\s*["']([^"'<]{{0,{MAX_VALUE_CHARS}}})["']""", xmp)
    return [unescape(value).strip() for value in [*inner, *quoted] if "<" not in value]
