"""When a page of HTML was published and what kind of text it is, as its metadata and JSON-LD say; not when it was changed."""

import json
from collections.abc import Iterable, Iterator
from typing import cast

import lxml.html

from latamgpt.intake.stated import KIND_NAMES, brief, squeezed

DATES = (
    "articlepublishedtime", "citationpublicationdate", "citationdate", "issued", "dateissued", "datepublished",
    "publishedtime", "pubdate", "publishdate", "date", "fecha",
)  # fmt: skip
"""Of `meta` elements, in small letters without signs, the surest first."""
KINDS = (*KIND_NAMES, "citationarticletype")
ARTICLES = ("Article", "BlogPosting", "Book", "Legislation", "Manuscript", "Poem", "Report", "ShortStory", "Thesis")
"""Ends of schema.org's types of texts: NewsArticle and ScholarlyArticle are of the first; comments are none."""

Pairs = dict[str, object]


def page_dates(page: lxml.html.HtmlElement) -> tuple[str, ...]:
    """Dates of publication, the surest first."""
    named = _metadata(page, DATES)
    described = [word for one in _texts_described(page) for word in _strings(one.get("datePublished"))]
    return brief([*described, *(value for name in DATES for value in named.get(name, []))])


def page_kinds(page: lxml.html.HtmlElement) -> tuple[str, ...]:
    """Words for a kind: of metadata, and schema.org's types. Open Graph's 'article' is any text, and so says nothing."""
    named = _metadata(page, KINDS)
    described = [word for one in _texts_described(page) for word in (*_strings(one.get("@type")), *_strings(one.get("genre")))]
    return brief([*described, *(value for name in KINDS for value in named.get(name, []))])


def _metadata(page: lxml.html.HtmlElement, wanted: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in page.iter("meta"):
        for name in (meta.get("name"), meta.get("property"), meta.get("itemprop")):
            key = squeezed(name) if name and not name.lower().startswith("og:") else ""
            if key in wanted and meta.get("content"):
                found.setdefault(key, []).append(meta.get("content") or "")
    for element in page.iter("time", "span", "p", "div"):
        if element.get("itemprop") == "datePublished":
            found.setdefault("datepublished", []).append(element.get("datetime") or element.get("content") or element.text or "")
    return found


def _texts_described(page: lxml.html.HtmlElement) -> Iterator[Pairs]:
    """The texts that a page's JSON-LD describes at its top; JSON-LD that is broken describes none."""
    for script in page.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        try:
            values: object = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for one in _top(values):
            if any(kind.endswith(ARTICLES) for kind in _strings(one.get("@type"))):
                yield one


def _top(values: object) -> Iterator[Pairs]:
    listed = cast("list[object]", values) if isinstance(values, list) else [values]
    for one in listed:
        if isinstance(one, dict):
            described = cast("Pairs", one)
            graph = described.get("@graph")
            yield described
            if isinstance(graph, list):
                yield from (cast("Pairs", inner) for inner in cast("list[object]", graph) if isinstance(inner, dict))


def _strings(value: object) -> list[str]:
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, str)]
