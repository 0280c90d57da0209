"""TEI, METS and ALTO as libraries digitise: the author's text in reading order, without page furniture, and what is stated."""

import pytest

from latamgpt.intake.apart import documents as answered
from latamgpt.intake.library_files import parse_library_file
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import PARTNER, deliver, documents, exclusions, orthographies, reasons, register, take_in
from tests.intake.made_files import TEI, alto, alto_line, mets, tei
from tests.intake.scans_made import LINES, pdf, scanned_pdf

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."
HYPHENATED = (
    '<TextLine><String CONTENT="el" WC="1"/><String CONTENT="ca" SUBS_TYPE="HypPart1" SUBS_CONTENT="camino" WC="0.5"/>'
    '<HYP CONTENT="-"/></TextLine><TextLine><String CONTENT="mino" SUBS_TYPE="HypPart2" SUBS_CONTENT="camino" WC="0.5"/>'
    '<String CONTENT="real" WC="1"/></TextLine>'
)


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


def test_tei_keeps_the_author_s_spelling_mends_print_and_drops_page_furniture(archive: Workspace, params: Params) -> None:
    text = (
        "<body><div><head>Capítulo I</head><fw>17</fw><p>Al pié del <choice><orig>Ymperio</orig><reg>Imperio</reg></choice> "
        "<choice><sic>rrio</sic><corr>río</corr></choice>, la pala-<lb break='no'/>\n   bra<lb/>sigue"
        "<note n='a'>Nota.</note>.</p>"
        "<lg><l>verso uno</l><l>verso dos</l></lg><pb/><p>Y <del>no</del><gap/> fin.</p>"
        "<table><row><cell>a</cell><cell>b</cell></row></table></div></body>"
    )
    row = one(archive, params, "a.xml", tei(text, attributes="xml:lang='es'"))
    assert (row["title"], row["declared_language"]) == ("Un libro", "es")
    assert row["text"] == (
        "Capítulo I\n\nAl pié del Ymperio río, la palabra sigue[a].\n\nverso uno\nverso dos\n\nY […] fin.\n\na | b\n\n[a] Nota."
    )
    assert orthographies(archive) == [(row["doc_id"], "reg", str(row["text"]).replace("Ymperio", "Imperio"))]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ("la par-<lb/>tida", "la partida"),
        ("la par-\n  <lb n='2'/>\n  tida", "la partida"),
        ("la par-<pb n='2'/><fw>18</fw><lb/>tida de <hi>caba-</hi><lb/>llos", "la partida de caballos"),
        ("el franco-<lb/>chileno, y el franco-peruano", "el franco-chileno, y el franco-peruano"),
        ("sara-<lb/>sara y Pérez-<lb/>García", "sara-sara y Pérez-García"),
        ("la par-<lb break='yes'/>tida", "la par- tida"),
        ("dijo -<lb/>y calló", "dijo - y calló"),
        ("<lb/>uno<lb/>dos<lb/>", "uno dos"),
        ("uno-<lb/>", "uno-"),
        ("<note n='a'>par-<lb/>tida</note>; la partida", "[a]; la partida\n\n[a] partida"),
    ],
)
def test_a_hyphen_before_a_line_of_tei_goes_where_it_is_the_typesetter_s(
    archive: Workspace, params: Params, lines: str, joined: str
) -> None:
    assert one(archive, params, "a.xml", tei(f"<body><p>{lines}</p></body>"))["text"] == joined


def test_verses_of_tei_stay_lines_whatever_their_ends(archive: Workspace, params: Params) -> None:
    verses = "<body><lg><l>mientras miserable-</l><l>mente se par-<lb/>ten</l></lg></body>"
    assert one(archive, params, "a.xml", tei(verses))["text"] == "mientras miserable-\nmente se parten"


