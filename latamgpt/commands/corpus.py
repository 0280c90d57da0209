"""`latamgpt corpus`: what the corpus holds, and which of its documents hold some words."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers
from latamgpt.commands.tables import ID_CHARS, cut, table_lines, terminal_width
from latamgpt.params import read_params
from latamgpt.registry.groups import BY
from latamgpt.store import find_workspace

if TYPE_CHECKING:
    from latamgpt.catalogue.holdings import Holdings, Sample
    from latamgpt.catalogue.search import Found, Hit

SHOWN_BY = ("language", "country", "partner", "period", "kind")  # where none is named
INDENT = "    "


def add(parsers: Parsers) -> None:
    """Add `corpus`."""
    corpus = parsers.add_parser("corpus", help="what the corpus holds, and a search in it").add_subparsers(
        required=True, metavar="WHAT"
    )
    show = corpus.add_parser(
        "show",
        help="documents, bytes and tokens per language, country, partner ...; the funnel, duplicates, samples",
        description="What the reports of the corpus, its gate and the token shards say, with samples of what was kept and "
        "dropped. Words of a document are shown only where its agreement permits publish_excerpts.",
    )
    show.add_argument("--by", choices=BY, help="only the numbers, by this; year is that of the delivery, institution its kind")
    show.add_argument("--json", action="store_true", help="print all of it as one JSON value")
    show.set_defaults(command=_show)
    search = corpus.add_parser(
        "search",
        help="documents that hold some words, the best first",
        description="Search the corpus by BM25; accents, case and glottal stops make no difference. Words of a document are "
        "shown only where its agreement permits publish_excerpts.",
    )
    search.add_argument("words", metavar="WORDS", nargs="+", help="plain words; no sign among them has a meaning")
    search.add_argument("--language", default="", help="only documents in this language, as the corpus names it")
    search.add_argument("--country", default="", help="only documents of this country, such as PE")
    search.add_argument("--partner", default="", help="only this partner's documents")
    search.add_argument("--limit", metavar="N", type=_limit, default=10, help="how many documents to show, 10 if not given")
    search.add_argument("--json", action="store_true", help="print what was found as one JSON value")
    search.set_defaults(command=_search)


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000")
    return int(text)


def _show(options: argparse.Namespace) -> int:
    from latamgpt.catalogue.holdings import show

    workspace = find_workspace(Path.cwd())
    found = show(workspace, read_params(workspace.root))
    print(found.model_dump_json(indent=2) if options.json else "\n".join(holdings_lines(found, options.by, terminal_width())))
    return 0


def _search(options: argparse.Namespace) -> int:
    from latamgpt.catalogue.search import Wanted, search

    workspace = find_workspace(Path.cwd())
    wanted = Wanted(" ".join(options.words), options.language, options.country, options.partner, options.limit)
    found = search(workspace, read_params(workspace.root), wanted)
    print(found.model_dump_json(indent=2) if options.json else "\n".join(found_lines(found, terminal_width())))
    return 0


def holdings_lines(found: "Holdings", by: str | None, width: int) -> Iterator[str]:
    """What the corpus holds, for a terminal of this width; 0 for one without end."""
    for sentence in (*found.summaries, *found.notes):
        yield from wrap(sentence, width, subsequent_indent="  ") if width else [sentence]
    counted = dict(zip(BY, found.counted, strict=True))
    for name in (by,) if by else SHOWN_BY:
        yield from ("", *table_lines(counted[name], width))
    if by:
        return
    for table in (found.funnel, found.clusters, *found.gate):
        yield from ("", table.name, *(table_lines(table, width) if table.rows else ["none"]))
    for name, samples in (("samples of kept", found.kept), ("samples of dropped", found.dropped)):
        yield from ("", name)
        group = ""
        for sample in samples:
            if sample.group != group:
                yield sample.group
            group = sample.group
            yield from _document_lines(sample, "", width)


def found_lines(found: "Found", width: int) -> Iterator[str]:
    """What a search found, for a terminal of this width."""
    words = ", ".join(found.words)
    if not found.num_found:
        yield f"none of {found.num_searched:,} documents holds any of: {words}"
        if found.alike:
            yield f"one letter from that, and held: {', '.join(found.alike)}"
        return
    verb = "holds" if found.num_found == 1 else "hold"
    held = verb if found.holds_all else f"{verb} some, and none all, of"
    best = f"; the best {len(found.hits):,}" if len(found.hits) < found.num_found else ""
    yield f"{found.num_found:,} of {found.num_searched:,} documents {held}: {words}{best}"
    for hit in found.hits:
        yield from _document_lines(hit, f"{hit.language} {hit.country}", width)


def _document_lines(one: "Sample | Hit", beside: str, width: int) -> Iterator[str]:
    names = (one.doc_id[:ID_CHARS], beside, "/".join(part for part in (one.partner, one.delivery, one.path) if part))
    yield cut("  " + "  ".join(name for name in names if name), width)
    if one.withheld:
        yield from _wrapped(f"no excerpt: {one.withheld}", width)
        return
    if not one.excerpt.startswith(one.title):
        yield from _wrapped(one.title, width)
    yield from _wrapped(one.excerpt, width)
    if one.labels:
        yield from _wrapped(f"labels: {one.labels}", width)


def _wrapped(text: str, width: int) -> list[str]:
    if width <= 2 * len(INDENT):
        return [INDENT + text]
    return wrap(text, width, initial_indent=INDENT, subsequent_indent=INDENT)
