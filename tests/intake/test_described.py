"""Period and kind of a document: read where partners state them in each format, and never from the file's own times."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest

from latamgpt.errors import OperatorError
from latamgpt.intake.delivery import read_delivery
from latamgpt.params import Params
from latamgpt.records import Report
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, register, take_in
from tests.intake.made_files import DC, alto, alto_line, docx, epub, mets, odt, paragraph, tei
from tests.intake.scans_made import pdf

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."
PROPERTIES = '<Properties xmlns="urn:x" xmlns:vt="urn:v">{}</Properties>'
OPF = 'xmlns:opf="http://www.idpf.org/2007/opf"'
SUBTITLES = f"WEBVTT\n\n00:01.000 --> 00:04.000\n{STORY}\n"
MANY = [f"{STORY} {n}" for n in range(12)]
Files = dict[str, bytes | str]


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def read(archive: Workspace, params: Params, files: Files, **said: object) -> dict[str, tuple[object, object]]:
    """Path -> period and kind."""
    deliver(archive, files, **{"format": "files", **said})
    take_in(archive, params)
    return {str(row["path"]): (row["period"], row["kind"]) for row in documents(archive)}


def one(archive: Workspace, params: Params, files: Files, **said: object) -> tuple[object, object]:
    found = read(archive, params, files, **said)
    assert len(found) == 1, exclusions(archive)
    return next(iter(found.values()))


def descriptions(archive: Workspace, params: Params) -> tuple[object, ...]:
    report: Report = take_in(archive, params)
    return next(table for table in report.tables if table.name == "period and kind").rows[0]


def lines(*records: Mapping[str, object]) -> str:
    return "".join(json.dumps({"text": f"{STORY} {n}", **record}) + "\n" for n, record in enumerate(records))


def html(head: str) -> str:
    return f"<html lang='es'><head>{head}</head><body><main><p>{STORY}</p><p>{STORY}</p></main></body></html>"


def json_ld(**said: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(said)}</script>'


def with_xmp(inner: str) -> bytes:
    """A PDF with XMP, made on 12 May 2026."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([[STORY]])))
    writer.add_metadata({"/CreationDate": "D:20260512103000Z"})
    stream = pypdf.generic.DecodedStreamObject()
    names = f'{DC} xmlns:prism="urn:p" xmlns:xmp="urn:m" xmlns:rdf="urn:r" xmlns:dcterms="urn:t"'
    stream.set_data(f"<x><rdf:Description {names}>{inner}</rdf:Description></x>".encode())
    writer.root_object[pypdf.generic.NameObject("/Metadata")] = writer._add_object(stream)  # noqa: SLF001
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_records_state_them_in_fields_of_many_names(archive: Workspace, params: Params) -> None:
    records: list[dict[str, object]] = [
        {"date": "1890-05-12", "type": "newspaper"},
        {"Año": 1890, "Tipo": "Cuento"},
        {"fecha_publicacion": "12 de mayo de 1890", "género": ["Poesía"]},
        {"ano": "c. 1890-1895", "tipo": "Livro didático"},
        {"dc:date": "1890", "dc.type": "info:eu-repo/semantics/masterThesis"},
        {"created": "1890", "modified": "1890", "updated_at": "1890", "title": "1890"},
        {"date": None, "type": {"a": 1}},
        {"year": True, "genre": []},
        {"Fecha de publicación": "s. XIX", "date": "2025-01-01", "kind": "archive"},
    ]
    found = read(archive, params, {"a.jsonl": lines(*records)}, format="jsonl")
    expected = [
        ("1890s", "press"), ("1890s", "literature"), ("1890s", "literature"), ("1890s", "education"), ("1890s", "science"),
        ("unknown", "unknown"), ("unknown", "unknown"), ("unknown", "unknown"), ("19th century", "archive"),
    ]  # fmt: skip
    assert list(found[f"a.jsonl#{n}"] for n in range(1, 10)) == expected


def test_a_column_that_is_named_is_read_in_place_of_those_that_are_called_so(archive: Workspace, params: Params) -> None:
    table = f'text,fecha,escrito,clase\n"{STORY}",2025-01-01,1820,Ley\n'
    fields = {"text": "text", "date": "escrito", "kind": "clase"}
    assert one(archive, params, {"a.csv": table}, format="csv", fields=fields) == ("1820s", "law")


def test_a_column_that_holds_the_text_holds_no_date_whatever_it_is_called(archive: Workspace, params: Params) -> None:
    raw = json.dumps({"data": "1890", "type": "Ley"})
    fields = {"text": "data", "title": "type"}
    assert one(archive, params, {"a.jsonl": raw}, format="jsonl", fields=fields) == ("unknown", "unknown")


