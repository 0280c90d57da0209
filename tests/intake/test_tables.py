"""Parquet and TSV: a row a record, and a file that lies about itself."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latamgpt.intake import parquet_files
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in

COLUMNS = {"text": "texto", "title": "titulo", "language": "lengua"}


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def parquet(rows_at_once: int = 2, **columns: object) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, row_group_size=rows_at_once)
    return stream.getvalue()


def read(archive: Workspace, params: Params, raw: bytes | str, name: str = "t.parquet", **caps: int) -> list[dict[str, object]]:
    deliver(archive, {name: raw}, format="files", fields=COLUMNS)
    take_in(archive, params.model_copy(update={"documents": params.documents.model_copy(update=caps)}))
    return documents(archive)


def good(**more: object) -> bytes:
    columns = {"texto": ["Uno.", "Dos.", "Tres."], "titulo": ["a", None, "c"], "lengua": ["quy", "", None], "n": [1, 2, 3]}
    return parquet(**columns, **more)


def test_parquet_gives_a_document_for_each_row(archive: Workspace, params: Params) -> None:
    found = {(row["path"], row["text"], row["title"], row["declared_language"]) for row in read(archive, params, good())}
    assert found == {
        ("t.parquet#1", "Uno.", "a", "quy"),
        ("t.parquet#2", "Dos.", "", "es-AR"),
        ("t.parquet#3", "Tres.", "c", "es-AR"),
    }


def test_a_licence_in_a_row_that_contradicts_is_found(archive: Workspace, params: Params) -> None:
    assert len(read(archive, params, good(Licencia=["CC BY 4.0", "", "CC BY-NC 4.0"]))) == 2
    assert reasons(archive) == {"t.parquet#3": "licence_contradiction"}


def test_rows_without_a_text_or_above_the_cap_are_set_aside_alone(archive: Workspace, params: Params) -> None:
    raw = parquet(texto=["Uno.", None, "x" * 2000, "a\0b"], titulo=[""] * 4, lengua=[""] * 4)
    assert [row["text"] for row in read(archive, params, raw, max_record_bytes=1000)] == ["Uno."]
    assert reasons(archive) == {"t.parquet#2": "record_invalid", "t.parquet#3": "too_large", "t.parquet#4": "encoding"}


def lying(raw: bytes) -> bytes:
    """The same file, whose footer promises more rows than there are: the count of rows is a varint after the schema."""
    metadata = pq.read_metadata(io.BytesIO(raw))
    assert metadata.num_rows == 3
    foot = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
    at = raw.index(b"\x16\x06\x19", foot)
    return raw[: at + 1] + b"\x7e" + raw[at + 2 :]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PAR1PAR1",
        good()[:-30],
        good()[:-8] + b"\xff\xff\xff\x7fPAR1",
        good()[:40] + b"\0" * 60 + good()[100:],
        lying(good()),
        parquet(otro=["a"]),
        parquet(texto=["a"], titulo=["b"]),
    ],
    ids=["empty", "magic", "cut", "footer", "pages", "rows", "columns", "missing"],
)
def test_a_parquet_file_that_lies_is_set_aside_whole(archive: Workspace, params: Params, raw: bytes) -> None:
    assert read(archive, params, raw) == []
    assert reasons(archive) == {"t.parquet": "parquet_invalid"}
    assert str(archive.root) not in str(exclusions(archive)[0]["detail"])


def test_a_parquet_bomb_is_stopped_at_the_cap(archive: Workspace, params: Params) -> None:
    raw = parquet(25_000, texto=["a" * 1000] * 25_000, titulo=[""] * 25_000, lengua=[""] * 25_000)
    assert len(raw) < 1 << 20
    assert read(archive, params, raw, max_file_bytes=4 << 20) == []
    assert reasons(archive) == {"t.parquet": "too_large"}


@pytest.mark.parametrize("answer", [None, {"texto": "a"}, ["a"], [{"texto": 1}], [{"texto": ["a"]}]])
def test_an_answer_that_holds_no_rows_sets_the_file_aside(
    archive: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(parquet_files, "run_limited", lambda *_args, **_more: answer)
    assert read(archive, params, good()) == []
    assert reasons(archive) == {"t.parquet": "parquet_invalid"}


def test_tabs_separate_the_cells_of_a_tsv(archive: Workspace, params: Params) -> None:
    raw = 'lengua\ttitulo\ttexto\nquy\tEl "uno"\tUno, dos\n\tb\t"con\ttab"\nmal\n'
    found = {(row["text"], row["title"], row["declared_language"]) for row in read(archive, params, raw, "t.tsv")}
    assert found == {("Uno, dos", 'El "uno"', "quy"), ("con\ttab", "b", "es-AR")}
    assert reasons(archive) == {"t.tsv#3": "csv_invalid"}


@pytest.mark.parametrize("quote", ["", '"'])
def test_semicolons_part_the_cells_of_a_csv_where_only_so_the_named_columns_are_there(
    archive: Workspace, params: Params, quote: str
) -> None:
    head = ";".join(f"{quote}{column}{quote}" for column in ("lengua", "titulo", "texto"))
    found = read(archive, params, f'{head}\nquy;a;"Uno, dos; tres"\n;b;Cuatro, cinco\n', "excel.csv")
    assert {(row["text"], row["declared_language"]) for row in found} == {("Uno, dos; tres", "quy"), ("Cuatro, cinco", "es-AR")}
    assert reasons(archive) == {}


def test_commas_part_the_cells_where_they_make_the_columns_whatever_else_the_header_holds(
    archive: Workspace, params: Params
) -> None:
    (row,) = read(archive, params, "lengua,titulo,texto,a;b\nquy,uno,Dos; tres,x\n", "t.csv")
    assert (row["text"], row["title"]) == ("Dos; tres", "uno")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('lengua,titulo,texto\nquy,a,"Uno\n', "a quotation mark is not closed"),
        ('lengua,titulo,texto\nquy,a,"Uno "dos" tres"\n', "stands once in a cell where it has to stand twice"),
        ("lengua,titulo\nquy,a\n", "has no column 'texto'; number of columns: 2. Correct it, or name under `fields`"),
        ("lengua;titulo\nquy;a\n", "has no column 'texto'; number of columns: 2."),
    ],
)
def test_a_table_that_is_none_is_set_aside_in_words_that_say_what_to_mend(
    archive: Workspace, params: Params, raw: str, said: str
) -> None:
    assert read(archive, params, raw, "t.csv") == []
    (row,) = exclusions(archive)
    assert (row["path"], row["reason"]) == ("t.csv", "csv_invalid")
    assert said in str(row["detail"])


@pytest.mark.parametrize(
    ("value", "kind"), [("null", "missing or empty"), ("5", "a number"), ("[1]", "a list"), ("{}", "an object")]
)
def test_a_text_that_is_none_is_named_in_words(archive: Workspace, params: Params, value: str, kind: str) -> None:
    assert read(archive, params, f'{{"texto": {value}}}\n', "t.jsonl") == []
    assert exclusions(archive)[0]["detail"] == f"'texto' is {kind}, not a text"
