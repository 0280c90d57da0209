"""A data subject's request looks into every file that a partner sent, and names each that it cannot look into."""

from pathlib import Path

import pytest

from latamgpt.curation.stripping import BOILERPLATE_SCHEMA
from latamgpt.custody.request_answers import describe
from latamgpt.custody.subject_requests import Case, Kind, open_case
from latamgpt.intake import documents
from latamgpt.params import Params
from latamgpt.store import Workspace, rows_to_table
from latamgpt.table_format import write_table
from tests.builders import publish_corpus, publish_shards, shard_row
from tests.custody.test_data_subject_requests import NAME, PARTNER, ask, small
from tests.intake.deliveries import deliver
from tests.intake.made_files import docx, zipped
from tests.intake.scans_made import ocr_result, page, pdf, picture

__all__ = ["small"]
NOTHING = "answer that nothing was found"


def look(workspace: Workspace, string: str = NAME, **changes: object) -> Case:
    return open_case(workspace, ask(string, dry_run=True, **changes))


def found(case: Case) -> list[tuple[str, str]]:
    return [(trace.delivery, trace.item) for trace in case.traces if trace.place == "deliveries"]


def closed(case: Case) -> list[tuple[str, str, str]]:
    return [(one.delivery, one.item, one.reason) for one in case.unsearched]


def told(case: Case) -> str:
    return describe(case)


def of_person() -> bytes:
    return docx(f"<w:p><w:r><w:t>Carta de {NAME}, vecina del puerto.</w:t></w:r></w:p>")


def test_a_name_in_a_packed_file_of_a_quarantined_delivery_is_found(small: Workspace) -> None:
    folder = deliver(small, {"carta.docx": of_person()}, PARTNER, id="cartas", format="files", agreement="none-such")
    assert ("cartas", "carta.docx") in found(look(small))
    (folder / "delivery.yaml").write_text("id: [", encoding="utf-8")  # nor need its description be readable
    assert ("cartas", "carta.docx") in found(look(small))


@pytest.mark.parametrize("name", ["suelto.docx", "entrega.zip"])
def test_what_lies_beside_the_deliveries_or_in_an_archive_is_looked_into(small: Workspace, name: str) -> None:
    place = small.root / "samples" / PARTNER
    inside = of_person() if name.endswith("docx") else zipped({"cartas/uno.docx": of_person(), "dos.txt": "nada"})
    (place / name).write_bytes(inside)
    item = name if name.endswith("docx") else f"{name}/cartas/uno.docx"
    case = look(small)
    assert ("", item) in found(case)
    assert closed(case) == []
    assert f"Remove from samples/{PARTNER}, where it lies beside the deliveries: {item}" in told(case)


def test_of_a_document_of_scans_the_page_that_was_read_badly_is_named(small: Workspace) -> None:
    files: dict[str, bytes | str] = {}
    for number, confidence in ((1, 96.0), (2, 60.0)):
        scan = picture([f"hoja {number}"])
        read = ocr_result(scan, page(1, "Nadie firmó en esta hoja del libro de actas.", confidence))
        files |= {f"hoja-{number}.png": scan, f"hoja-{number}.png.ocr.json": read}
    deliver(small, files, PARTNER, id="hojas", format="files")
    assert closed(look(small)) == [("hojas", "hoja-2.png", "ocr_low_confidence")]


def test_a_print_beside_its_text_and_a_notice_are_looked_into(small: Workspace) -> None:
    files = {"acta.md": "Un acta.", "acta.json": "{}", "acta.pdf": pdf([[NAME]]), "aviso.docx": of_person()}
    deliver(small, files, PARTNER, id="libros", format="markdown", notice="aviso.docx")
    assert {("libros", "acta.pdf"), ("libros", "aviso.docx")} <= set(found(look(small)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"author": "Mar\\u00eda Quispe\\nMamani"}', "x.json"),
        ("<meta name=author content='Mar&iacute;a Quispe Mamani'>", "x.xhtml"),
        ("<b>María</b> <i>Quispe</i> Mamani", "x.svg"),
    ],
)
def test_escapes_and_tags_do_not_hide_a_name(small: Workspace, text: str, name: str) -> None:
    deliver(small, {name: text}, PARTNER, id="otros", format="files")
    case = look(small, "María Quispe Mamani")
    assert found(case) == [("otros", name)]
    assert closed(case) == []