def test_parquet_states_them_in_days_numbers_and_words(archive: Workspace, params: Params) -> None:
    stream = io.BytesIO()
    far = pa.array([10**18, None, -2_508_192_000_000_000], pa.timestamp("us", tz="Mars/Olympus"))
    columns = {"text": MANY[:3], "date": far, "year": pa.array([1750.0, None, 1750.0]), "genre": ["poema", None, "x"]}
    pq.write_table(pa.table({**columns, "type": pa.array([[{"a": 1}], None, None])}), stream)
    found = read(archive, params, {"a.parquet": stream.getvalue()})
    assert [found[f"a.parquet#{n}"] for n in (1, 2, 3)] == [("1750s", "literature"), ("unknown", "unknown"), ("1890s", "unknown")]


def test_a_sidecar_states_them(archive: Workspace, params: Params) -> None:
    files: Files = {"a.md": STORY, "a.json": json.dumps({"title": "t", "fecha": "mayo de 1932", "tipo": "Acta"})}
    assert one(archive, params, files, format="markdown") == ("1930s", "archive")


def test_word_s_own_times_are_the_file_s_and_what_a_person_named_is_the_text_s(archive: Workspace, params: Params) -> None:
    own = '<dcterms:created xmlns:dcterms="urn:t">1999-01-01T00:00:00Z</dcterms:created><cp:category>Educación</cp:category>'
    custom = PROPERTIES.format(
        '<property name="Fecha"><vt:lpwstr>siglo XVIII</vt:lpwstr></property>'
        '<property name="Tipo"><vt:lpwstr>Novela</vt:lpwstr></property>'
    )
    files: Files = {"a.docx": docx(paragraph(MANY[0]), own), "b.docx": docx(paragraph(MANY[1]), own, docProps__custom_xml=custom)}
    assert read(archive, params, files) == {"a.docx": ("unknown", "unknown"), "b.docx": ("18th century", "literature")}


def test_the_date_of_an_opendocument_is_its_last_change_and_is_not_read(archive: Workspace, params: Params) -> None:
    meta = "<dc:date>1999-01-01T00:00:00</dc:date><meta:creation-date>1999-01-01</meta:creation-date>"
    named = (
        '<meta:user-defined meta:name="Año">1921</meta:user-defined><meta:user-defined meta:name="Tipo">carta</meta:user-defined>'
    )
    files: Files = {
        name: odt(f"<text:p>{words}</text:p>", more)
        for name, words, more in (("a.odt", MANY[0], meta), ("b.odt", MANY[1], meta + named))
    }
    assert read(archive, params, files) == {"a.odt": ("unknown", "unknown"), "b.odt": ("1920s", "archive")}


@pytest.mark.parametrize(
    ("metadata", "period"),
    [
        ("<dc:date>1890-05-12</dc:date>", "1890s"),
        ("<dc:date>2022-09-05T01:11:59Z</dc:date>", "unknown"),  # when the e-book was made
        (f'<dc:date {OPF} opf:event="publication">1890</dc:date>', "1890s"),
        (
            f'<dc:date {OPF} opf:event="publication">2005</dc:date>'
            f'<dc:date {OPF} opf:event="original-publication">1872</dc:date>',
            "1870s",
        ),
        ("<dc:date>2005</dc:date><dc:source>Buenos Aires: La Pampa</dc:source>", "unknown"),
        (f'<dc:date {OPF} opf:event="modification">1990</dc:date>', "unknown"),
        (f'<dc:date {OPF} opf:event="conversion">1990</dc:date>', "unknown"),
        ('<meta property="dcterms:modified">1990-01-02T00:00:00Z</meta>', "unknown"),
        ('<dc:date>2019</dc:date><meta property="dcterms:issued">1890</meta>', "1890s"),
    ],
)
def test_an_epub_states_its_publication(archive: Workspace, params: Params, metadata: str, period: str) -> None:
    raw = epub([f"<p>{STORY}</p>"], f"{metadata}<dc:type>Cuentos</dc:type><dc:subject>Ley</dc:subject>")
    assert one(archive, params, {"a.epub": raw}) == (period, "literature")


@pytest.mark.parametrize(
    ("xmp", "described"),
    [
        ("<prism:publicationDate>1890-05-12</prism:publicationDate>", ("1890s", "unknown")),
        ("<dc:date><rdf:Seq><rdf:li>1890</rdf:li></rdf:Seq></dc:date>", ("1890s", "unknown")),
        ("<dc:date><rdf:Seq><rdf:li>2026-05-12T10:30:00Z</rdf:li></rdf:Seq></dc:date>", ("unknown", "unknown")),
        ("<xmp:CreateDate>1999-01-02T00:00:00Z</xmp:CreateDate><dc:date>1999-01-02</dc:date>", ("unknown", "unknown")),
        ("<prism:aggregationType>newspaper</prism:aggregationType>", ("unknown", "press")),
        ("", ("unknown", "unknown")),
    ],
)
def test_a_pdf_states_its_publication_in_xmp_and_not_the_day_it_was_made(
    archive: Workspace, params: Params, xmp: str, described: tuple[str, str]
) -> None:
    assert one(archive, params, {"a.pdf": with_xmp(xmp)}) == described


