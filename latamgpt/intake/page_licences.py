"""The licences that a page of HTML states: in its metadata, in its links, in JSON-LD, and at the edges of what it shows."""

import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import cast

import lxml.html

from latamgpt.intake.licences import EDGE_CHARS, Statement, statements_at_edges, statements_in

METADATA = "the page's metadata"
LICENCE_NAME = re.compile(r"licen[cs]e|licencia|licen[çc]a|rights|derechos|direitos|copyright|usageinfo")
"""In the names of metadata however they are put together: 'DC.Rights.license', 'dcterms:accessRights', 'cc:license'."""
NAMING = ("property", "itemprop", "rel")  # attributes of any element that say what its value is
NUM_PIECES = 50  # of text in such an element: it names a licence, and is no chapter
VALUES = ("content", "href", "resource", "src")
OTHER_WORKS = frozenset({"image", "thumbnail", "logo", "photo", "video", "audio", "primaryimageofpage", "associatedmedia"})
MEDIA = frozenset({"imageobject", "videoobject", "audioobject"})

Pairs = list[tuple[str, object]]
"""An object of JSON as it is written: a key that stands twice has both its values."""


def page_statements(page: lxml.html.HtmlElement) -> list[Statement]:
    """Every licence that a page states; what its JSON-LD says of pictures and recordings is not the text's."""
    stated = [s for value in _named_values(page) for s in statements_in(value, METADATA)]
    linked = [s for element in page.iter("a") for s in statements_in(element.get("href") or "", "a link of the page")]
    described = [s for text in _json_ld(page) for s in _described(text)]
    return [*dict.fromkeys([*stated, *described, *linked, *statements_at_edges(_shown(page), "the page")])]


def _named_values(page: lxml.html.HtmlElement) -> Iterator[str]:
    for element in page.iter("*"):
        names = [element.get(one) for one in NAMING] + ([element.get("name")] if element.tag == "meta" else [])
        if any(_is_licence_name(name) for name in names if name):
            yield from (value for value in map(element.get, VALUES) if value)
            yield "".join(islice(element.itertext(), NUM_PIECES))[:EDGE_CHARS]


def _is_licence_name(name: str) -> bool:
    return LICENCE_NAME.search(unicodedata.normalize("NFC", name).casefold()) is not None


def _json_ld(page: lxml.html.HtmlElement) -> Iterator[str]:
    for script in page.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() == "application/ld+json":
            yield script.text or ""


def _described(text: str) -> list[Statement]:
    """The licences in JSON-LD; where it is no JSON, those that its words name anywhere."""
    try:
        values: object = json.loads(text, object_pairs_hook=_Object, parse_int=str, parse_float=str, strict=False)
        return [s for value in _licence_values(values) for s in statements_in(value, METADATA)]
    except (ValueError, RecursionError):
        return statements_in(text.replace("\\/", "/"), METADATA)


class _Object(Pairs):
    """Told from a list by its type."""


def _licence_values(value: object) -> Iterator[str]:
    if isinstance(value, _Object):
        kinds = {word.casefold() for key, kind in value if key == "@type" for word in _words(kind)}
        if not kinds & MEDIA:
            for key, inner in value:
                if _is_licence_name(key):
                    yield " ".join(_words(inner))
                elif key.casefold() not in OTHER_WORKS:
                    yield from _licence_values(inner)
    elif isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _licence_values(one)


def _words(value: object) -> Iterator[str]:
    """All texts in a value, of whatever shape."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, _Object):
        for _, inner in value:
            yield from _words(inner)
    elif isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _words(one)


def _shown(page: lxml.html.HtmlElement) -> str:
    """All text of a page, menus and footers too: an imprint stands where the main text does not reach."""
    texts = cast("list[str]", page.xpath("//text()[not(ancestor::script or ancestor::style or ancestor::head)]"))
    return " ".join(" ".join(texts).split())