def test_what_no_reader_reads_is_named_and_forbids_the_answer_that_nothing_is_held(small: Workspace) -> None:
    files = {
        "foto.png": picture(["acta de bautismo"]),
        "voz.wav": b"RIFF\x00\x00\x00\x00WAVE",
        "roto.pdf": b"%PDF-1.4\nnada",
        "roto.zip": b"PK\x03\x04",
        "datos.bin": b"\x00\x01\x02",
        "nota.dat": "un texto que se lee tal cual",
    }
    deliver(small, files, PARTNER, id="cajas", format="files")
    case = look(small, "Persona Que No Consta")
    assert case.traces == ()
    assert closed(case) == [
        ("cajas", "roto.zip", "archive_damaged"),
        ("cajas", "datos.bin", "not_read"),
        ("cajas", "foto.png", "ocr_missing"),
        ("cajas", "roto.pdf", "pdf_unreadable"),
        ("cajas", "voz.wav", "audio_withheld"),
    ]
    said = told(case)
    assert NOTHING not in said
    assert "do not answer that nothing is held" in said
    assert f"  latamgpt ocr samples/{PARTNER}/cajas\n" in said
    assert "dsr open --string - --kind erasure --country CL --received 2026-12-01 --dry-run" in said
    assert f"latamgpt dsr close {case.case} --outcome" in said


def test_where_everything_was_searched_the_answer_and_the_command_are_given(small: Workspace) -> None:
    case = look(small, "Persona Que No Consta")
    assert case.unsearched == ()
    assert NOTHING in told(case)
    assert f"latamgpt dsr close {case.case} --outcome" in told(case)


def test_a_link_is_not_followed_and_what_lies_beside_it_is_named(small: Workspace, tmp_path: Path) -> None:
    folder = deliver(small, {"carta.docx": of_person(), "nota.txt": NAME}, PARTNER, id="enlaces", format="files")
    (folder / "afuera.txt").symlink_to(tmp_path / "nada")
    case = look(small)
    assert ("enlaces", "nota.txt") in found(case)
    assert closed(case) == [("enlaces", "afuera.txt", "unsafe_path"), ("enlaces", "carta.docx", "unsafe_path")]


def test_a_delivery_above_the_caps_is_named_file_by_file(small: Workspace, params: Params) -> None:
    files = {"a.docx": of_person(), "b.docx": of_person()}
    deliver(small, files, PARTNER, id="grande", format="files")
    path = small.root / "params.yaml"
    size = max(len(one) for one in files.values())
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            f"max_delivery_bytes: {params.documents.max_delivery_bytes}", f"max_delivery_bytes: {size}"
        ),
        encoding="utf-8",
    )
    case = look(small)
    assert ("grande", "b.docx", "too_large") in closed(case)


def test_an_erasure_that_reaches_only_files_gives_the_command_for_their_delivery(small: Workspace) -> None:
    deliver(small, {"carta.docx": of_person()}, PARTNER, id="cartas", format="files", agreement="none-such")
    said = told(look(small))
    assert f"latamgpt withdraw --partner {PARTNER} --delivery cartas --reason 'request dsr-" in said
    assert f"--partner {PARTNER} --delivery actas" not in said
    assert f"latamgpt withdraw --partner {PARTNER} --document " in said
    assert "deletes no file" in said


