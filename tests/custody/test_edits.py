"""A deed of several files is done whole, whenever its process is killed; a bag that is added to stays a bag."""

import errno
from pathlib import Path

import bagit
import pytest

from latamgpt.custody.additions import edits_to_add
from latamgpt.custody.deeds import do, finish_cut_off
from latamgpt.custody.edits import Deed, FileEdit
from latamgpt.custody.journal import JOURNAL
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action, sound
from latamgpt.intake.delivery import read_delivery
from latamgpt.intake.fixity import check_fixity
from latamgpt.store import Workspace, list_files
from tests.intake.deliveries import deliver, register


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def deed(*names: str) -> Deed:
    edits = tuple(FileEdit(name, "", f"what {name} holds\r\n") for name in names)
    return Deed(Action.PAGE_CORRECTED, "a", "written", edits)


@pytest.fixture
def cut_off(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A deed of two files whose process died between them."""
    publish = FileEdit.publish

    def die(edit: FileEdit, root: Path) -> None:
        if edit.path == "b.txt":
            raise Killed
        publish(edit, root)

    with monkeypatch.context() as patch:
        patch.setattr(FileEdit, "publish", die)
        with pytest.raises(Killed):
            do(office, "", lambda: deed("a.txt", "b.txt"), dry_run=False)
    return office


def test_a_deed_that_was_cut_off_is_finished_before_the_next(cut_off: Workspace) -> None:
    assert not (cut_off.root / "b.txt").exists()
    do(cut_off, "", lambda: deed("c.txt"), dry_run=False)
    assert (cut_off.root / "b.txt").read_bytes() == b"what b.txt holds\r\n"
    assert [entry.changes[0].path for entry in sound(cut_off).entries] == ["a.txt", "c.txt"]
    assert not (cut_off.root / JOURNAL).exists()


def test_a_deed_that_was_cut_off_is_finished_when_it_is_asked_for(cut_off: Workspace) -> None:
    finish_cut_off(cut_off)
    finish_cut_off(cut_off)
    assert (cut_off.root / "b.txt").is_file()
    assert len(sound(cut_off).entries) == 1


def test_what_was_changed_after_the_kill_is_not_written_over(cut_off: Workspace) -> None:
    (cut_off.root / "b.txt").write_text("by hand")
    with pytest.raises(OperatorError, match=r"b\.txt was changed since"):
        finish_cut_off(cut_off)
    assert (cut_off.root / "b.txt").read_text() == "by hand"


def test_a_disk_that_is_full_when_it_is_finished_is_explained(cut_off: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(FileEdit, "publish", full)
        with pytest.raises(OperatorError, match="what was left cannot be written now: .*No space left"):
            finish_cut_off(cut_off)
    finish_cut_off(cut_off)
    assert (cut_off.root / "b.txt").is_file()


@pytest.mark.parametrize("checksums", [["sha256"], ["sha256", "sha512"]])
def test_a_bag_that_is_added_to_stays_a_bag(office: Workspace, checksums: list[str]) -> None:
    register(office)
    folder = deliver(office, {"a.txt": "Un relato.", "b.txt": "Otro."}, format="bagit")
    bagit.Bag(str(folder)).save(manifests=True)
    bag = bagit.Bag(str(folder))
    bag.algorithms = checksums
    bag.save(manifests=True)
    before = {name: (folder / name).read_bytes() for name in list_files(folder)}
    for text in ("primera", "segunda, más larga"):
        for edit in edits_to_add(folder, {"data/a.txt.corrections.json": text}):
            edit.write(folder)
        check_fixity(folder, read_delivery(folder))
        assert bagit.Bag(str(folder)).validate()
    changed = {name for name in before if (folder / name).read_bytes() != before[name]}
    assert changed == {name for name in before if name.startswith(("manifest-", "tagmanifest-"))} | {"bag-info.txt"}
