"""A correction becomes part of the delivery: whole, listed, entered, credited; and the next run uses it."""

import shutil
import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.corrections import saving
from latamgpt.corrections.queue import Queue
from latamgpt.corrections.saving import EditedMeanwhileError, GoneError, Said, as_typed, save
from latamgpt.corrections.scan_page import ScanPage, State
from latamgpt.custody.edits import FileEdit
from latamgpt.custody.standing import changed_since
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import sound
from latamgpt.intake import documents as stage
from latamgpt.intake.delivery import fixity_faults, read_delivery
from latamgpt.intake.fixity import check_fixity
from latamgpt.intake.ocr_record import Corrections
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.conftest import ROOT
from tests.corrections.conftest import FILES
from tests.custody.files import state
from tests.intake.deliveries import deliver, documents, exclusions, reasons, register, seal, take_in

TYPED = "El maestro rural llegó al pueblo.\nÑande ko’ẽ, k'iche' ʼarandu."


def said(page: ScanPage, text: str = TYPED, by: str = "Rosa Quispe") -> Said:
    return Said(page.id, page.version, text, by)


def beside(delivery: Path) -> Corrections:
    return Corrections.model_validate_json((delivery / "hojas/acta-1.tif.corrections.json").read_bytes())


def test_a_correction_is_listed_entered_credited_and_used(
    queue: Queue, waiting: ScanPage, delivery: Path, office: Workspace, params: Params
) -> None:
    before = {name: digest for name, digest in state(delivery).items() if name != "manifest-sha256.txt"}
    words = save(queue, said(waiting))
    assert "samples/archivo-sur/relatos: page 1 of hojas/acta-1.tif corrected. Entered as number 1 of the audit log" in words
    assert fixity_faults(delivery, read_delivery(delivery)) == []
    assert {name: digest for name, digest in state(delivery).items() if name in before} == before
    (made,) = beside(delivery).corrections
    assert (made.text, made.corrector, made.page) == (TYPED, "Rosa Quispe", 1)
    (entry,) = sound(office).entries
    assert (entry.action, entry.actor) == ("page_corrected", "Rosa Operadora")
    assert [change.path.rpartition("/")[2] for change in entry.changes] == ["acta-1.tif.corrections.json", "manifest-sha256.txt"]
    assert "Quispe" not in (office.root / "governance" / "audit.jsonl").read_text(encoding="utf-8")
    assert changed_since(office, sound(office)) == []
    take_in(office, params)
    assert TYPED in str(next(r["text"] for r in documents(office) if r["path"] == "hojas/acta-1.tif"))
    assert reasons(office) == {}
    assert [page.state for page in queue.look().pages] == [State.UNSURE, State.CORRECTED]


def test_a_page_of_the_samples_is_corrected_and_the_next_run_uses_it(office: Workspace, params: Params) -> None:
    partner = "archivo-litoral"
    place = Path("samples", partner, "hojas-del-litoral")
    shutil.copytree(ROOT / place, office.root / place)
    stage.run(office, params, partner)
    assert "ocr_low_confidence" in {row["reason"] for row in exclusions(office, partner)}
    queue = Queue(office)
    (page,) = queue.look(partner).pages
    save(queue, said(page, "EL COSTERO\n\nSegún aseguraba el cura, el primer número salió un domingo."))
    stage.run(office, params, partner)
    assert "ocr_low_confidence" not in {row["reason"] for row in exclusions(office, partner)}
    paper = next(str(row["text"]) for row in documents(office, partner) if "el primer número salió" in str(row["text"]))
    assert "linta de erratas" not in paper
    assert [one.state for one in queue.look(partner).pages] == [State.CORRECTED]
    assert main(["audit", "--files"]) == 0


def test_letters_are_composed_and_nothing_else_is_altered() -> None:
    typed = "K\u2019iche\u02bc k'ak\u2018 \u1e7d g\u0303 \ufb01n \u2460 \u00bd\u00a0x \t \u200d  "
    assert as_typed(typed) == typed
    assert as_typed("e\u0301 n\u0303\r\nx\ry") == "\u00e9 \u00f1\nx\ny"
    assert unicodedata.normalize("NFKC", typed) != typed


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ud800", "x" * 200_001])
def test_what_no_page_holds_is_refused(text: str) -> None:
    with pytest.raises(OperatorError):
        as_typed(text)


