import gzip
import io
import random

import orjson
import pypdf
import pytest
import zstandard

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, take_in

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."
PAGE = """<html lang="es-BO"><head><title>Un  cuento</title>{meta}</head><body><nav><a href="/">Inicio</a></nav>
<article><h1>Un cuento</h1><p>{text}</p><p>Y el río volvió a preguntar, más fuerte, a las piedras del camino.</p></article>
</body></html>"""


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


def line(**values: object) -> bytes:
    return orjson.dumps({"text": STORY, **values}) + b"\n"


def pdf(**metadata: str) -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({f"/{key}": value for key, value in metadata.items()})
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def texts(workspace: Workspace) -> set[str]:
    return {str(row["text"]) for row in documents(workspace)}


@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)])
def test_json_lines_are_read_plain_and_compressed(archive: Workspace, params: Params, suffix: str, pack: object) -> None:
    raw = b"\n".join([line(text="Uno."), line(text="Dos.", lengua="quy", nombre="El dos"), b""])
    fields = {"text": "text", "language": "lengua", "title": "nombre"}
    deliver(archive, {f"t.jsonl{suffix}": pack(raw)}, format="jsonl", fields=fields)  # type: ignore[operator]
    take_in(archive, params)
    found = {(row["text"], row["declared_language"], row["title"]) for row in documents(archive)}
    assert found == {("Uno.", "es-AR", ""), ("Dos.", "quy", "El dos")}
    assert {row["path"] for row in documents(archive)} == {f"t.jsonl{suffix}#1", f"t.jsonl{suffix}#3"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"text": "a", "n": NaN}', "json_invalid"),
        (b'{"text": "a", "n": Infinity}', "json_invalid"),
        (b'{"text": "a", "text": "b"}', "json_invalid"),
        (b'{"text": "a", "m": {"k": 1, "k": 2}}', "json_invalid"),
        (b'["a"]', "json_invalid"),
        (b'{"text": "cut sho', "json_invalid"),
        (b'{"text": "\\ud800"}', "json_invalid"),
        (b'{"text": ' + b"[" * 5000, "json_invalid"),
        (b'{"text": "a", "n": ' + b"[" * 900 + b"]" * 900 + b"}", None),
        (b'{"text": "a\\u0000b"}', "encoding"),
        (b'{"text": "\xe9"}', "encoding"),
        (b'{"texto": "a"}', "record_invalid"),
        (b'{"text": 7}', "record_invalid"),
        (b'{"text": ""}', "empty_document"),
        (b'{"text": "a", "language": "espa\xc3\xb1ol"}', "record_invalid"),
    ],
)
def test_a_bad_record_is_set_aside_alone_with_its_number(
    archive: Workspace, params: Params, bad: bytes, reason: str | None
) -> None:
    raw = line(text="Antes.") + bad + b"\n" + line(text="Después.")
    deliver(archive, {"t.jsonl": raw}, format="jsonl", fields={"language": "language"})
    take_in(archive, params)
    assert {"Antes.", "Después."} <= texts(archive)
    assert reasons(archive) == ({"t.jsonl#2": reason} if reason else {})


def test_a_last_record_that_is_cut_is_named_as_the_last_and_those_before_it_are_used(archive: Workspace, params: Params) -> None:
    whole = line(text="Uno.") + line(text="Dos.") + line(text="Tres.")
    deliver(archive, {"t.jsonl": whole[:-6]}, format="jsonl")
    take_in(archive, params)
    assert texts(archive) == {"Uno.", "Dos."}
    (row,) = exclusions(archive)
    assert (row["path"], row["reason"]) == ("t.jsonl#3", "json_invalid")
    assert str(row["detail"]).endswith("the file's last line, perhaps cut short")


