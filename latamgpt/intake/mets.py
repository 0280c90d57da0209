"""METS, the table of contents of a digitised book: its pages' texts (ALTO) in order, its pictures, its title and its rights."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import lxml.etree

from latamgpt.intake.licences import Statement, statements_in
from latamgpt.intake.metadata import language_of, licence_elements, read_metadata
from latamgpt.intake.stated import brief
from latamgpt.intake.xml_files import XLINK_HREF, children, local_name, words_of

DATES = ("dateIssued", "issued", "copyrightDate", "dateCreated", "date")
"""Of MODS and Dublin Core, the surest first; never dateCaptured or dateModified, nor what stands in recordInfo."""
WORKS = ("original", "", "host")  # as MODS names a related item; '' is the object itself
RIGHTS = ("accessCondition", "RightsDeclarationMD", "RightsDeclaration", "rightsMD", "copyright", "license", "licence", "rights")


@dataclass(frozen=True)
class Index:
    """What a METS file says: names are those of files in the delivery."""

    pages: list[str]  # of text, in the order of the book
    again: list[str]  # other readings of those pages
    others: list[str]  # pictures and whatever else it lists
    title: str
    language: str
    statements: list[Statement]
    dates: list[str]
    kinds: list[str]


def parse_mets(root: lxml.etree._Element, name: str) -> Index:
    """The order of pages is that of the physical structure; without one, that of the list of files."""
    places: dict[str, str] = {}
    texts: dict[str, str] = {}
    group_of: dict[str, str] = {}  # of files with text; a page may be in several, as read by two engines
    for file in children(root, "file"):
        href = next((one.get(XLINK_HREF) or "" for one in children(file, "FLocat")), "")
        if not href:
            continue
        place = _place(href, posixpath.dirname(name))
        places[file.get("ID") or ""] = place
        if _is_text(file, place):
            texts[file.get("ID") or ""] = place
            group_of[file.get("ID") or ""] = _groups(file)
    order = _physical_order(root)
    ordered = [texts[identifier] for page in order for identifier in _of_one_group(page, group_of)]
    pages = list(dict.fromkeys(ordered or texts.values()))
    again = {texts[identifier] for page in order for identifier in page if identifier in texts}.difference(pages)
    where = f"the METS header of {name}"
    description = _description(root)
    said = read_metadata(description, where)
    stated = [*said.statements, *licence_elements(root, RIGHTS, where)]
    for section in children(root, "dmdSec", "amdSec"):
        stated += statements_in(words_of(section), where)
    language = next((language_of(words_of(one)) for one in children(root, "languageTerm") if len(words_of(one)) <= 3), "")
    others = [place for place in dict.fromkeys(places.values()) if place not in {*pages, *again}]
    kinds = list(brief([*said.kinds, *_types(root)]))
    statements = list(dict.fromkeys(stated))
    return Index(pages, sorted(again), others, said.title, language or said.language, statements, _dates(description), kinds)


def _dates(description: lxml.etree._Element) -> list[str]:
    """When the book or issue was published, else written: digitising it has a date of its own, and so have other works."""
    ranked = [(_rank(one), one) for one in children(description, *DATES)]
    dated = [one for rank, one in sorted(ranked, key=lambda pair: pair[0]) if rank[0] < len(WORKS)]
    ends = {local_name(one): words_of(one) for one in dated if one.get("point") == "end"}
    whole = [
        f"{words_of(one)}/{ends[local_name(one)]}" if one.get("point") == "start" and local_name(one) in ends else words_of(one)
        for one in dated
    ]
    return list(brief(whole))


def _rank(date: lxml.etree._Element) -> tuple[int, int, bool, bool]:
    """The original's before the object's own, that before what it is a part of; the end of a span after its start."""
    above = list(date.iterancestors())
    events = " ".join(f"{one.get('eventType') or ''} {one.get('displayLabel') or ''}" for one in above).lower()
    work = next((one.get("type") or "another" for one in above if local_name(one) == "relatedItem"), "")
    place = WORKS.index(work) if work in WORKS and "digit" not in events else len(WORKS)
    return place, DATES.index(local_name(date)), date.get("keyDate") != "yes", date.get("point") == "end"


def _types(root: lxml.etree._Element) -> list[str]:
    """What METS itself calls the object: of the file, and of the first division of each structure."""
    divisions = [div for one in children(root, "structMap") for div in children(one, "div")[:1]]
    return [one.get("TYPE") or "" for one in (root, *divisions)]


def _description(root: lxml.etree._Element) -> lxml.etree._Element:
    return next(iter(children(root, "dmdSec")), root)


def _place(href: str, folder: str) -> str:
    """A file's name in the delivery from the address that METS gives it: 'file://./alto/1.xml', './alto/1.xml', 'alto/1.xml'."""
    address = urlsplit(href)
    path = f"{address.netloc}{address.path}" if address.scheme == "file" else href
    return posixpath.normpath(posixpath.join(folder, unquote(path)))


def _is_text(file: lxml.etree._Element, place: str) -> bool:
    if not place.lower().endswith(".xml"):
        return False
    if "alto" in f"{file.get('USE') or ''} {file.get('MIMETYPE') or ''}".lower():
        return True
    named = any(word in _groups(file).lower() for word in ("alto", "fulltext", "ocr"))
    return named and "xml" in (file.get("MIMETYPE") or "xml").lower()


def _groups(file: lxml.etree._Element) -> str:
    """The groups of files that a file is in, from the innermost."""
    above = (one for one in file.iterancestors() if local_name(one) == "fileGrp")
    return " ".join(one.get("USE") or one.get("ID") or "" for one in above)


def _of_one_group(page: Sequence[str], group_of: Mapping[str, str]) -> list[str]:
    """The texts of a page in the first group that it has any in."""
    texts = [identifier for identifier in page if identifier in group_of]
    return [identifier for identifier in texts if group_of[identifier] == group_of[texts[0]]]


def _physical_order(root: lxml.etree._Element) -> list[list[str]]:
    """The files of each page."""
    maps = children(root, "structMap")
    physical = next((one for one in maps if (one.get("TYPE") or "").lower() == "physical"), maps[0] if maps else None)
    if physical is None:
        return []
    divisions = [div for div in children(physical, "div") if any(local_name(child) == "fptr" for child in div)]
    divisions.sort(key=lambda div: int(div.get("ORDER") or 0) if (div.get("ORDER") or "0").isdecimal() else 0)
    return [
        [
            target.get("FILEID") or ""
            for pointer in div
            if local_name(pointer) == "fptr"
            for target in (pointer, *children(pointer, "area"))
            if target.get("FILEID")
        ]
        for div in divisions
    ]
