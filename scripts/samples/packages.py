"""Writes sample documents as word processors, publishers and libraries do: DOCX, ODT, EPUB, TEI, METS with ALTO, tables, a zip.

The end of a text's name says as what it is written ('carta.docx'). Where one file holds several documents, or pages, a line of
asterisks stands between them. The same texts give the same bytes: nothing is compressed and no member has a time of its own.
"""

import html
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from samples.texts import Text, slug

SPELLINGS = re.compile(r"\[(\w+)\|(\w+)\]")
BETWEEN = re.compile(r"^\*\*\*$", re.MULTILINE)
NAMESPACE = "http://schemas.openxmlformats.org"
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_packages(texts: list[Text], folder: Path) -> None:
    """Write each text as the kind of file that its name ends in."""
    for text in texts:
        for name, content in MAKERS[Path(text.name).suffix](text).items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def sections(text: Text) -> list[tuple[str, list[str]]]:
    """The parts between the lines of asterisks: title and paragraphs of each."""
    parts = [part.strip().split("\n", 1) for part in BETWEEN.split(text.body) if part.strip()]
    return [(title.strip(), _paragraphs(body)) for title, body in parts]


def _docx(text: Text) -> Mapping[str, bytes]:
    relations = f'{XML}<Relationships xmlns="{NAMESPACE}/package/2006/relationships">'
    office = f"{NAMESPACE}/officeDocument/2006/relationships"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    runs = [_run(text.title, "Heading1"), *(_run(one) for one in _paragraphs(text.body))]
    return {
        text.name: _zip({
            "[Content_Types].xml": f'{XML}<Types xmlns="{NAMESPACE}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{main}.document.main+xml"/>'
            f'<Override PartName="/word/styles.xml" ContentType="{main}.styles+xml"/>'
            '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
            "</Types>",
            "_rels/.rels": f'{relations}<Relationship Id="r1" Type="{office}/officeDocument" Target="word/document.xml"/>'
            f'<Relationship Id="r2" Type="{NAMESPACE}/package/2006/relationships/metadata/core-properties" '
            'Target="docProps/core.xml"/></Relationships>',
            "docProps/core.xml": f'{XML}<cp:coreProperties xmlns:cp="{NAMESPACE}/package/2006/metadata/core-properties" {DC}>'
            f"<dc:title>{_plain(text.title)}</dc:title><dc:language>{text.language}</dc:language></cp:coreProperties>",
            "word/document.xml": f'{XML}<w:document xmlns:w="{NAMESPACE}/wordprocessingml/2006/main"><w:body>{"".join(runs)}'
            "</w:body></w:document>",
            "word/styles.xml": f'{XML}<w:styles xmlns:w="{NAMESPACE}/wordprocessingml/2006/main"><w:style w:type="paragraph" '
            'w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>',
            "word/_rels/document.xml.rels": f'{relations}<Relationship Id="s1" Type="{office}/styles" Target="styles.xml"/>'
            "</Relationships>",
        })
    }  # fmt: skip