def test_a_line_of_a_gigabyte_is_bounded(archive: Workspace, params: Params) -> None:
    packer = zstandard.ZstdCompressor().compressobj()
    piece = b"a" * (1 << 20)
    bomb = b"".join([packer.compress(b'{"text": "'), *(packer.compress(piece) for _ in range(1024)), packer.flush()])
    assert len(bomb) < 1 << 18
    deliver(archive, {"a.jsonl.zst": bomb, "b.jsonl": line()}, format="jsonl")
    take_in(archive, params)
    assert reasons(archive) == {"a.jsonl.zst": "too_large"}
    assert texts(archive) == {STORY}


def test_one_id_before_two_texts_is_named_and_before_one_text_is_a_copy(archive: Workspace, params: Params) -> None:
    raw = line(text="Uno.", id="a") + line(text="Otro.", id="a") + line(text="Dos.", id="b") + line(text="Dos.", id="b")
    deliver(archive, {"1.jsonl": raw, "2.jsonl": line(text="Tres.", id="b")}, format="jsonl", fields={"id": "id"})
    take_in(archive, params)
    assert texts(archive) == {"Uno.", "Dos."}
    assert reasons(archive) == {
        "1.jsonl#2": "record_id_repeated",
        "1.jsonl#4": "repeated_in_delivery",
        "2.jsonl#1": "record_id_repeated",
    }


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000])
def test_a_number_that_no_machine_holds_sets_its_record_aside_or_is_ignored(
    archive: Workspace, params: Params, number: str
) -> None:
    deliver(archive, {"a.jsonl": b'{"text": "Uno.", "n": %s}\n' % number.encode() + line()}, format="jsonl")
    take_in(archive, params)
    assert STORY in texts(archive)
    assert set(reasons(archive).values()) <= {"json_invalid"}


def test_marks_of_direction_and_no_width_neither_stop_the_reader_nor_hide_a_licence(archive: Workspace, params: Params) -> None:
    files = {"a.txt": "\u202eoír\u202c le\u200bído \u2066x\u2069", "b.txt": STORY, "c.txt": "CC BY\u200b-NC\u200d-ND 4.0"}
    deliver(archive, files)
    take_in(archive, params)
    assert reasons(archive) == {"c.txt": "licence_contradiction"}


def test_a_text_with_nul_inside_a_record_is_refused(archive: Workspace, params: Params) -> None:
    deliver(archive, {"t.csv": "text\nbien\n"}, format="csv")
    deliver(archive, {"t.csv": b"text\nma\0l\n"}, format="csv", id="otro")
    take_in(archive, params)
    assert reasons(archive) == {"t.csv": "encoding"}


def test_a_record_above_the_cap_is_set_aside_alone(archive: Workspace, params: Params) -> None:
    deliver(archive, {"t.jsonl": line(text="a" * 2000) + line()}, format="jsonl")
    deliver(archive, {"t.csv": f"text\n{'a' * 2000}\nbien\n"}, format="csv", id="tabla")
    caps = params.documents.model_copy(update={"max_record_bytes": 1000})
    take_in(archive, params.model_copy(update={"documents": caps}))
    assert reasons(archive) == {"t.jsonl#1": "too_large", "t.csv#1": "too_large"}
    assert texts(archive) == {STORY, "bien"}


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)])
def test_a_bomb_is_stopped_at_the_cap(archive: Workspace, params: Params, suffix: str, pack: object) -> None:
    bomb = pack(b"\n" * (64 << 20))  # type: ignore[operator]
    assert len(bomb) < 1 << 17
    deliver(archive, {f"a.jsonl{suffix}": bomb, f"b.jsonl{suffix}": pack(line())}, format="jsonl")  # type: ignore[operator]
    caps = params.documents.model_copy(update={"max_file_bytes": 1 << 20})
    take_in(archive, params.model_copy(update={"documents": caps}))
    assert reasons(archive) == {f"a.jsonl{suffix}": "too_large"}
    assert texts(archive) == {STORY}


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.ZstdCompressor(write_checksum=True).compress)]
)
@pytest.mark.parametrize("damage", [lambda raw: raw[:-9], lambda raw: raw[:40] + b"????" + raw[44:], lambda _: b"not packed"])
def test_a_damaged_archive_is_set_aside_whole(
    archive: Workspace, params: Params, suffix: str, pack: object, damage: object
) -> None:
    noise = random.Random(3).randbytes(400).hex()
    raw = pack(line(text=noise) * 3)  # type: ignore[operator]
    deliver(archive, {f"a.jsonl{suffix}": damage(raw), f"b.jsonl{suffix}": pack(line())}, format="jsonl")  # type: ignore[operator]
    take_in(archive, params)
    assert reasons(archive) == {f"a.jsonl{suffix}": "compression_damaged"}
    assert texts(archive) == {STORY}


