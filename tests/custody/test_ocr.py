"""`latamgpt ocr`: scans are read once, the result is part of the delivery; without the engine one sentence says what to do."""

import shutil
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.custody.ocr import Wish, read_scans
from latamgpt.custody.ocr_engine import page_from_table, write_frames
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.intake.delivery import fixity_faults, read_delivery
from latamgpt.intake.documents import run
from latamgpt.intake.ocr_record import OcrRecord
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, documents, keep_in_brazil, reasons, register, seal
from tests.intake.made_files import alto, alto_line, mets
from tests.intake.scans_made import LINES, ocr_result, page, pdf, picture, scanned_pdf

HAS_ENGINE = shutil.which("tesseract") is not None and shutil.which("pdftoppm") is not None
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="Tesseract and Poppler are not installed: `make setup-ocr`")
HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def word(block: int, line: int, confidence: float, text: str) -> str:
    return f"5\t1\t{block}\t1\t{line}\t1\t0\t0\t9\t9\t{confidence}\t{text}"


def test_a_page_s_confidence_is_its_words_mean_by_their_length() -> None:
    table = "\n".join(
        [HEAD, "4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t", word(1, 1, 96, "maestro"), word(1, 2, 40, "rur"), word(2, 1, 90, "el")]
    )
    read = page_from_table(table, 3)
    assert (read.text, read.number, read.num_words, read.doubtful) == ("maestro\nrur\n\nel", 3, 3, ("rur",))
    assert read.confidence == round((96 * 7 + 40 * 3 + 90 * 2) / 12, 2)


def test_a_page_without_words_has_no_confidence() -> None:
    assert page_from_table(HEAD, 1).confidence == 0.0
    assert not page_from_table(HEAD, 1).is_good(0.0)
    assert page_from_table("", 1, is_blank=True).is_good(1.0)


