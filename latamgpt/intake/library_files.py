"""XML as libraries deliver it, told by its root: TEI, a METS with its pages in ALTO, or pages in ALTO alone."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

import lxml.etree

from latamgpt.errors import harmless, quoted
from latamgpt.intake.alto import Page, confidence_of, parse_page, parse_pages
from latamgpt.intake.answers import checked
from latamgpt.intake.apart import documents
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import Statement
from latamgpt.intake.limited import run_limited
from latamgpt.intake.mets import Index, parse_mets
from latamgpt.intake.prints import Written, print_statements
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.scanned_text import repair_pages
from latamgpt.intake.scans import IMAGE_SUFFIXES
from latamgpt.intake.source import Source
from latamgpt.intake.stated import brief
from latamgpt.intake.tei import ROOTS, parse_tei
from latamgpt.intake.xml_files import local_name, parse_xml

METS_HEAD_BYTES = 4096
PICTURES = (*IMAGE_SUFFIXES, ".jp2", ".gif", ".webp")
"""What a METS may list beside its pages without being asked for it: any other file that it lists is read by its own reader."""


def read_xml(source: Source, name: str) -> Reading:
    """The documents of an XML file; a METS is one document made of all its pages."""
    if is_mets(source, name):
        return _read_mets(source, name)
    values = run_limited(parse_library_file, [str(source.place(name)), name], name=name, reason=Reason.XML_INVALID)
    return [*documents(values, name, Reason.XML_INVALID)]


def is_mets(source: Source, name: str) -> bool:
    """Whether a file looks like a METS: these are read first, since the pages that they name are theirs."""
    return _looks_like_mets(source.folder / name)


def shown_in_books(folder: Path, names: Iterable[str]) -> set[str]:
    """The pictures and PDFs of pages that a METS among a delivery's files brings the text of: nobody need read them."""
    shown: set[str] = set()
    present = frozenset(names)
    for name in present:
        with suppress(Rejected):
            index = _index(folder / name, name) if _looks_like_mets(folder / name) else None
            if isinstance(index, Index) and index.pages and present.issuperset(index.pages):
                shown.update(one for one in index.others if PurePosixPath(one).suffix.lower() in (*PICTURES, ".pdf"))
    return shown


def _looks_like_mets(path: Path) -> bool:
    if path.suffix.lower() != ".xml":
        return False
    with path.open("rb") as stream:
        return b"mets" in stream.read(METS_HEAD_BYTES).replace(b"\0", b"").lower()


def parse_library_file(path: str, name: str) -> list[Found]:
    """TEI or one page of ALTO."""
    root = parse_xml(Path(path).read_bytes(), name)
    kind = local_name(root)
    if kind in ROOTS or kind == "teiCorpus":
        return parse_tei(root, name)
    if kind == "alto":
        page = parse_page(root)
        return [Found(name, repair_pages([page.text]), confidence=page.confidence)]
    raise Rejected(Reason.NOT_READ, f"{name} is XML with the root {quoted(kind)}: TEI, METS and ALTO are read")


def parse_index(path: str, name: str) -> Index | list[Found]:
    """A METS; what only looked like one is read as what it is."""
    root: lxml.etree._Element = parse_xml(Path(path).read_bytes(), name)
    return parse_mets(root, name) if local_name(root) == "mets" else parse_library_file(path, name)


def _read_mets(source: Source, name: str) -> Reading:
    index = _index(source.place(name), name)
    if not isinstance(index, Index):
        return index
    missing = [page for page in index.pages if not source.has(page)]
    if missing or not index.pages:
        return _incomplete(source, name, index, missing)
    paths = [str(source.place(page)) for page in index.pages]
    answer = run_limited(parse_pages, [paths, index.pages], name=name, reason=Reason.XML_INVALID)
    pages = checked(list[Page], answer, name, Reason.XML_INVALID)
    if len(pages) != len(index.pages):
        detail = (
            f"{name} cannot be read: its parser gave {len(pages)} of {len(index.pages)} pages. Ask the partner to save it anew"
        )
        raise Rejected(Reason.XML_INVALID, detail)
    refused = [(place, page) for place, page in zip(index.pages, pages, strict=True) if page.refused]
    aside = [_page_aside(source, name, place, page) for place, page in refused]
    read = [place for place in index.pages if place not in {place for place, _ in refused}]
    text = repair_pages([page.text for page in pages])
    printed, stated = _prints(source, index, text)
    again = [] if refused else [one for one in index.again if source.has(one)]  # of a page that is missing they are all there is
    parts = (*read, *again, *_listed(source, index, *PICTURES), *printed)
    book = Found(name, text, index.title, index.language, (*index.statements, *stated), parts, confidence_of(pages))
    book = replace(book, dates=brief(index.dates), kinds=brief(index.kinds))
    return [book, *aside]


def _listed(source: Source, index: Index, *suffixes: str) -> list[str]:
    return [one for one in index.others if source.has(one) and PurePosixPath(one).suffix.lower() in suffixes]


def _prints(source: Source, index: Index, text: str) -> tuple[list[str], list[Statement]]:
    """The PDFs that show the book's pages, and what they state; one that cannot be read is left to its reader, which names it."""
    listed = _listed(source, index, ".pdf")
    written = Written(text if listed else "")
    printed: list[str] = []
    stated: list[Statement] = []
    for one in listed:
        with suppress(Rejected):
            found = print_statements(source, one, written)
            if found is not None:
                printed.append(one)
                stated += found
    return printed, stated


def _index(path: Path, name: str) -> Index | Reading:
    """What a METS says; of a file that only looks like one, the documents in it."""
    values = run_limited(parse_index, [str(path), name], name=name, reason=Reason.XML_INVALID)
    if isinstance(values, list):
        return [*documents(values, name, Reason.XML_INVALID)]
    return checked(Index, values, name, Reason.XML_INVALID)


def _page_aside(source: Source, name: str, place: str, page: Page) -> SetAside:
    reason = next((one for one in Reason if one == page.refused), Reason.XML_INVALID)
    detail = f"{harmless(page.detail)}. The other pages of {name} are used"
    return SetAside(place, reason, detail, (source.folder / place).stat().st_size)


def _incomplete(source: Source, name: str, index: Index, missing: list[str]) -> Reading:
    """A book without some of its pages waits for them, and the pages that came wait with it."""
    what = (
        f"{len(missing)} of its {len(index.pages)} pages of text are not in the delivery ({quoted(missing[0])})"
        if missing
        else "it names no page of text in ALTO"
    )
    detail = f"{name}: {what}. Ask the partner for them, or for a METS of what was sent"
    present = [name, *(page for page in index.pages if source.has(page))]
    return [SetAside(one, Reason.METS_INCOMPLETE, detail, (source.folder / one).stat().st_size) for one in present]