def test_frames_of_zstandard_one_after_the_other_are_one_file(archive: Workspace, params: Params) -> None:
    pack = zstandard.ZstdCompressor().compress
    deliver(archive, {"a.jsonl.zst": pack(line(text="Uno.")) + pack(line(text="Dos."))}, format="jsonl")
    take_in(archive, params)
    assert texts(archive) == {"Uno.", "Dos."}


def test_csv_rows_become_documents_and_ragged_ones_are_set_aside(archive: Workspace, params: Params) -> None:
    raw = 'id,lengua,texto\n1,nah,"Uno, con\ndos líneas"\n2,nah\n3,,Tres\n'
    deliver(archive, {"t.csv": raw}, format="csv", fields={"text": "texto", "language": "lengua", "id": "id"})
    take_in(archive, params)
    found = {(row["text"], row["declared_language"], row["title"]) for row in documents(archive)}
    assert found == {("Uno, con\ndos líneas", "nah", "1"), ("Tres", "es-AR", "3")}
    assert reasons(archive) == {"t.csv#2": "csv_invalid"}


@pytest.mark.parametrize("raw", [b"", b"id,title\n1,a\n", b"text,text\na,b\n", b'text\n"open\n'])
def test_a_csv_file_without_its_columns_is_set_aside_whole(archive: Workspace, params: Params, raw: bytes) -> None:
    deliver(archive, {"t.csv": raw}, format="csv")
    take_in(archive, params)
    assert reasons(archive) == {"t.csv": "csv_invalid"}


def test_latin_1_is_read_where_it_is_declared(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY.encode("latin-1")}, encoding="latin-1")
    take_in(archive, params)
    assert texts(archive) == {STORY}


@pytest.mark.parametrize("order", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_where_it_is_declared(archive: Workspace, params: Params, order: str) -> None:
    deliver(
        archive,
        {"rio.txt": STORY.encode(order), "t.csv": f"text\r\n{STORY[:9]}\r\n".encode(order)},
        format="files",
        encoding=order,
    )
    take_in(archive, params)
    assert texts(archive) == {STORY, STORY[:9]}
    assert exclusions(archive) == []


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (STORY.encode("latin-1"), "utf-8"),
        (STORY.encode("utf-8"), "latin-1"),
        ("“Había” — dijo".encode("cp1252"), "latin-1"),
        (STORY.encode("utf-16"), "utf-8"),
        (STORY[:22].encode(), "utf-16"),
        (b"un relato.", "utf-16-le"),
        (b"a\0b", "utf-8"),
        (b"\xed\xa0\x80", "utf-8"),
        (b"abc", "klingon"),
        (b"abc", "rot13"),
    ],
)
def test_bytes_that_are_not_what_was_declared_are_set_aside(
    archive: Workspace, params: Params, raw: bytes, encoding: str
) -> None:
    deliver(archive, {"rio.txt": raw}, encoding=encoding)
    take_in(archive, params)
    assert reasons(archive) == {"rio.txt": "encoding"}
    assert documents(archive) == []


@pytest.mark.parametrize(
    ("raw", "hint"), [(STORY.encode("latin-1"), ""), (STORY.encode("utf-16"), " (it begins as UTF-16 does)")]
)
@pytest.mark.parametrize("name", ["rio.txt", "t.csv"])
def test_a_wrong_encoding_is_told_with_what_to_do(archive: Workspace, params: Params, name: str, raw: bytes, hint: str) -> None:
    deliver(archive, {name: raw}, format="files")
    take_in(archive, params)
    (row,) = exclusions(archive)
    assert f"{hint}. To use it, ask the partner in which encoding it was saved and declare that" in str(row["detail"])