def test_of_a_choice_between_countless_forms_only_the_first_are_asked(archive: Workspace, params: Params) -> None:
    forms = "<reg>a</reg>" * 30_000
    row = one(archive, params, "a.xml", tei(f"<body><p>Uno <choice>{forms}</choice></p></body>", attributes="xml:lang='es'"))
    assert str(row["text"]).startswith("Uno aaa")


def test_a_corpus_of_tei_is_a_document_for_each_text(archive: Workspace, params: Params) -> None:
    texts = "".join(f"<TEI><teiHeader/><text><body><p>{words}</p></body></text></TEI>" for words in ("Uno.", "Dos."))
    rows = read(archive, params, {"a.xml": f"<teiCorpus {TEI}><teiHeader/>{texts}</teiCorpus>"})
    assert {(row["path"], row["text"]) for row in rows} == {("a.xml#1", "Uno."), ("a.xml#2", "Dos.")}


@pytest.mark.parametrize(
    "header",
    [
        "<availability><licence target='https://creativecommons.org/licenses/by-nc-nd/4.0/'/></availability>",
        "<availability><p>Todos los derechos reservados</p></availability>",
        "<availability><p><ref target='https://creativecommons.org/licenses/by-nc/4.0/'>Licencia</ref></p></availability>",
        "<availability><licence target='https://example.org/terms'/></availability>",
    ],
)
def test_a_licence_in_a_tei_header_that_contradicts_is_found(archive: Workspace, params: Params, header: str) -> None:
    files = {"a.xml": tei(f"<body><p>{STORY}</p></body>", header), "b.txt": "Otro.", "c.txt": "Otro más."}
    assert len(read(archive, params, files)) == 2
    assert reasons(archive) == {"a.xml": "licence_contradiction"}


def test_a_licence_in_a_tei_header_that_is_the_delivery_s_agrees(archive: Workspace, params: Params) -> None:
    header = "<availability><licence target='https://creativecommons.org/licenses/by/4.0/'>CC BY 4.0</licence></availability>"
    assert one(archive, params, "a.xml", tei(f"<body><p>{STORY}</p></body>", header))["text"] == STORY


def test_alto_follows_the_reading_order_and_makes_broken_words_whole(archive: Workspace, params: Params) -> None:
    blocks = f"<TextBlock ID='b2'>{alto_line('segunda columna')}</TextBlock><TextBlock ID='b1'>{HYPHENATED}</TextBlock>"
    order = "<ReadingOrder><OrderedGroup><ElementRef REF='b1'/><ElementRef REF='b2'/></OrderedGroup></ReadingOrder>"
    assert one(archive, params, "1.xml", alto(blocks, order))["text"] == "el camino real\n\nsegunda columna"


def test_alto_joins_a_word_that_only_a_hyphen_marks_as_broken(archive: Workspace, params: Params) -> None:
    lines = alto_line("el ca-", more="<HYP CONTENT='-'/>") + alto_line("mino real")
    assert one(archive, params, "1.xml", alto(f"<TextBlock>{lines}</TextBlock>"))["text"] == "el camino real"


def test_alto_joins_a_word_whose_hyphen_is_its_last_letter_as_tesseract_writes_it(archive: Workspace, params: Params) -> None:
    lines = alto_line("el ca-") + alto_line("mino -") + alto_line("dijo ella-") + alto_line("Rosa iba") + alto_line("a-")
    text = str(one(archive, params, "1.xml", alto(f"<TextBlock>{lines}</TextBlock>"))["text"])
    assert text == "el camino - dijo ella-Rosa iba a-"


