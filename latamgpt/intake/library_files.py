"""XML as libraries deliver it, told by its root: TEI, a METS with its pages in ALTO, or pages in ALTO alone."""

from pathlib import Path
from typing import TypeVar

import lxml.etree
from pydantic import TypeAdapter, ValidationError

from latamgpt.errors import quoted
from latamgpt.intake.alto import Page, confidence_of, parse_page, parse_pages
from latamgpt.intake.apart import documents
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.limited import run_limited
from latamgpt.intake.mets import Index, parse_mets
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.source import Source
from latamgpt.intake.tei import ROOTS, parse_tei
from latamgpt.intake.xml_files import local_name, parse_xml

T = TypeVar("T")
METS_HEAD_BYTES = 4096
_INDEX = TypeAdapter(Index)
_PAGES = TypeAdapter(list[Page])


def read_xml(source: Source, name: str) -> Reading:
    """The documents of an XML file; a METS is one document made of all its pages."""
    if is_mets(source, name):
        return _read_mets(source, name)
    values = run_limited(parse_library_file, [str(source.place(name)), name], name=name, reason=Reason.XML_INVALID)
    return [*documents(values, name, Reason.XML_INVALID)]


def is_mets(source: Source, name: str) -> bool:
    """Whether a file looks like a METS: these are read first, since the pages that they name are theirs."""
    if not name.lower().endswith(".xml"):
        return False
    with (source.folder / name).open("rb") as stream:
        return b"mets" in stream.read(METS_HEAD_BYTES).replace(b"\0", b"").lower()


def parse_library_file(path: str, name: str) -> list[Found]:
    """TEI or one page of ALTO."""
    root = parse_xml(Path(path).read_bytes(), name)
    kind = local_name(root)
    if kind in ROOTS or kind == "teiCorpus":
        return parse_tei(root, name)
    if kind == "alto":
        page = parse_page(root)
        return [Found(name, page.text, confidence=page.confidence)]
    raise Rejected(Reason.NOT_READ, f"{name} is XML with the root {quoted(kind)}: TEI, METS and ALTO are read")


def parse_index(path: str, name: str) -> Index | list[Found]:
    """A METS; what only looked like one is read as what it is."""
    root: lxml.etree._Element = parse_xml(Path(path).read_bytes(), name)
    return parse_mets(root, name) if local_name(root) == "mets" else parse_library_file(path, name)


def _read_mets(source: Source, name: str) -> Reading:
    values = run_limited(parse_index, [str(source.place(name)), name], name=name, reason=Reason.XML_INVALID)
    if isinstance(values, list):
        return [*documents(values, name, Reason.XML_INVALID)]
    index = _checked(_INDEX, values, name)
    missing = [page for page in index.pages if not source.has(page)]
    if missing or not index.pages:
        return _incomplete(source, name, index, missing)
    paths = [str(source.place(page)) for page in index.pages]
    pages = _checked(_PAGES, run_limited(parse_pages, [paths, index.pages], name=name, reason=Reason.XML_INVALID), name)
    text = "\n\n".join(page.text for page in pages if page.text)
    parts = tuple(part for part in [*index.pages, *index.others] if source.has(part))
    return [Found(name, text, index.title, index.language, tuple(index.statements), parts, confidence_of(pages))]


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


def _checked(adapter: TypeAdapter[T], values: object, name: str) -> T:
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        raise Rejected(
            Reason.XML_INVALID, f"{name} cannot be read: its parser gave no answer. Ask the partner to export it anew"
        ) from error