def test_nan_is_told_as_what_it_is(archive: Workspace, params: Params) -> None:
    deliver(archive, {"t.jsonl": b'{"text": "a", "n": [1, -Infinity]}\n{"text": "NaN: nada",}\n'}, format="jsonl")
    take_in(archive, params)
    first, second = (str(row["detail"]) for row in sorted(exclusions(archive), key=lambda row: str(row["path"])))
    assert first.endswith("): NaN and Infinity are no JSON, null is what says that nothing is known")
    assert "Infinity" not in second


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_8_declared_as_utf_16_is_not_read_as_chinese(archive: Workspace, params: Params, encoding: str) -> None:
    table, story = b"text\nUn relato\n".ljust(16, b"\n"), STORY.encode()
    deliver(archive, {"t.csv": table, "a.txt": story + b" " * (len(story) % 2)}, format="files", encoding=encoding)
    take_in(archive, params)
    assert documents(archive) == []
    assert reasons(archive) == {"t.csv": "encoding", "a.txt": "encoding"}
    assert {"valid UTF-8" in str(row["detail"]) for row in exclusions(archive)} == {True}


def test_a_byte_order_mark_is_no_part_of_a_text(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": b"\xef\xbb\xbf" + STORY.encode()})
    take_in(archive, params)
    assert texts(archive) == {STORY}


def test_markdown_takes_its_title_and_language_from_the_sidecar(archive: Workspace, params: Params) -> None:
    files = {"a.md": f"# El río\n\n{STORY}", "a.json": orjson.dumps({"title": "Río", "language": "es-UY"}), "a.pdf": pdf()}
    deliver(archive, {**files, "b.md": "# Otro\n\nTexto."}, format="markdown")
    take_in(archive, params)
    found = {(row["path"], row["title"], row["declared_language"]) for row in documents(archive)}
    assert found == {("a.md", "Río", "es-UY"), ("b.md", "Otro", "es-AR")}
    assert exclusions(archive) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"{", "sidecar_invalid"),
        ("a.json", b"[1]", "sidecar_invalid"),
        ("a.json", b'{"license": "CC BY-NC-ND 4.0", "license": "CC BY 4.0"}', "sidecar_invalid"),
        ("a.json", b'{"de": {"licen\\u0063ia": "CC BY-NC-ND 4.0", "licencia": "CC BY 4.0"}}', "sidecar_invalid"),
        ("a.json", b"\xff", "encoding"),
        ("a.pdf", b"%PDF-1.7 broken", "pdf_unreadable"),
    ],
)
def test_markdown_whose_companion_cannot_be_read_is_set_aside(
    archive: Workspace, params: Params, name: str, content: bytes, reason: str
) -> None:
    deliver(archive, {"a.md": STORY, name: content, "b.md": "Otro texto."}, format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"a.md": reason}
    assert texts(archive) == {"Otro texto."}


