"""ODT: the text of content.xml in its order, with the marks of its lists, and what meta.xml says."""

from dataclasses import replace

import lxml.etree

from latamgpt.intake.found import Found
from latamgpt.intake.hidden_odf import read_styles, take_out_hidden
from latamgpt.intake.metadata import Metadata, read_metadata
from latamgpt.intake.odf_lists import ListMarks, read_list_styles
from latamgpt.intake.package import encrypted, open_package
from latamgpt.intake.paragraphs import Paragraphs
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.xml_files import children, local_name, parse_xml, words_of

LEFT_OUT = frozenset({
    "tracked-changes", "annotation", "annotation-end", "table-of-content", "alphabetical-index", "illustration-index",
    "table-index", "object-index", "bibliography", "user-index", "sequence-decls", "variable-decls", "user-field-decls",
    "forms", "script", "event-listeners", "page-number", "page-count",
})  # fmt: skip
BLOCKS = frozenset({"p", "h"})


def parse_odt(path: str, name: str) -> list[Found]:
    """The document in a .odt file. Deleted text, comments and indexes that the program makes are left out."""
    with open_package(path, name) as package:
        if "META-INF/manifest.xml" in package.names:
            manifest = parse_xml(package.read("META-INF/manifest.xml"), f"META-INF/manifest.xml of {name}")
            if children(manifest, "encryption-data"):
                raise encrypted(name)
        content = parse_xml(package.read("content.xml"), f"content.xml of {name}")
        styles = parse_xml(package.read("styles.xml"), f"styles.xml of {name}") if "styles.xml" in package.names else None
        meta = parse_xml(package.read("meta.xml"), f"meta.xml of {name}") if "meta.xml" in package.names else None
    body = next(iter(children(content, "text")), None)
    if body is None:
        raise Rejected(
            Reason.DOCUMENT_UNREADABLE, f"{name} is an OpenDocument file without a text: a table or a drawing is not read"
        )
    said = read_metadata(meta, f"the properties of {name}") if meta is not None else Metadata()  # its dc:date is the last change
    files = (content,) if styles is None else (styles, content)
    num_hidden_chars = take_out_hidden(body, read_styles(*files))
    text = _text(body, ListMarks(read_list_styles(*files)))
    found = Found(name, text, said.title, said.language, said.statements, dates=said.dates, kinds=said.kinds)
    return [replace(found, num_hidden_chars=num_hidden_chars)]


def _text(body: lxml.etree._Element, marks: ListMarks) -> str:
    text = Paragraphs()
    walk = lxml.etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        tag = local_name(element)
        if event == "end":
            if element is not body:
                marks.end(element)
                _finish(text, tag)
                text.words(element.tail)
        elif tag in LEFT_OUT:
            walk.skip_subtree()
        elif tag == "note":
            mark, note = children(element, "note-citation"), children(element, "note-body")
            text.note(words_of(mark[0]) if mark else "", _text(note[0], marks) if note else "")
            walk.skip_subtree()
        else:
            _begin(text, tag)
            text.words(marks.begin(element))
            text.words(element.text)
    return text.text()


def _begin(text: Paragraphs, tag: str) -> None:
    match tag:
        case "s" | "tab":
            text.words(" ")
        case "line-break":
            text.new_line()
        case "table-cell":
            text.begin_cell()
        case "p" | "h" | "table":
            text.end()
        case _:
            pass


def _finish(text: Paragraphs, tag: str) -> None:
    match tag:
        case "p" | "h":
            text.end()
        case "table-cell":
            text.end_cell()
        case "table-row":
            text.end_row()
        case "table":
            text.end_table()
        case _:
            pass