def test_an_access_request_with_closed_files_says_so_before_its_answer(small: Workspace) -> None:
    deliver(small, {"foto.png": picture(["acta"])}, PARTNER, id="cajas", format="files")
    said = told(look(small, kind=Kind.ACCESS))
    assert f"samples/{PARTNER}/cajas: ocr_missing: foto.png" in said
    assert "looks again, and opens no second case" in said


def test_a_closed_file_named_after_the_person_is_not_named(small: Workspace) -> None:
    deliver(small, {f"{NAME}.png": picture(["acta"])}, PARTNER, id="cajas", format="files")
    assert closed(look(small)) == [("cajas", "(its name holds the string)", "ocr_missing")]


def test_a_partner_of_the_run_without_its_folder_is_a_doubt(small: Workspace) -> None:
    (small.root / "samples" / PARTNER).rename(small.root / "samples" / "elsewhere")
    case = look(small, "Persona Que No Consta")
    assert f"No delivery lies here of {PARTNER}" in case.doubt
    assert NOTHING not in told(case)


def test_shards_of_a_document_that_the_corpus_does_not_hold_are_a_doubt(small: Workspace) -> None:
    publish_corpus(small, [])
    publish_shards(small, [shard_row("f" * 64, [1, 2])])
    assert "hold 1 documents that the corpus here does not" in look(small).doubt


def test_a_new_delivery_is_looked_into_before_any_stage_has_read_it(small: Workspace, params: Params) -> None:
    deliver(small, {"carta.docx": of_person()}, PARTNER, id="cartas", format="files")
    before = look(small)
    assert [trace.place for trace in before.traces].count("documents") == 1
    documents.run(small, params, PARTNER)
    assert [trace.place for trace in look(small).traces].count("documents") == 2


@pytest.mark.parametrize(
    ("string", "is_found"), [(NAME, True), ("Rosa Quispe Mamani 77 bis", True), ("Rosa Quispe", True), ("12.531.909-2", False)]
)
def test_a_line_that_was_taken_out_of_many_documents_is_looked_into(small: Workspace, string: str, *, is_found: bool) -> None:
    line = "imprenta de rosa quispe mamani 0 bis, tel. 0.0.0-0"
    rows: list[dict[str, object]] = [{"line_sha256": "ab" * 32, "line": line, "num_docs": 9, "num_docs_without": 8}]
    write_table(small.place("clean_documents", PARTNER) / "boilerplate.parquet", rows_to_table(rows, BOILERPLATE_SCHEMA))
    case = look(small, string)
    found = [(one.partner, one.item) for one in case.traces if one.place == "boilerplate"]
    assert found == ([(PARTNER, "boilerplate.parquet, line abababababababab")] if is_found else [])


def test_what_this_machine_keeps_of_earlier_runs_is_taken_away_before(small: Workspace) -> None:
    kept = small.root / "var" / "cache" / "data" / "clean_documents" / PARTNER
    assert kept.is_dir()
    look(small, "Persona Que No Consta")
    assert not kept.exists()


@pytest.mark.parametrize("on_page", [1, 2])
def test_what_was_read_from_a_scan_is_its_document_s_and_asks_for_no_whole_delivery(
    small: Workspace, params: Params, on_page: int
) -> None:
    files: dict[str, bytes | str] = {}
    for number in (1, 2):
        scan = picture([f"hoja {number}"])
        text = f"La vecina {NAME} firmó aquí." if number == on_page else "Nadie firmó en esta hoja del libro de actas."
        files |= {f"hoja-{number}.png": scan, f"hoja-{number}.png.ocr.json": ocr_result(scan, page(1, text))}
    deliver(small, files, PARTNER, id="hojas", format="files")
    documents.run(small, params.model_copy(update={"partners": (PARTNER,)}), PARTNER)
    case = look(small)
    assert ("hojas", f"hoja-{on_page}.png.ocr.json") in found(case)
    said = told(case)
    assert said.count("--document") == 2
    assert "gave no document" not in said