def test_a_sidecar_is_refused_with_the_key_that_stands_twice(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.md": STORY, "a.json": b'{"license": "CC BY-NC-ND 4.0", "license": "CC BY 4.0"}'}, format="markdown")
    take_in(archive, params)
    assert [row["detail"] for row in exclusions(archive)] == [
        "the key 'license' stands twice in one object of a.json: which value holds is unknown, correct it"
    ]


def test_a_print_without_its_text_is_named(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.md": STORY, "z.pdf": pdf()}, format="markdown")
    take_in(archive, params)
    assert reasons(archive) == {"z.pdf": "not_read"}


def test_html_gives_its_main_text_without_the_menu(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.html": PAGE.format(meta="", text=STORY)}, format="html", language="es")
    take_in(archive, params)
    (row,) = documents(archive)
    assert STORY in str(row["text"])
    assert "Inicio" not in str(row["text"])
    assert (row["title"], row["declared_language"]) == ("Un cuento", "es-BO")


MENU = "".join(f'<li><a href="/{number}">Sección {number}</a></li>' for number in range(40))


@pytest.mark.parametrize(
    "body",
    [
        f"<nav><ul>{MENU}</ul></nav><p>{STORY}</p>",
        f"<div role='navigation'>{MENU}</div><article><p>{STORY}</p></article>",
        f"<ul class='menu'>{MENU}</ul><p>{STORY}</p>",
        f"<div id='c'><p>{STORY}</p></div><div class='sidebar'><ul>{MENU}</ul></div><footer>Contacto, mapa del sitio</footer>",
        f"<table><tr><td><ul>{MENU}</ul></td><td><p>{STORY}</p></td></tr></table>",
    ],
    ids=["nav", "role", "list", "sidebar", "table"],
)
def test_html_of_a_short_text_among_long_menus_gives_the_text_alone(archive: Workspace, params: Params, body: str) -> None:
    deliver(archive, {"a.html": f"<html><body>{body}</body></html>"}, format="html")
    take_in(archive, params)
    assert {text.strip("| \n") for text in texts(archive)} == {STORY}


def test_html_keeps_a_list_that_is_no_menu_and_the_lines_of_a_poem(archive: Workspace, params: Params) -> None:
    sources = "".join(f"<li>Crónica del puerto, tomo {n}, en <a href='/{n}'>la biblioteca</a>.</li>" for n in range(5))
    body = f"<nav>Inicio</nav><article><h1>Coplas</h1><p>verso uno<br>verso dos</p><p>{STORY}</p><ul>{sources}</ul></article>"
    deliver(archive, {"a.html": f"<html><body>{body}</body></html>"}, format="html")
    take_in(archive, params)
    (text,) = texts(archive)
    assert "verso uno\nverso dos" in text
    assert "tomo 4, en la biblioteca" in text
    assert "Inicio" not in text


def test_html_that_holds_nothing_is_set_aside(archive: Workspace, params: Params) -> None:
    deliver(archive, {"a.html": b"", "b.html": PAGE.format(meta="", text=STORY)}, format="html")
    take_in(archive, params)
    assert reasons(archive) == {"a.html": "html_unreadable"}


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("es-cl", "es-CL"),
        ("PT-br", "pt-BR"),
        ("es-419", "es-419"),
        ("QUC-latn", "quc-Latn"),
        ("gn-latn-py", "gn-Latn-PY"),
        (" quy ", "quy"),
    ],
)
def test_a_language_tag_is_brought_into_its_usual_case(archive: Workspace, params: Params, written: str, tag: str) -> None:
    raw = line(lengua=written) + orjson.dumps({"text": "Otro relato."})
    deliver(archive, {"a.jsonl": raw}, format="jsonl", language=written, fields={"language": "lengua"})
    take_in(archive, params)
    assert [row["declared_language"] for row in documents(archive)] == [tag, tag]


@pytest.mark.parametrize("written", ["espa\u00f1ol", "es-", "es_CL", "es-CHL", "es-41", "es-CL-CL", "e"])
def test_what_is_no_language_tag_is_set_aside(archive: Workspace, params: Params, written: str) -> None:
    deliver(archive, {"a.jsonl": line(lengua=written)}, format="jsonl", fields={"language": "lengua"})
    take_in(archive, params)
    assert reasons(archive) == {"a.jsonl#1": "record_invalid"}


def test_a_delivery_of_files_is_read_by_the_kind_of_each(archive: Workspace, params: Params) -> None:
    files = {"a.txt": STORY, "b.MD": "# Dos\n\nUn texto.", "c.csv": "text\nTres\n", "d.jsonl": line(text="Cuatro"), "e.xyz": "?"}
    deliver(archive, {**files, "m.md": "# Cinco", "m.json": "{}", "m.pdf": pdf()}, format="files")
    take_in(archive, params)
    assert {row["path"] for row in documents(archive)} == {"a.txt", "b.MD", "c.csv#1", "d.jsonl#1", "m.md"}
    assert reasons(archive) == {"e.xyz": "not_read"}
