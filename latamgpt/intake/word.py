"""DOCX: its text by mammoth (headings, lists, tables, insertions, foot- and endnotes), its properties, its headers' licence."""

import io
import re
import zipfile

import lxml.etree

from latamgpt.errors import quoted
from latamgpt.intake.found import Found
from latamgpt.intake.hidden_runs import styles_that_hide, take_out_hidden_runs
from latamgpt.intake.licences import Statement, statements_in
from latamgpt.intake.markup import text_of_html
from latamgpt.intake.metadata import read_metadata
from latamgpt.intake.package import Package, open_package
from latamgpt.intake.word_lists import read_lists
from latamgpt.intake.word_numbers import number_paragraphs
from latamgpt.intake.xml_files import local_name, parse_xml, words_of

IMPORTED_AHEAD = ("mammoth",)
PROPERTIES = ("docProps/core.xml", "docProps/custom.xml")
BODIES = frozenset({"document", "footnotes", "endnotes"})
STYLES = "word/styles.xml"
NUMBERING = "word/numbering.xml"
PAGE_EDGES = re.compile(r"word/(header|footer)\d*\.xml")


def parse_docx(path: str, name: str) -> list[Found]:
    """The document in a .docx file. Left out are macros, pictures, comments, deleted text and the headers of pages."""
    import mammoth

    with open_package(path, name) as package:
        stated: list[Statement] = []
        styles, numbering = (_part(package, part, name) for part in (STYLES, NUMBERING))
        hiding = frozenset[str]() if styles is None else styles_that_hide(styles)
        lists = read_lists(numbering, styles)
        changed: dict[str, bytes] = {}
        num_hidden_chars = 0
        title = language = ""
        dates: list[str] = []
        kinds: list[str] = []
        for member in sorted(package.names):
            if member.endswith((".xml", ".rels")):
                root = parse_xml(package.read(member), f"{quoted(member)} of {name}")
                if member in PROPERTIES:
                    said = read_metadata(root, f"the properties of {name}")
                    title, language = title or said.title, language or said.language
                    stated += said.statements
                    dates += said.dates
                    kinds += said.kinds
                elif PAGE_EDGES.fullmatch(member):
                    stated += statements_in(words_of(root), f"a page's edge in {name}")
                elif local_name(root) in BODIES:
                    num_chars, num_numbers = take_out_hidden_runs(root, hiding), number_paragraphs(root, lists)
                    num_hidden_chars += num_chars
                    if num_chars or num_numbers:
                        changed[member] = lxml.etree.tostring(root, encoding="UTF-8", xml_declaration=True)
        _refuse_no_document(package)
        readable = _with(package, changed) if changed else None
    with readable or open(path, "rb") as stream:  # noqa: PTH123
        html = mammoth.convert_to_html(
            stream,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=_no_picture,
            ignore_empty_paragraphs=True,
        ).value
    text = text_of_html(html) if html else ""
    return [
        Found(
            name, text, title, language, tuple(stated), dates=tuple(dates), kinds=tuple(kinds), num_hidden_chars=num_hidden_chars
        )
    ]


def _part(package: Package, part: str, name: str) -> lxml.etree._Element | None:
    return parse_xml(package.read(part), f"{part} of {name}") if part in package.names else None


def _refuse_no_document(package: Package) -> None:
    if not any(member.endswith("document.xml") for member in package.names):
        package.read("word/document.xml")


def _with(package: Package, changed: dict[str, bytes]) -> io.BytesIO:
    """The document's XML anew, with these members in place of its own; pictures are not read and stay out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in sorted(package.names):
            if member.endswith((".xml", ".rels")):
                archive.writestr(member, changed.get(member) or package.read(member))
    stream.seek(0)
    return stream


def _no_picture(_: object) -> list[object]:
    return []