def _run(words: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{_plain(words)}</w:t></w:r></w:p>'


def _odt(text: Text) -> Mapping[str, bytes]:
    names = (("office", "office"), ("text", "text"), ("meta", "meta"), ("manifest", "manifest"))
    spaces = " ".join(f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for prefix, name in names)
    kind = "application/vnd.oasis.opendocument.text"
    body = f'<text:h text:outline-level="1">{_plain(text.title)}</text:h>'
    body += "".join(f"<text:p>{_plain(one)}</text:p>" for one in _paragraphs(text.body))
    entries = [("/", kind), ("content.xml", "text/xml"), ("meta.xml", "text/xml")]
    listed = "".join(f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{one}"/>' for path, one in entries)
    return {
        text.name: _zip({
            "mimetype": kind,
            "content.xml": f'{XML}<office:document-content {spaces} office:version="1.3"><office:body><office:text>{body}'
            "</office:text></office:body></office:document-content>",
            "meta.xml": f'{XML}<office:document-meta {spaces} {DC} office:version="1.3"><office:meta>'
            f"<dc:title>{_plain(text.title)}</dc:title><dc:language>{text.language}</dc:language></office:meta></office:document-meta>",
            "META-INF/manifest.xml": f'{XML}<manifest:manifest {spaces} manifest:version="1.3">{listed}</manifest:manifest>',
        })
    }  # fmt: skip


def _epub(text: Text) -> Mapping[str, bytes]:
    chapters = sections(text)
    items = "".join(f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'{XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "EPUB/book.opf": f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        f'<metadata {DC}><dc:identifier id="id">urn:x-sample:{slug(text.title)}</dc:identifier>'
        f"<dc:title>{_plain(text.title)}</dc:title><dc:language>{text.language}</dc:language><dc:rights>{CC0}</dc:rights></metadata><manifest>"
        f'<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{items}</manifest>'
        f'<spine><itemref idref="nav"/>{spine}</spine></package>',
        "EPUB/nav.xhtml": _page(
            text.title,
            text.language,
            '<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>'
            + "".join(f'<li><a href="c{n}.xhtml">{_plain(title)}</a></li>' for n, (title, _) in enumerate(chapters))
            + "</ol></nav>",
        ),
    }
    for number, (title, paragraphs) in enumerate(chapters):
        body = f"<h1>{_plain(title)}</h1>" + "".join(f"<p>{_plain(one)}</p>" for one in paragraphs)
        members[f"EPUB/c{number}.xhtml"] = _page(title, text.language, body)
    return {text.name: _zip(members)}


def _page(title: str, language: str, body: str) -> str:
    return (
        f'{XML}<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{language}"><head>'
        f"<title>{_plain(title)}</title></head><body>{body}</body></html>"
    )


def _tei(text: Text) -> Mapping[str, str]:
    """'[jeneral|general]' in a text is a word as it was written and as an editor regularises it."""
    choice = r"<choice><orig>\1</orig><reg>\2</reg></choice>"
    body = "".join(f"<p>{SPELLINGS.sub(choice, _plain(one))}</p>\n" for one in _paragraphs(text.body))
    return {
        f"{Path(text.name).stem}.xml": f'{XML}<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt>'
        f"<title>{_plain(text.title)}</title></titleStmt><publicationStmt><availability>"
        f'<licence target="{CC0}">CC0 1.0</licence></availability></publicationStmt></fileDesc></teiHeader>\n'
        f'<text xml:lang="{text.language}"><body><head>{_plain(text.title)}</head>\n{body}</body></text></TEI>\n'
    }


def _mets(text: Text) -> Mapping[str, str]:
    folder = Path(text.name).stem
    pages = [_paragraphs(part) for part in BETWEEN.split(text.body) if part.strip()]
    names = [f"alto/{number:04}.xml" for number in range(1, len(pages) + 1)]
    files = "".join(
        f'<file ID="A{n}" MIMETYPE="text/xml"><FLocat LOCTYPE="URL" xlink:href="{one}"/></file>' for n, one in enumerate(names)
    )
    divisions = "".join(f'<div TYPE="page" ORDER="{n + 1}"><fptr FILEID="A{n}"/></div>' for n in range(len(names)))
    index = (
        f'{XML}<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:mods="http://www.loc.gov/mods/v3"><dmdSec ID="D1"><mdWrap MDTYPE="MODS"><xmlData><mods:mods><mods:titleInfo>'
        f"<mods:title>{_plain(text.title)}</mods:title></mods:titleInfo>"
        f'<mods:accessCondition type="use and reproduction" xlink:href="{CC0}">CC0 1.0</mods:accessCondition></mods:mods>'
        f'</xmlData></mdWrap></dmdSec><fileSec><fileGrp USE="FULLTEXT">{files}</fileGrp></fileSec>'
        f'<structMap TYPE="PHYSICAL"><div TYPE="newspaper">{divisions}</div></structMap></mets>\n'
    )
    read = {
        f"{folder}/{name}": _alto(page, number) for number, (name, page) in enumerate(zip(names, pages, strict=True), start=1)
    }
    return {f"{folder}/mets.xml": index, **read}


def _alto(paragraphs: list[str], number: int) -> str:
    """A page as a machine reads it: lines of at most nine words, the page's number in its top margin."""
    blocks = ""
    for block, words in enumerate(one.split() for one in paragraphs):
        lines = ""
        for start in range(0, len(words), 9):
            strings = [f'<String CONTENT="{_plain(word)}" WC="{_confidence(word)}"/>' for word in words[start : start + 9]]
            lines += f"<TextLine>{'<SP/>'.join(strings)}</TextLine>\n"
        blocks += f'<TextBlock ID="B{block}">{lines}</TextBlock>\n'
    return (
        f'{XML}<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page ID="P{number}" PHYSICAL_IMG_NR="{number}">'
        f'<TopMargin><TextBlock ID="N"><TextLine><String CONTENT="{number}" WC="0.99"/></TextLine></TextBlock></TopMargin>'
        f"<PrintSpace>\n{blocks}</PrintSpace></Page></Layout></alto>\n"
    )


def _confidence(word: str) -> str:
    """Invented, as for a clean print: a little less sure of long words and of accents."""
    return f"{0.99 - 0.01 * min(len(word), 12) - (0.03 if not word.isascii() else 0.0):.2f}"


def _rows(text: Text) -> list[tuple[str, str]]:
    return [(title, "\n\n".join(paragraphs)) for title, paragraphs in sections(text)]


def _parquet(text: Text) -> Mapping[str, bytes]:
    rows = _rows(text)
    table = pa.table(
        {"title": [title for title, _ in rows], "text": [body for _, body in rows], "language": [text.language] * len(rows)}
    )
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="none", version="2.6")
    return {text.name: stream.getvalue()}


def _tsv(text: Text) -> Mapping[str, str]:
    lines = [f"{title}\t{' '.join(body.split())}\t{text.language}\n" for title, body in _rows(text)]
    return {text.name: "title\ttext\tlanguage\n" + "".join(lines)}


def _zipped(text: Text) -> Mapping[str, bytes]:
    return {text.name: _zip({f"{slug(title)}.txt": f"{title}\n\n{body}\n" for title, body in _rows(text)})}


def _zip(members: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def _paragraphs(body: str) -> list[str]:
    return [" ".join(one.split()) for one in body.strip().split("\n\n") if one.strip()]


def _plain(words: str) -> str:
    return html.escape(words)


MAKERS: dict[str, Callable[[Text], Mapping[str, str | bytes]]] = {
    ".docx": _docx,
    ".odt": _odt,
    ".epub": _epub,
    ".tei": _tei,
    ".mets": _mets,
    ".parquet": _parquet,
    ".tsv": _tsv,
    ".zip": _zipped,
}