def test_without_the_engine_one_sentence_says_what_to_install(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    register(office)
    folder = deliver(office, {"a.png": picture(LINES)}, format="files")
    monkeypatch.setenv("PATH", str(office.root))
    with pytest.raises(OperatorError, match="is not installed.*make setup-ocr"):
        read_scans(office, Wish(folder), print)
    assert not (folder / "a.png.ocr.json").exists()


def test_a_dry_run_names_the_scans_and_needs_no_engine(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    register(office)
    folder = deliver(office, {"a.png": picture(LINES), "b.pdf": scanned_pdf([LINES]), "c.pdf": pdf([LINES])}, format="files")
    monkeypatch.setenv("PATH", str(office.root))
    assert main(["ocr", str(folder), "--dry-run"]) == 0
    assert "would read 2 of 2 scans with Tesseract (spa): a.png, b.pdf." in capsys.readouterr().out


def test_pictures_of_pages_that_a_mets_brings_the_text_of_are_not_read(
    office: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    register(office)
    page_1 = alto(f"<TextBlock>{alto_line('El maestro')}</TextBlock>")
    files: dict[str, bytes | str] = {"1.xml": page_1, "mets.xml": mets(["1.xml"], ["1.png", "libro.pdf"])}
    files |= {"1.png": picture(LINES), "libro.pdf": scanned_pdf([LINES]), "otra.png": picture(LINES)}
    folder = deliver(office, files, format="files")
    assert main(["ocr", str(folder), "--dry-run"]) == 0
    assert "would read 1 of 1 scans with Tesseract (spa): otra.png." in capsys.readouterr().out
    (folder / "mets.xml").write_text(mets(["1.xml", "2.xml"], ["1.png", "libro.pdf"]))
    seal(folder)
    assert main(["ocr", str(folder), "--dry-run"]) == 0
    assert "would read 3 of 3 scans" in capsys.readouterr().out


def test_a_delivery_that_is_not_whole_is_refused(office: Workspace) -> None:
    register(office)
    folder = deliver(office, {"a.png": picture(LINES), "b.txt": "Un relato."}, format="files")
    (folder / "b.txt").write_text("Otro relato.")
    with pytest.raises(OperatorError, match=r"b\.txt is changed by the manifest"):
        read_scans(office, Wish(folder), print)


def test_a_bag_is_refused(office: Workspace) -> None:
    register(office)
    folder = deliver(office, {"a.png": picture(LINES)}, format="bagit")
    with pytest.raises(OperatorError, match="is a bag"):
        read_scans(office, Wish(folder), print)


def test_scans_with_results_are_left_as_they_are(office: Workspace) -> None:
    register(office)
    scan = picture(LINES)
    folder = deliver(office, {"a.png": scan, "a.png.ocr.json": ocr_result(scan, page(1, "El"))}, format="files")
    assert "1 scans, each with its OCR result" in read_scans(office, Wish(folder), print)


def test_an_odd_resolution_is_refused(office: Workspace) -> None:
    assert main(["ocr", str(office.root), "--dpi", "7"]) == 2


def test_frames_of_a_picture_are_written_grey_with_their_darkness(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(picture(LINES, "TIFF"))
    (tmp_path / "b.png").write_bytes(picture([]))
    written = write_frames(str(tmp_path / "a.tif"), str(tmp_path))
    assert len(written["dark_shares"]) == 1
    assert 0.01 < written["dark_shares"][0] < 0.2
    assert write_frames(str(tmp_path / "b.png"), str(tmp_path)) == {"dark_shares": [0.0]}


@pytest.mark.slow
@needs_engine
def test_scans_are_read_entered_and_taken_in(office: Workspace, params: Params) -> None:
    register(office)
    tif, book = picture(LINES, "TIFF"), scanned_pdf([LINES, [], LINES[:1]])
    folder = deliver(office, {"a.tif": tif, "libro.pdf": book, "roto.png": b"\x89PNG broken"}, format="files")
    words = read_scans(office, Wish(folder), print)
    assert "read 4 pages, of which 0 wait" in words
    assert "1 scans could not be read: roto.png cannot be read" in words
    assert fixity_faults(folder, read_delivery(folder)) == []
    assert "scans_read" in (office.root / "governance" / "audit.jsonl").read_text()
    assert OcrRecord.model_validate_json((folder / "libro.pdf.ocr.json").read_bytes()).pages[1].is_blank
    run(office, params, "archivo-sur")
    assert {row["path"]: row["text"] for row in documents(office)} == {
        "a.tif": " ".join(LINES),
        "libro.pdf": f"{' '.join(LINES)}\n\n{LINES[0]}",
    }
    assert reasons(office) == {"roto.png": "ocr_missing"}
    first = (folder / "a.tif.ocr.json").read_bytes()
    read_scans(office, Wish(folder, anew=True), print)
    assert (folder / "a.tif.ocr.json").read_bytes() == first


LINES_IN = {
    ("pt-BR", "por"): [
        "A educação das crianças não é só lição de cartilha:",
        "são também os pães do forno, a canção da avó e o chão",
        "da praça, onde ninguém lhes dá uma explicação à força.",
    ],
    ("quy", "que"): [
        "Tukuy runakuna kay pachapi paqarimunku qispisqa, allin",
        "kawsaypi, chaninchasqa kaypi, yuyayniyuq, chaynataq",
        "llapanku wawqi pani hina kawsakunanku tiyan.",
    ],
}


@pytest.mark.slow
@needs_engine
@pytest.mark.parametrize(("tag", "pack"), LINES_IN)
def test_portuguese_and_quechua_are_read_with_their_own_packs_letter_by_letter(
    office: Workspace, params: Params, tag: str, pack: str
) -> None:
    register(office)
    lines = LINES_IN[tag, pack]
    folder = deliver(office, {"a.tif": picture(lines, "TIFF")}, format="files", language=tag)
    read_scans(office, Wish(folder), print)
    record = OcrRecord.model_validate_json((folder / "a.tif.ocr.json").read_bytes())
    assert pack in record.languages.split("+")
    run(office, params, "archivo-sur")
    assert [(row["text"], row["declared_language"]) for row in documents(office)] == [(" ".join(lines), tag)]


@pytest.mark.slow
@needs_engine
def test_a_language_without_its_pack_is_refused(office: Workspace) -> None:
    register(office)
    folder = deliver(office, {"a.png": picture(LINES)}, format="files")
    with pytest.raises(OperatorError, match="apt-get install tesseract-ocr-xyz"):
        read_scans(office, Wish(folder, languages="spa+xyz"), print)


def test_scans_that_may_not_be_read_on_this_machine_are_not_opened(office: Workspace) -> None:
    register(office)
    folder = deliver(office, {"hoja.png": picture([LINES[0]])}, format="files")
    keep_in_brazil(office)
    with pytest.raises(NotPermittedError, match="lets its texts lie in BR, not at laptop in CL"):
        read_scans(office, Wish(folder), print)
    assert not (folder / "hoja.png.ocr.json").exists()
