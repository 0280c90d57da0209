"""Files of packaged formats, made member by member, as small as a test can have them."""

import io
import zipfile
from collections.abc import Mapping

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
PACKAGES = "application/vnd.openxmlformats-package"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Default Extension="rels" ContentType="{PACKAGES}.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("meta", "meta"), ("draw", "drawing"))
)
TEI = 'xmlns="http://www.tei-c.org/ns/1.0"'


def zipped(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return stream.getvalue()


def paragraph(words: str, style: str = "") -> str:
    """A paragraph of WordprocessingML."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t xml:space='preserve'>{words}</w:t></w:r></w:p>"


def docx(body: str, core: str = "", **members: bytes | str) -> bytes:
    """A DOCX; `members` are further parts, with '__' for '/' in their names."""
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'{RELATIONS}<Relationship Id="r1" '
        f'Type="{REL}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="urn:x" {DC}>{core}</cp:coreProperties>',
    }
    return zipped({**parts, **{member_name(name): content for name, content in members.items()}})


def odt(body: str, meta: str = "", **members: bytes | str) -> bytes:
    """An ODT."""
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": f"<office:document-content {ODF}><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>",
        "meta.xml": f"<office:document-meta {ODF} {DC}><office:meta>{meta}</office:meta></office:document-meta>",
    }
    return zipped({**parts, **{member_name(name): content for name, content in members.items()}})


def epub(chapters: list[str], metadata: str = "", **members: bytes | str) -> bytes:
    """An EPUB whose files' names run against the order of its spine."""
    names = [f"c{len(chapters) - n}.xhtml" for n in range(len(chapters))]
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in sorted(names))
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    parts: dict[str, bytes | str] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": f'<package xmlns="http://www.idpf.org/2007/opf" {DC}><metadata>{metadata}</metadata><manifest>{items}'
        f"</manifest><spine>{spine}</spine></package>",
    }
    for name, chapter in zip(names, chapters, strict=True):
        parts[f"OEBPS/{name}"] = (
            '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
            f"</head><body>{chapter}</body></html>"
        )
    return zipped({**parts, **{member_name(name): content for name, content in members.items()}})


def tei(text: str, header: str = "", attributes: str = "") -> str:
    """A TEI file."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><TEI {TEI}><teiHeader><fileDesc><titleStmt><title>Un libro</title></titleStmt>'
        f"<publicationStmt>{header}</publicationStmt></fileDesc></teiHeader><text {attributes}>{text}</text></TEI>"
    )


def alto(blocks: str, order: str = "") -> str:
    """A page of ALTO."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">{order}'
        f'<Layout><Page ID="P1">'
        f'<TopMargin><TextBlock ID="m"><TextLine><String CONTENT="17"/></TextLine></TextBlock></TopMargin>'
        f"<PrintSpace>{blocks}</PrintSpace></Page></Layout></alto>"
    )


def alto_line(words: str, confidence: str = "0.9", more: str = "") -> str:
    """A line of ALTO."""
    strings = "<SP/>".join(f'<String CONTENT="{word}" WC="{confidence}"/>' for word in words.split())
    return f"<TextLine>{strings}{more}</TextLine>"


def mets(pages: list[str], pictures: list[str], rights: str = "", order: list[int] | None = None) -> str:
    """A METS of pages in ALTO and their pictures; `order` is that of the physical structure."""
    files = "".join(
        f'<file ID="T{n}" MIMETYPE="text/xml"><FLocat xlink:href="file://./{p}"/></file>' for n, p in enumerate(pages)
    )
    images = "".join(f'<file ID="I{n}" MIMETYPE="image/jpeg"><FLocat xlink:href="{p}"/></file>' for n, p in enumerate(pictures))
    places = "".join(
        f'<div TYPE="page" ORDER="{place}"><fptr FILEID="T{n}"/></div>'
        for n, place in enumerate(order or range(1, len(pages) + 1))
    )
    return (
        '<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mods="http://www.loc.gov/mods/v3">'
        "<dmdSec ID='D1'><mdWrap><xmlData><mods:mods><mods:titleInfo><mods:title>El Diario</mods:title></mods:titleInfo>"
        f"<mods:language><mods:languageTerm>spa</mods:languageTerm></mods:language>{rights}</mods:mods></xmlData></mdWrap></dmdSec>"
        f'<fileSec><fileGrp USE="FULLTEXT">{files}</fileGrp><fileGrp USE="IMAGE">{images}</fileGrp></fileSec>'
        f'<structMap TYPE="PHYSICAL"><div TYPE="book">{places}</div></structMap></mets>'
    )


def member_name(keyword: str) -> str:
    """A part's name from a keyword: 'META_INF__encryption_xml' -> 'META-INF/encryption.xml'."""
    folder, _, file = keyword.rpartition("__")
    stem, _, suffix = file.rpartition("_")
    name = file if "." in file else f"{stem}.{suffix}"
    return "/".join(filter(None, [folder.replace("META_INF", "META-INF").replace("__", "/"), name]))