def test_tei_states_when_the_text_was_written_before_when_its_source_was_printed(archive: Workspace, params: Params) -> None:
    published = "<date>2015</date></publicationStmt>"
    source = '<sourceDesc><bibl><date when="1905">1905</date></bibl></sourceDesc><publicationStmt>'
    files: Files = {
        "a.xml": tei(f"<body><p>{MANY[0]}</p></body>", published + source),
        "b.xml": tei(f"<body><p>{MANY[1]}</p></body>", "<date>2015</date>"),
        "c.xml": tei(f"<body><p>{MANY[2]}</p></body>", published + source).replace(
            "</fileDesc>",
            '</fileDesc><profileDesc><creation><date notBefore="1890" notAfter="1895">fin de siglo</date></creation>'
            "<textClass><keywords><term>poesía</term><term>río</term></keywords></textClass></profileDesc>",
        ),
    }
    assert read(archive, params, files) == {
        "a.xml": ("1900s", "unknown"), "b.xml": ("unknown", "unknown"), "c.xml": ("1890s", "literature"),
    }  # fmt: skip


ISSUED = "<mods:originInfo><mods:dateIssued>{}</mods:dateIssued></mods:originInfo>"
RELATED = '<mods:relatedItem type="{}">{}</mods:relatedItem>'
DIGITISED = ISSUED.replace("originInfo>", 'originInfo eventType="digitization">', 1)


@pytest.mark.parametrize(
    ("mods", "described"),
    [
        (ISSUED.format("1890-05-12") + "<mods:genre>newspaper</mods:genre>", ("1890s", "press")),
        (DIGITISED.format("2015") + ISSUED.format("[189-]"), ("1890s", "unknown")),
        (ISSUED.format("2015") + RELATED.format("original", ISSUED.format("1821")), ("1820s", "unknown")),
        (RELATED.format("references", ISSUED.format("1821")), ("unknown", "unknown")),
        ("<mods:recordInfo><mods:recordCreationDate>1999</mods:recordCreationDate></mods:recordInfo>", ("unknown", "unknown")),
        (
            "<mods:originInfo><mods:dateIssued point='start'>1810</mods:dateIssued>"
            "<mods:dateIssued point='end'>1850</mods:dateIssued></mods:originInfo>"
            "<mods:typeOfResource>text</mods:typeOfResource><mods:genre>poetry</mods:genre>",
            ("19th century", "literature"),
        ),
        (ISSUED.format("9999") + "<mods:subject><mods:topic>ley</mods:topic></mods:subject>", ("unknown", "unknown")),
    ],
)  # fmt: skip
def test_mods_states_when_it_was_issued(archive: Workspace, params: Params, mods: str, described: tuple[str, str]) -> None:
    page = alto(f"<TextBlock>{alto_line(STORY)}</TextBlock>")
    assert one(archive, params, {"m.xml": mets(["1.xml"], [], mods), "1.xml": page}) == described


def test_mets_itself_names_the_kind_of_what_it_holds(archive: Workspace, params: Params) -> None:
    book = mets(["1.xml"], []).replace('<div TYPE="book">', '<div TYPE="Newspaper">')
    assert one(archive, params, {"m.xml": book, "1.xml": alto(f"<TextBlock>{alto_line(STORY)}</TextBlock>")})[1] == "press"


@pytest.mark.parametrize(
    ("head", "described"),
    [
        ('<meta property="article:published_time" content="1999-03-01T10:00:00-05:00">', ("1990s", "unknown")),
        ('<meta property="article:modified_time" content="1999-03-01">', ("unknown", "unknown")),
        ('<meta name="DC.date" content="1999"><meta name="DC.Type" content="Legislación">', ("1990s", "law")),
        ('<meta name="DCTERMS.issued" content="1999"><meta name="date" content="2024">', ("1990s", "unknown")),
        ('<meta property="og:type" content="article"><meta name="dcterms.created" content="1999">', ("unknown", "unknown")),
        (json_ld(**{"@type": "NewsArticle", "datePublished": "1999-03-01"}), ("1990s", "press")),
        (json_ld(**{"@graph": [{"@type": ["ScholarlyArticle"], "datePublished": "1999"}]}), ("1990s", "science")),
        (json_ld(**{"@type": "WebSite", "datePublished": "1999"}), ("unknown", "unknown")),
        ('<script type="application/ld+json">{"@type": "NewsArticle", </script>', ("unknown", "unknown")),
    ],
)
def test_a_page_states_its_publication(archive: Workspace, params: Params, head: str, described: tuple[str, str]) -> None:
    assert one(archive, params, {"a.html": html(head)}) == described


