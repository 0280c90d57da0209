"""What stands in the correction queue, and what may not be shown there."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.corrections.queue import Queue
from latamgpt.corrections.scan_page import State
from latamgpt.custody.withdraw import Order, withdraw
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.corrections.conftest import FILES, ONE, READ, TWO
from tests.intake.deliveries import deliver, documents, keep_in_brazil, register, seal, take_in
from tests.intake.made_files import alto, alto_line, mets
from tests.intake.scans_made import LINES, corrections, joined, ocr_result, page, pdf, scanned_pdf


def standing(queue: Queue) -> list[tuple[str, int, str]]:
    return [(one.scan, one.read.number, one.state.value) for one in queue.look().pages]


def test_pages_that_are_not_used_come_before_those_that_are_used_and_doubtful(queue: Queue) -> None:
    assert standing(queue) == [("hojas/acta-1.tif", 1, "waiting"), ("otra.png", 1, "unsure")]
    first = queue.look().pages[0]
    assert (first.partner, first.delivery, first.language, first.text) == ("archivo-sur", "relatos", "es-AR", READ)
    assert queue.look().find(first.id) == first
    assert queue.look().find("../../etc/passwd") is None


def test_the_run_s_parameters_say_which_pages_wait(queue: Queue, office: Workspace) -> None:
    path = office.root / "params.yaml"
    assert standing(queue)[0] == ("hojas/acta-1.tif", 1, "waiting")
    path.write_text(
        path.read_text(encoding="utf-8").replace("min_page_confidence: 0.9", "min_page_confidence: 0.4"), encoding="utf-8"
    )
    assert dict((scan, state) for scan, _, state in standing(queue))["hojas/acta-1.tif"] == "unsure"


def test_pages_of_a_book_stand_in_the_order_of_their_numbers(office: Workspace) -> None:
    register(office)
    read = ocr_result(ONE, page(1, "Fl", 41.0))
    deliver(
        office, {name: x for n in (10, 9) for name, x in {f"h-{n}.tif": ONE, f"h-{n}.tif.ocr.json": read}.items()}, format="files"
    )
    assert standing(Queue(office)) == [("h-9.tif", 1, "waiting"), ("h-10.tif", 1, "waiting")]


def test_a_page_that_was_corrected_stands_last(queue: Queue, delivery: Path) -> None:
    (delivery / "hojas/acta-1.tif.corrections.json").write_text(corrections(ONE, (1, READ, "El maestro")), encoding="utf-8")
    seal(delivery)
    assert standing(queue) == [("otra.png", 1, "unsure"), ("hojas/acta-1.tif", 1, "corrected")]
    assert queue.look().pages[1].text == "El maestro"


def test_a_page_that_was_read_anew_since_it_was_corrected_comes_first(queue: Queue, delivery: Path, params: Params) -> None:
    (delivery / "otra.png.corrections.json").write_text(corrections(TWO, (1, "y sus llbros", "y sus libros")), encoding="utf-8")
    seal(delivery)
    assert standing(queue) == [("otra.png", 1, "changed"), ("hojas/acta-1.tif", 1, "waiting")]


def test_only_pages_of_a_pdf_that_have_no_text_layer_are_shown(office: Workspace) -> None:
    register(office)
    book = joined(pdf([LINES]), scanned_pdf([LINES, []]))
    read = ocr_result(book, page(1, "Fl", 41.0), page(2, "Fl", 41.0), page(3, "", 0.0).model_copy(update={"is_blank": True}))
    deliver(office, {"libro.pdf": book, "libro.pdf.ocr.json": read}, format="files")
    assert standing(Queue(office)) == [("libro.pdf", 2, "waiting")]


def test_pictures_of_a_book_whose_text_a_mets_brings_are_not_shown(office: Workspace) -> None:
    register(office)
    files: dict[str, bytes | str] = {"1.xml": alto(f"<TextBlock>{alto_line('El maestro')}</TextBlock>")}
    for name in ("1.tif", "otra.tif"):
        files |= {name: ONE, f"{name}.ocr.json": ocr_result(ONE, page(1, "Fl", 41.0))}
    deliver(office, {**files, "mets.xml": mets(["1.xml"], ["1.tif"])}, format="files")
    assert standing(Queue(office)) == [("otra.tif", 1, "waiting")]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"labels": ["tk_secret_sacred"], "labels_by": "la comunidad"}, "label_forbids"),
        ({"labels": ["tk_community_use_only"], "labels_by": "la comunidad"}, "label_forbids"),
        ({"consent": None}, "consent_missing"),
        ({"withdrawn_on": "2026-05-01"}, "agreement_withdrawn"),
        ({"valid_until": "2026-05-01"}, "agreement_expired"),
        ({"purposes": ["evaluate"]}, "purpose_not_permitted"),
    ],
)
def test_pages_that_an_agreement_forbids_are_not_shown(
    queue: Queue, office: Workspace, terms: dict[str, object], reason: str
) -> None:
    assert queue.look().pages
    register(office, **terms)
    look = queue.look()
    assert (look.pages, [one.reason for one in look.not_shown]) == ((), [reason])


def test_pages_of_a_delivery_with_a_label_of_its_own_are_not_shown(office: Workspace) -> None:
    register(office)
    deliver(office, FILES, format="files", labels=["tk_secret_sacred"])
    assert Queue(office).look().pages == ()


def test_pages_of_a_withdrawn_delivery_or_document_are_not_shown(queue: Queue, office: Workspace, params: Params) -> None:
    take_in(office, params)
    doc_id = next(str(row["doc_id"]) for row in documents(office) if row["path"] == "hojas/acta-1.tif")
    day = date(2026, 11, 21)
    withdraw(office, Order(partner="archivo-sur", reason="se pidió", on=day, document=doc_id))
    assert standing(queue) == [("otra.png", 1, "unsure")]
    withdraw(office, Order(partner="archivo-sur", reason="se pidió", on=day, delivery="relatos"))
    assert [one.reason for one in queue.look().not_shown] == ["withdrawn"]


def test_a_delivery_that_is_not_as_it_was_sent_is_not_shown(queue: Queue, office: Workspace, delivery: Path) -> None:
    (delivery / "otra.png").write_bytes(ONE)
    assert [one.reason for one in Queue(office).look().not_shown] == ["fixity_changed"]


def test_a_link_out_of_the_delivery_is_not_followed(office: Workspace, delivery: Path) -> None:
    (delivery / "otra.png").unlink()
    (delivery / "otra.png").symlink_to("/etc/passwd")
    assert [one.reason for one in Queue(office).look().not_shown] == ["unsafe_path"]


def test_what_does_not_read_beside_a_scan_keeps_no_other_page_away(queue: Queue, delivery: Path) -> None:
    (delivery / "otra.png.corrections.json").write_text("{}")
    seal(delivery)
    assert standing(queue) == [("hojas/acta-1.tif", 1, "waiting")]


def test_the_list_names_pages_people_and_what_is_not_shown(
    office: Workspace, delivery: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (delivery / "otra.png.corrections.json").write_text(corrections(TWO, (1, "y sus lihros", "y sus libros")), encoding="utf-8")
    seal(delivery)
    deliver(office, FILES, format="files", id="secreto", labels=["tk_secret_sacred"])
    assert main(["corrections", "list", "--partner", "archivo-sur"]) == 0
    printed = capsys.readouterr().out
    assert "archivo-sur  relatos   hojas/acta-1.tif  1     es-AR     41 of 100   not used until it is corrected" in printed
    assert "Corrected: 1 pages, by Rosa Quispe (1)" in printed
    assert "Not shown: archivo-sur/secreto: label_forbids: secreto carries the label TK Secret Sacred" in printed


def test_an_empty_queue_is_said(office: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corrections", "list"]) == 0
    assert "No page waits for a correction." in capsys.readouterr().out


def test_the_samples_have_a_page_that_waits(office: Workspace) -> None:
    place = Path("samples", "archivo-litoral", "hojas-del-litoral")
    shutil.copytree(ROOT / place, office.root / place)
    look = Queue(office).look("archivo-litoral")
    assert [(one.scan, one.state) for one in look.pages] == [("hojas/imprenta-2.tif", State.WAITING)]


def test_scans_that_may_not_be_read_on_this_machine_are_not_shown(office: Workspace, delivery: Path) -> None:
    keep_in_brazil(office)
    (one,) = Queue(office).look().not_shown
    assert (one.delivery, one.reason) == ("relatos", "outside_residency")
    assert "lets its texts lie in BR, not at laptop in CL" in one.detail
    assert Queue(office).look().pages == ()
