"""DOCX, ODT and EPUB: all of the text in its order, what is stated of title, language and licence, and what breaks."""

import re
import zipfile

import pytest

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in
from tests.intake.made_files import W, docx, epub, odt, paragraph, zipped

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."
BOMB_DTD = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1 if n else str()};' * 10}'>" for n in range(9)) + "]>"
)
FILE_DTD = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def read(archive: Workspace, params: Params, files: dict[str, bytes | str]) -> list[dict[str, object]]:
    deliver(archive, files, format="files")
    take_in(archive, params)
    return documents(archive)


def one(archive: Workspace, params: Params, name: str, content: bytes | str) -> dict[str, object]:
    rows = read(archive, params, {name: content})
    assert len(rows) == 1, exclusions(archive)
    return rows[0]


def test_docx_gives_headings_insertions_verses_tables_and_footnotes_in_their_order(archive: Workspace, params: Params) -> None:
    cell = "<w:tc>{}</w:tc>"
    table = "<w:tbl>" + "".join(f"<w:tr>{cell.format(paragraph(a))}{cell.format(paragraph(b))}</w:tr>" for a, b in ("ab", "cd"))
    body = (
        paragraph("El río", "Heading1")
        + "<w:p><w:r><w:t>Había </w:t></w:r><w:ins><w:r><w:t>una vez</w:t></w:r></w:ins><w:del><w:r><w:delText>nunca</w:delText>"
        '</w:r></w:del><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        + "<w:p><w:r><w:t>verso uno</w:t><w:br/><w:t>verso dos</w:t></w:r></w:p>"
        + f"{table}</w:tbl>"
        + paragraph("Fin.")
    )
    notes = f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("Dicho en Corrientes.")}</w:footnote></w:footnotes>'
    row = one(archive, params, "a.docx", docx(body, "<dc:title>Del río</dc:title>", word__footnotes_xml=notes, **relations()))
    assert row["title"] == "Del río"
    text = str(row["text"])
    assert text == "El río\n\nHabía una vez[1]\n\nverso uno\nverso dos\n\na | b\nc | d\n\nFin.\n\n[1] Dicho en Corrientes."


def relations() -> dict[str, str]:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    part = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return {
        "word___rels__document.xml.rels": f'{part}<Relationship Id="f" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    }


def test_odt_gives_headings_spaces_lists_tables_and_footnotes_and_no_comments(archive: Workspace, params: Params) -> None:
    body = (
        "<text:tracked-changes><text:p>borrado</text:p></text:tracked-changes><text:table-of-content><text:p>Índice</text:p>"
        "</text:table-of-content><text:h>El río</text:h><text:p>Había<text:s/>una <text:span>vez</text:span><text:note>"
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>Dicho.</text:p></text:note-body></text:note> más."
        "<office:annotation><text:p>ojo</text:p></office:annotation></text:p><text:p>uno<text:line-break/>dos</text:p>"
        "<text:list><text:list-item><text:p>cosa</text:p></text:list-item></text:list><table:table><table:table-row>"
        "<table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell table:number-columns-repeated='99999999'><text:p>b</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    row = one(archive, params, "a.odt", odt(body, "<dc:title>Del río</dc:title><dc:language>es_UY</dc:language>"))
    assert (row["title"], row["declared_language"]) == ("Del río", "es-UY")
    assert row["text"] == "El río\n\nHabía una vez[1] más.\n\nuno\ndos\n\ncosa\n\na | b\n\n[1] Dicho."


def test_epub_gives_its_chapters_in_the_order_of_its_spine(archive: Workspace, params: Params) -> None:
    chapters = ["<h1>Uno</h1><p>Primero&nbsp;esto.</p>", "<h1>Dos</h1><p>un verso<br/>otro</p><ul><li>cosa</li></ul>"]
    metadata = "<dc:title>Dos cuentos</dc:title><dc:language>quy</dc:language>"
    row = one(archive, params, "a.epub", epub(chapters, metadata))
    assert (row["title"], row["declared_language"]) == ("Dos cuentos", "quy")
    assert row["text"] == "Uno\n\nPrimero esto.\n\nDos\n\nun verso\notro\n\n- cosa"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", docx(paragraph(STORY), "<dc:rights>CC BY-NC-ND 4.0</dc:rights>")),
        ("a.docx", docx(paragraph(STORY), "<dc:description>Licencia CC BY-NC-ND 4.0</dc:description>")),
        ("a.docx", docx(paragraph(STORY), word__footer1_xml=f"<w:ftr {W}>{paragraph('Todos los derechos reservados')}</w:ftr>")),
        ("a.odt", odt(f"<text:p>{STORY}</text:p>", '<meta:user-defined meta:name="Licencia">CC BY-NC-ND</meta:user-defined>')),
        ("a.epub", epub([f"<p>{STORY}</p>"], "<dc:rights>Todos los derechos reservados</dc:rights>")),
        ("a.epub", epub([f"<p>{STORY}</p>"], '<meta property="dcterms:license">CC BY-NC-ND 4.0</meta>')),
    ],
)
def test_a_licence_in_the_properties_that_contradicts_is_found(
    archive: Workspace, params: Params, name: str, content: bytes
) -> None:
    assert len(read(archive, params, {name: content, "b.txt": "Otro.", "c.txt": "Otro más."})) == 2
    assert reasons(archive) == {name: "licence_contradiction"}