def test_the_confidence_of_a_page_is_the_mean_of_its_words(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "1.xml"
    path.write_text(alto(f"<TextBlock>{alto_line('uno dos', '0.5')}{alto_line('tres', '0.8')}</TextBlock>"))
    (found,) = parse_library_file(str(path), "1.xml")
    assert found.confidence == 0.6


@pytest.mark.parametrize("confidence", ["96", "nan", "-0.5", "mucha"])
def test_confidences_that_are_no_shares_of_one_count_for_nothing(archive: Workspace, params: Params, confidence: str) -> None:
    lines = alto_line("uno dos", "0.5") + alto_line("tres", confidence)
    assert one(archive, params, "1.xml", alto(f"<TextBlock>{lines}</TextBlock>"))["text"] == "uno dos tres"
    assert "text recognition" not in {table.name for table in archive.report("documents", PARTNER).tables}


def pages(*words: str) -> dict[str, bytes | str]:
    return {f"alto/{n}.xml": alto(f"<TextBlock>{alto_line(one)}</TextBlock>") for n, one in enumerate(words)}


def test_mets_makes_one_document_of_its_pages_and_keeps_its_pictures(archive: Workspace, params: Params) -> None:
    files = pages("Página dos.", "Página uno.") | {"img/0.tif": b"II", "img/1.tif": b"II"}
    files["mets.xml"] = mets(["alto/0.xml", "alto/1.xml"], ["img/0.tif", "img/1.tif"], order=[2, 1])
    row = read(archive, params, files)[0]
    assert (row["path"], row["title"], row["declared_language"]) == ("mets.xml", "El Diario", "es")
    assert row["text"] == "Página uno.\n\nPágina dos."
    assert (len(documents(archive)), exclusions(archive)) == (1, [])


def test_a_page_of_a_mets_that_cannot_be_read_is_set_aside_and_the_others_are_used(archive: Workspace, params: Params) -> None:
    names = [f"alto/{n}.xml" for n in range(4)]
    files = pages("La balsa bajaba", "rota", "otra", "y llegó al mar.")
    files.update({"alto/1.xml": b"<alto>", "alto/2.xml": b"<TEI/>"})
    (row,) = read(archive, params, {**files, "mets.xml": mets(names, [])})
    assert row["text"] == "La balsa bajaba\n\ny llegó al mar."
    assert reasons(archive) == {"alto/1.xml": "xml_invalid", "alto/2.xml": "xml_invalid"}
    assert all("other pages of mets.xml are used" in str(row["detail"]) for row in exclusions(archive))


def test_pages_of_a_mets_are_repaired_as_those_of_scans_are(archive: Workspace, params: Params) -> None:
    head = f"<TextBlock>{alto_line('EL DIARIO DE LA LOMA')}</TextBlock>"
    words = ["El maes-", "tro cruzó el río. Un franco-", "peruano lo vio.", "Era un franco-peruano."]
    files: dict[str, bytes | str] = {
        f"alto/{n}.xml": alto(f"{head}<TextBlock>{alto_line(one, more='<HYP/>' * one.endswith('-'))}</TextBlock>")
        for n, one in enumerate(words)
    }
    (row,) = read(archive, params, {**files, "mets.xml": mets(sorted(files), [])})
    assert row["text"] == "El maestro cruzó el río. Un franco-peruano lo vio.\n\nEra un franco-peruano."


def test_what_a_mets_lists_and_is_neither_its_page_nor_a_picture_is_read_by_itself(archive: Workspace, params: Params) -> None:
    files = pages("Uno.") | {"relato.txt": "Un relato.", "img/0.jpg": b"\xff\xd8"}
    rows = read(archive, params, {**files, "mets.xml": mets(["alto/0.xml"], ["relato.txt", "img/0.jpg"])})
    assert {row["path"]: row["text"] for row in rows} == {"mets.xml": "Uno.", "relato.txt": "Un relato."}
    assert exclusions(archive) == []


def twice_read() -> str:
    """A METS whose first page of two was read by a second engine too."""
    second = '<fileGrp USE="OCR-OTRO"><file ID="X" MIMETYPE="text/xml"><FLocat xlink:href="ocr/0.xml"/></file></fileGrp>'
    index = mets(["alto/0.xml", "alto/1.xml"], []).replace("</fileSec>", f"{second}</fileSec>")
    return index.replace('<fptr FILEID="T0"/>', '<fptr FILEID="T0"/><fptr FILEID="X"/>')


def test_a_page_that_two_engines_read_is_read_once(archive: Workspace, params: Params) -> None:
    files = {**pages("Uno.", "Dos."), "ocr/0.xml": alto(f"<TextBlock>{alto_line('Un0.')}</TextBlock>")}
    rows = read(archive, params, {**files, "mets.xml": twice_read()})
    assert {row["path"]: row["text"] for row in rows} == {"mets.xml": "Uno.\n\nDos."}
    assert exclusions(archive) == []


def test_the_second_reading_is_not_lost_where_the_first_cannot_be_read(archive: Workspace, params: Params) -> None:
    files = {**pages("Uno.", "Dos."), "alto/0.xml": b"<alto>", "ocr/0.xml": alto(f"<TextBlock>{alto_line('Un0.')}</TextBlock>")}
    rows = read(archive, params, {**files, "mets.xml": twice_read()})
    assert {row["path"]: row["text"] for row in rows} == {"mets.xml": "Dos.", "ocr/0.xml": "Un0."}
    assert reasons(archive) == {"alto/0.xml": "xml_invalid"}


BOOK = [line.strip(",.") for line in LINES]


@pytest.mark.parametrize(
    "made",
    [
        pdf([LINES]),
        pdf([LINES[:2]]),
        pdf([[line.replace("rural", "rura1").replace("piolín", "piolfn") for line in LINES]]),
        scanned_pdf([LINES]),
    ],
    ids=["of the book", "of a part", "read by another engine", "pictures only"],
)
def test_a_pdf_of_a_mets_s_pages_is_not_read_again(archive: Workspace, params: Params, made: bytes) -> None:
    files = {**pages(*BOOK), "libro.pdf": made, "mets.xml": mets([f"alto/{n}.xml" for n in range(3)], ["libro.pdf"])}
    (row,) = read(archive, params, files)
    assert (row["path"], exclusions(archive)) == ("mets.xml", [])


def test_a_pdf_that_a_mets_lists_and_that_holds_another_text_is_read(archive: Workspace, params: Params) -> None:
    other = ["El suplemento de este domingo trae las recetas", "de la abuela y un mapa de los caminos viejos."]
    files = {**pages(*BOOK), "suplemento.pdf": pdf([other])}
    rows = read(archive, params, {**files, "mets.xml": mets([f"alto/{n}.xml" for n in range(3)], ["suplemento.pdf"])})
    assert {row["path"] for row in rows} == {"mets.xml", "suplemento.pdf"}


def test_a_licence_in_the_print_of_a_book_that_contradicts_sets_the_book_aside(archive: Workspace, params: Params) -> None:
    made = pdf([LINES], subject="Licencia: https://creativecommons.org/licenses/by-nc-nd/4.0/")
    files = {**pages(*BOOK), "libro.pdf": made, "b.txt": "B.", "c.txt": "C."}
    rows = read(archive, params, {**files, "mets.xml": mets([f"alto/{n}.xml" for n in range(3)], ["libro.pdf"])})
    assert {row["path"] for row in rows} == {"b.txt", "c.txt"}
    assert reasons(archive) == {"mets.xml": "licence_contradiction"}
    assert "the metadata of libro.pdf" in str(exclusions(archive)[0]["detail"])


def test_a_print_that_cannot_be_read_is_named_and_the_book_is_used(archive: Workspace, params: Params) -> None:
    files = {**pages("Uno."), "libro.pdf": b"%PDF-1.4 rota", "mets.xml": mets(["alto/0.xml"], ["libro.pdf"])}
    (row,) = read(archive, params, files)
    assert (row["path"], reasons(archive)) == ("mets.xml", {"libro.pdf": "pdf_unreadable"})


def test_a_parser_speaks_of_its_own_file_only() -> None:
    said = {"path": "a.xml#1", "text": "Uno.", "parts": ["b.txt"], "record_id": "7"}
    (found,) = answered([said], "a.xml", Reason.XML_INVALID)
    assert (found.parts, found.record_id) == ((), "")
    with pytest.raises(Rejected, match="about another file"):
        answered([said | {"path": "b.txt"}], "a.xml", Reason.XML_INVALID)


def test_the_report_says_how_sure_the_machine_was(archive: Workspace, params: Params) -> None:
    block = "<TextBlock>{}</TextBlock>"
    pages = {"1.xml": alto(block.format(alto_line("uno", "0.5"))), "2.xml": alto(block.format(alto_line("dos", "0.8")))}
    read(archive, params, {**pages, "b.txt": "B."})
    tables = {table.name: table.rows for table in archive.report("documents", PARTNER).tables}
    assert tables["text recognition"] == (("relatos", 2, 0.65, 0.5),)


@pytest.mark.parametrize(
    "rights",
    [
        "<mods:accessCondition xlink:href='https://creativecommons.org/licenses/by-nc-nd/4.0/'/>",
        "<mods:accessCondition type='use and reproduction'>Todos los derechos reservados</mods:accessCondition>",
    ],
)
def test_rights_in_a_mets_that_contradict_set_the_whole_book_aside(archive: Workspace, params: Params, rights: str) -> None:
    files = pages("uno", "dos") | {"mets.xml": mets(["alto/0.xml", "alto/1.xml"], [], rights), "b.txt": "B.", "c.txt": "C."}
    assert {row["path"] for row in read(archive, params, files)} == {"b.txt", "c.txt"}
    assert reasons(archive) == {"mets.xml": "licence_contradiction"}


def test_a_mets_without_all_of_its_pages_waits_for_them_and_its_pages_with_it(archive: Workspace, params: Params) -> None:
    files = {**pages("uno"), "mets.xml": mets(["alto/0.xml", "alto/9.xml"], [])}
    assert read(archive, params, files) == []
    assert reasons(archive) == {"mets.xml": "mets_incomplete", "alto/0.xml": "mets_incomplete"}
    assert "1 of its 2 pages" in str(exclusions(archive)[0]["detail"])


def test_a_mets_that_names_files_outside_of_the_delivery_reads_none_of_them(archive: Workspace, params: Params) -> None:
    assert read(archive, params, {"mets.xml": mets(["../../../../../etc/passwd", "/etc/passwd"], [])}) == []
    assert reasons(archive) == {"mets.xml": "mets_incomplete"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "xml_invalid"),
        (b"<TEI>", "xml_invalid"),
        ("<TEI><text>á</text></TEI>".encode("latin-1"), "xml_invalid"),
        (b"<TEI>&aacute;</TEI>", "xml_invalid"),
        (b"<rss/>", "not_read"),
        (b"<a>" * 400, "xml_invalid"),
        (b"<mets", "xml_invalid"),
        (b"<mets/>", "mets_incomplete"),
        (b"<!-- mets --><rss/>", "not_read"),
    ],
)
def test_xml_that_is_no_library_s_is_set_aside(archive: Workspace, params: Params, content: bytes, reason: str) -> None:
    assert read(archive, params, {"a.xml": content}) == []
    assert reasons(archive) == {"a.xml": reason}


def test_a_tree_that_needs_more_memory_than_a_parser_has_is_named_so(archive: Workspace, params: Params) -> None:
    assert read(archive, params, {"a.xml": tei("<body>" + "<p>a</p>" * 7_000_000 + "</body>")}) == []
    assert reasons(archive) == {"a.xml": "parser_limit"}


def test_tei_in_utf_16_says_so_itself_and_is_read(archive: Workspace, params: Params) -> None:
    raw = tei(f"<body><p>{STORY}</p></body>").replace("UTF-8", "UTF-16").encode("utf-16")
    assert one(archive, params, "a.xml", raw)["text"] == STORY