def test_the_second_of_two_who_save_one_page_is_told_and_nothing_is_lost(
    queue: Queue, waiting: ScanPage, delivery: Path, office: Workspace
) -> None:
    save(queue, said(waiting))
    after = state(office.root)
    with pytest.raises(EditedMeanwhileError) as told:
        save(queue, said(waiting, "Otra lectura.", "Juan"))
    assert told.value.page.text == TYPED
    assert state(office.root) == after
    save(queue, said(told.value.page, "Otra lectura.", "Juan"))
    assert [one.corrector for one in beside(delivery).corrections] == ["Rosa Quispe", "Juan"]
    assert queue.look().find(waiting.id).text == "Otra lectura."


def test_a_button_pressed_twice_saves_once(queue: Queue, waiting: ScanPage, office: Workspace) -> None:
    save(queue, said(waiting))
    assert "was saved before" in save(queue, said(waiting))
    assert len(sound(office).entries) == 1


def test_a_page_whose_agreement_ended_while_it_was_open_is_not_saved(queue: Queue, waiting: ScanPage, office: Workspace) -> None:
    register(office, withdrawn_on="2026-05-01")
    before = state(office.root)
    with pytest.raises(GoneError):
        save(queue, said(waiting))
    assert state(office.root) == before


def test_nothing_is_added_where_the_scan_was_changed_since(queue: Queue, waiting: ScanPage, delivery: Path) -> None:
    (delivery / "hojas/acta-1.tif").write_bytes(b"another")
    with pytest.raises(OperatorError, match="is not as the manifest says"):
        save(queue, said(waiting))


def test_a_correction_for_a_page_that_was_read_anew_mends_the_scan(
    queue: Queue, waiting: ScanPage, delivery: Path, office: Workspace, params: Params
) -> None:
    save(queue, said(waiting))
    record = delivery / "hojas/acta-1.tif.ocr.json"
    record.write_text(record.read_text().replace("rnaestr0", "rnaestro"), encoding="utf-8")
    seal(delivery)
    take_in(office, params)
    assert reasons(office)["hojas/acta-1.tif"] == "ocr_invalid"
    changed = queue.look().pages[0]
    assert (changed.state, changed.text) == (State.CHANGED, TYPED)
    save(queue, said(changed))
    take_in(office, params)
    assert reasons(office) == {}
    assert len(beside(delivery).corrections) == 2


def test_a_page_in_a_bag_is_corrected_and_the_bag_stays_one(office: Workspace, params: Params) -> None:
    register(office)
    folder = deliver(office, FILES, format="bagit")
    queue = Queue(office)
    page = queue.look().pages[0]
    assert page.scan == "data/hojas/acta-1.tif"
    save(queue, said(page))
    check_fixity(folder, read_delivery(folder))
    take_in(office, params)
    assert reasons(office) == {}


def test_nothing_is_added_to_corrections_of_a_time_to_come(
    queue: Queue, waiting: ScanPage, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as clock:
        clock.setattr(saving, "today", lambda: date(2099, 1, 1))
        save(queue, said(waiting))
    before = state(delivery)
    page = queue.look().find(waiting.id)
    assert page is not None
    with pytest.raises(OperatorError, match=r"acta-1\.tif was corrected on 2099-01-01, and that day has not come"):
        save(queue, said(page, "Otra lectura."))
    assert state(delivery) == before


def test_a_kill_between_the_files_of_a_correction_loses_none_that_was_saved_before(
    queue: Queue, waiting: ScanPage, delivery: Path, office: Workspace, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(queue, said(waiting))
    page = queue.look().find(waiting.id)
    publish = FileEdit.publish

    class Killed(BaseException):
        pass

    def die(edit: FileEdit, root: Path) -> None:
        if edit.path.endswith("manifest-sha256.txt"):
            raise Killed
        publish(edit, root)

    with monkeypatch.context() as patch:
        patch.setattr(FileEdit, "publish", die)
        with pytest.raises(Killed):
            save(queue, replace(said(page), text="Una segunda lectura."))
    assert fixity_faults(delivery, read_delivery(delivery)) != []
    again = Queue(office).look().find(waiting.id)
    assert [one.text for one in again.corrections] == [TYPED, "Una segunda lectura."]
    take_in(office, params)
    assert reasons(office) == {}


def test_a_disk_that_does_not_take_it_is_said(queue: Queue, waiting: ScanPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(edit: FileEdit, root: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileEdit, "draft", full)
    with pytest.raises(OperatorError, match="No space left on device"):
        save(queue, said(waiting))


def test_a_page_that_is_right_as_it_was_read_may_be_confirmed(queue: Queue, delivery: Path, office: Workspace) -> None:
    doubtful = queue.look().pages[1]
    save(queue, said(doubtful, doubtful.text, "anonymous"))
    assert queue.look().find(doubtful.id).state is State.CORRECTED
    assert changed_since(office, sound(office)) == []