def half(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def locked(raw: bytes) -> bytes:
    """The same zip with the flag of encryption on every member."""
    raw = re.sub(rb"(PK\x03\x04..)\x00", b"\\1\x01", raw, flags=re.DOTALL)
    return re.sub(rb"(PK\x01\x02....)\x00", b"\\1\x01", raw, flags=re.DOTALL)


GOOD = {
    "a.docx": docx(paragraph(STORY)),
    "a.odt": odt(f"<text:p>{STORY}</text:p>"),
    "a.epub": epub([f"<p>{STORY}</p>"]),
}
BLANKS = b" " * (8 << 20)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the old container of Office: locked documents and .doc files


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "document_unreadable"),
        (b"PK\x03\x04", "document_unreadable"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "document_unreadable"),
        (zipped({"otra.xml": "<a/>"}), "document_unreadable"),
        (zipped({"big.bin": BLANKS}), "archive_bomb"),
        (zipped({f"{n}": "" for n in range(20_001)}, zipfile.ZIP_STORED), "archive_bomb"),
    ],
    ids=["empty", "cut", "locked", "old_doc", "other", "bomb", "many"],
)
def test_what_is_no_document_of_its_kind_is_set_aside_with_a_reason(
    archive: Workspace, params: Params, name: str, content: bytes, reason: str
) -> None:
    assert read(archive, params, {name: content}) == []
    assert reasons(archive) == {name: reason}
    assert str(archive.root) not in str(exclusions(archive)[0]["detail"])


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_document_cut_short_or_locked_is_set_aside(archive: Workspace, params: Params, name: str) -> None:
    end = name[1:]
    assert read(archive, params, {f"half{end}": half(GOOD[name]), f"locked{end}": locked(GOOD[name])}) == []
    assert reasons(archive) == {f"half{end}": "document_unreadable", f"locked{end}": "encrypted"}


@pytest.mark.parametrize("dtd", [BOMB_DTD, FILE_DTD], ids=["bomb", "file"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.docx", lambda dtd: docx("", word__document_xml=f"{dtd}<w:document {W}>&a;</w:document>")),
        ("a.odt", lambda dtd: odt("", content_xml=f"{dtd}<office:text xmlns:office='urn:x'>&a;</office:text>")),
        ("a.epub", lambda dtd: epub(["x"], OEBPS__book_opf=f"{dtd}<package>&a;</package>")),
        ("a.xml", lambda dtd: f"{dtd}<TEI>&a;</TEI>"),
    ],
)
def test_entities_are_never_expanded(archive: Workspace, params: Params, dtd: str, name: str, make: object) -> None:
    assert read(archive, params, {name: make(dtd)}) == []  # type: ignore[operator]
    assert reasons(archive) == {name: "xml_entities"}


def test_a_document_with_macros_is_read_without_them(archive: Workspace, params: Params) -> None:
    row = one(archive, params, "a.docx", docx(paragraph(STORY), word__vbaProject_bin=b"Sub AutoOpen()"))
    assert row["text"] == STORY


def test_an_epub_whose_chapters_are_locked_is_named_and_one_with_locked_fonts_is_read(archive: Workspace, params: Params) -> None:
    lock = "<encryption><EncryptedData><CipherData><CipherReference URI='OEBPS/{}'/></CipherData></EncryptedData></encryption>"
    files = {
        "a.epub": epub([STORY], META_INF__encryption_xml=lock.format("c1.xhtml")),
        "b.epub": epub([f"{STORY} Fin."], META_INF__encryption_xml=lock.format("font.otf")),
    }
    rows = read(archive, params, {name: raw for name, raw in files.items()})
    assert [row["path"] for row in rows] == ["b.epub"]
    assert reasons(archive) == {"a.epub": "encrypted"}


def test_an_odt_with_a_password_is_named(archive: Workspace, params: Params) -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert read(archive, params, {"a.odt": odt("", META_INF__manifest_xml=manifest)}) == []
    assert reasons(archive) == {"a.odt": "encrypted"}