def test_a_transcript_is_an_oral_record_unless_its_delivery_says_what_else(archive: Workspace, params: Params) -> None:
    grid = f'"ooTextFile"\n"TextGrid"\n\n0\n5.5\n<exists>\n1\n"IntervalTier"\n"Rosa"\n0\n5.5\n1\n1.2\n3\n"{STORY}"\n'
    assert one(archive, params, {"a.TextGrid": grid}, period="1970s") == ("1970s", "oral_record")
    assert one(archive, params, {"a.TextGrid": grid}, kind="education") == ("unknown", "education")


def test_subtitles_may_be_a_film_s_and_say_no_kind(archive: Workspace, params: Params) -> None:
    assert one(archive, params, {"a.vtt": SUBTITLES}, period="1970s") == ("1970s", "unknown")
    assert one(archive, params, {"a.vtt": SUBTITLES}, kind="education") == ("unknown", "education")


def test_what_the_delivery_says_holds_where_a_document_says_nothing(archive: Workspace, params: Params) -> None:
    said = {"period": 1890, "kind": "press"}
    records = lines({}, {"date": "s.f.", "type": "Texto"}, {"date": "1821", "type": "poema"})
    found = read(archive, params, {"a.jsonl": records}, format="jsonl", **said)
    assert list(found.values()).count(("1890s", "press")) == 2
    assert found["a.jsonl#3"] == ("1820s", "literature")


def test_a_wrong_date_is_unknown_even_where_the_delivery_says_one_and_is_named(archive: Workspace, params: Params) -> None:
    wrong = ("31/02/1890", "9999", "2999-01-01", "90", "antes de 1890")
    deliver(
        archive,
        {"a.jsonl": lines(*({"date": date} for date in wrong), {"type": "novela; prensa"})},
        format="jsonl",
        period="1890",
    )
    row = descriptions(archive, params)
    periods = {str(one["path"]): one["period"] for one in documents(archive)}
    assert [periods[f"a.jsonl#{n}"] for n in range(1, 7)] == ["unknown"] * 5 + ["1890s"]
    assert row[1:6] == (6, 1, 0, 5, 1)
    assert "a.jsonl#1: '31/02/1890' is a day that no calendar has" in str(row[6])


def test_no_value_of_a_field_gets_into_the_report(archive: Workspace, params: Params) -> None:
    names = ("data", "fecha", "tipo", "genero")
    deliver(archive, {"a.jsonl": lines(*({name: "Juana Quispe, 14 años, calle Sucre 3"} for name in names))}, format="jsonl")
    row = descriptions(archive, params)
    assert row[4:6] == (1, 2)
    assert "a.jsonl#2: a value of 36 characters is not read as a date" in str(row[6])
    assert not {"Juana", "Quispe", "Sucre"} & set(str(row[6]).replace(",", " ").replace("'", " ").split())


def test_data_is_a_date_only_where_the_delivery_names_it(archive: Workspace, params: Params) -> None:
    raw = lines({"data": "1890"})
    assert one(archive, params, {"a.jsonl": raw}, format="jsonl") == ("unknown", "unknown")
    fields = {"text": "text", "date": "data"}
    assert one(archive, params, {"a.jsonl": raw}, format="jsonl", fields=fields) == ("1890s", "unknown")


def test_two_kinds_are_not_decided_between_even_by_the_delivery(archive: Workspace, params: Params) -> None:
    records = lines({"genre": "novela", "type": "ley"})
    assert one(archive, params, {"a.jsonl": records}, format="jsonl", kind="press") == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"period": "época colonial"}, "is not read as a date"),
        ({"period": "s.f."}, "leave the key out"),
        ({"kind": "novela"}, "literature"),
    ],
)
def test_a_delivery_that_says_what_is_no_period_or_kind_is_told_so(archive: Workspace, said: dict[str, str], words: str) -> None:
    folder = deliver(archive, {"a.txt": STORY}, format="text")
    text = (folder / "delivery.yaml").read_text()
    (folder / "delivery.yaml").write_text(text + "".join(f"{key}: {value}\n" for key, value in said.items()))
    with pytest.raises(OperatorError, match=words):
        read_delivery(folder)


def test_dates_are_held_against_the_run_s_day_and_not_the_clock(archive: Workspace, params: Params) -> None:
    assert params.rights.as_of.year <= datetime.now(tz=UTC).year
    later = params.model_copy(
        update={"rights": params.rights.model_copy(update={"as_of": params.rights.as_of.replace(year=2400)})}
    )
    deliver(archive, {"a.jsonl": lines({"date": "2390"})}, format="jsonl")
    register(archive, valid_until=None)
    take_in(archive, later)
    assert [row["period"] for row in documents(archive)] == ["2390s"]
