"""What a document says of itself in its metadata: title, language, and whatever it states about its licence."""

from dataclasses import dataclass

import lxml.etree

from latamgpt.intake.licences import Statement, stated_as, stated_in_fields, statements_in
from latamgpt.intake.stated import brief, dates_in, kinds_in
from latamgpt.intake.xml_files import XLINK_HREF, children, local_name, words_of

SHORT_CODES = {
    "spa": "es", "por": "pt", "eng": "en", "fra": "fr", "fre": "fr", "nld": "nl", "dut": "nl", "deu": "de", "ger": "de",
    "grn": "gn", "que": "qu", "aym": "ay", "hat": "ht",
}  # fmt: skip
"""Codes of ISO 639-2 and 639-3, as libraries and ELAN write them, for which BCP 47 has a shorter one."""
PROSE_FIELDS = ("description", "subject", "keywords", "keyword", "comments", "publisher", "contentStatus", "category")
KIND_FIELDS = ("genre", "type", "typeOfResource")  # MODS, Dublin Core, MODS
LICENCE_NAMES = ("rights", "license", "licence", "accessRights")


@dataclass(frozen=True)
class Metadata:
    """What is stated with one document."""

    title: str = ""
    language: str = ""
    statements: tuple[Statement, ...] = ()
    dates: tuple[str, ...] = ()  # of the text, in properties that somebody named so: never those of the file
    kinds: tuple[str, ...] = ()


def read_metadata(root: lxml.etree._Element, where: str) -> Metadata:
    """The Dublin Core (and its like) below `root`: of DOCX core properties, ODT's meta.xml, an EPUB's package, a METS header."""
    titles, languages = children(root, "title"), children(root, "language")
    stated: list[Statement] = []
    named: dict[str, object] = {}
    for field in children(root, *LICENCE_NAMES):
        stated += stated_as(words_of(field), where)
    for field in children(root, *PROSE_FIELDS):
        stated += statements_in(words_of(field), where)
    for field in children(root, "user-defined", "meta", "property"):
        key = field.get("property") or next((v for k, v in field.items() if lxml.etree.QName(k).localname == "name"), "")
        name, value = key.rpartition(":")[2], words_of(field) or field.get("content") or ""
        named.setdefault(name, value)
        stated += stated_in_fields({name: value}, lambda _: where)
    for field in children(root, "link"):
        if "license" in (field.get("rel") or "").lower():
            stated += stated_as(field.get("href") or "", where)
    title = next((words_of(one) for one in titles if words_of(one)), "")
    language = next((language_of(words_of(one)) for one in languages if words_of(one)), "")
    kinds = brief([*(words_of(field) for field in children(root, *KIND_FIELDS)), *kinds_in(named)])
    return Metadata(title, language, tuple(stated), dates_in(named), kinds)


def licence_elements(root: lxml.etree._Element, names: tuple[str, ...], where: str) -> list[Statement]:
    """The licences stated by elements of these names: by address where they have one, and in their words."""
    stated: list[Statement] = []
    for element in children(root, *names):
        address = element.get("target") or element.get(XLINK_HREF) or ""
        found = [s for one in element.iter(lxml.etree.Element) for s in statements_in(one.get("target") or "", where)]
        found += statements_in(f"{address} {words_of(element)}", where)
        if not found and local_name(element) in ("licence", "license") and address:
            found = [Statement(where, address.strip())]
        stated += found
    return list(dict.fromkeys(stated))


def language_of(code: str) -> str:
    """A language as metadata writes it, nearer to BCP 47: 'es_CL' -> 'es-CL', 'spa' -> 'es'."""
    code = code.strip().replace("_", "-")
    first, dash, rest = code.partition("-")
    return SHORT_CODES.get(first.lower(), first) + dash + rest
