"""A delivery that did not change is not read again, and the stage's bytes are those of reading it."""

import shutil
from pathlib import Path

import pytest

from latamgpt.intake import documents, taking_in
from latamgpt.intake.kept_delivery import digest_of_delivery
from latamgpt.intake.reading import read_files
from latamgpt.intake.source import Source
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import deliver, register

PARTNER = "archivo-sur"


@pytest.fixture
def taken_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The deliveries that were read."""
    names: list[str] = []

    def counted(source: Source) -> object:
        names.append(source.folder.name)
        return read_files(source)

    monkeypatch.setattr(taking_in, "read_files", counted)
    return names


def three(workspace: Workspace) -> None:
    """One with documents, one that is refused whole, one with a document set aside."""
    register(workspace, PARTNER)
    deliver(workspace, {"a.txt": "El río baja despacio.", "b.txt": "La abuela cuenta."}, PARTNER, id="uno")
    deliver(workspace, {"a.txt": "Nadie sabe."}, PARTNER, id="dos", agreement="no-such")
    deliver(workspace, {"a.txt": "El río baja despacio.", "copia.txt": "El río baja despacio."}, PARTNER, id="tres")


def outcome(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(workspace.read("documents", PARTNER).iterdir())}


def test_only_the_delivery_that_changed_is_read(workspace: Workspace, params: Params, taken_in: list[str]) -> None:
    three(workspace)
    documents.run(workspace, params, PARTNER)
    first = outcome(workspace)
    assert taken_in == ["tres", "uno"], "no agreement covers the other"
    documents.run(workspace, params, PARTNER)
    assert outcome(workspace) == first
    assert len(taken_in) == 2
    deliver(workspace, {"a.txt": "Otra cosa dice."}, PARTNER, id="cuatro")
    shutil.rmtree(workspace.root / "samples" / PARTNER / "tres")
    deliver(workspace, {"a.txt": "El río sube."}, PARTNER, id="tres")
    documents.run(workspace, params, PARTNER)
    assert taken_in[2:] == ["cuatro", "tres"]
    with_kept = outcome(workspace)
    shutil.rmtree(workspace.root / "var" / "cache")
    documents.run(workspace, params, PARTNER)
    assert outcome(workspace) == with_kept


def test_another_registry_or_another_setting_reads_all(workspace: Workspace, params: Params, taken_in: list[str]) -> None:
    three(workspace)
    documents.run(workspace, params, PARTNER)
    path = workspace.root / "partners" / f"{PARTNER}.yaml"
    path.write_text(path.read_text() + "# a word\n")
    documents.run(workspace, params, PARTNER)
    smaller = params.documents.model_copy(update={"max_file_bytes": 20_000})
    documents.run(workspace, params.model_copy(update={"documents": smaller}), PARTNER)
    assert len(taken_in) == 6


def test_what_is_refused_is_looked_at_each_time_and_never_kept(workspace: Workspace, params: Params) -> None:
    three(workspace)
    documents.run(workspace, params, PARTNER)
    kept = [path.name for path in (workspace.root / "var" / "cache" / "data" / "documents").iterdir()]
    assert len(kept) == 2, "not of the one that no agreement covers"
    one = workspace.root / "samples" / PARTNER / "uno"
    one.rename(one.with_name(".elsewhere"))
    one.symlink_to(".elsewhere")
    report = documents.run(workspace, params, PARTNER)
    assert (report.counts["deliveries_quarantined"], report.counts["documents"]) == (2, 1), "a link is refused, kept or not"


def test_nothing_is_kept_of_a_delivery_that_is_gone(workspace: Workspace, params: Params) -> None:
    three(workspace)
    documents.run(workspace, params, PARTNER)
    shutil.rmtree(workspace.root / "samples" / PARTNER / "uno")
    documents.run(workspace, params, PARTNER)
    assert len(list((workspace.root / "var" / "cache" / "data" / "documents").iterdir())) == 1


def test_a_digest_names_everything_in_a_delivery(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a")
    seen = {digest_of_delivery(tmp_path)}
    (tmp_path / "data" / "empty").mkdir()
    seen.add(digest_of_delivery(tmp_path))
    (tmp_path / "data" / "a.txt").rename(tmp_path / "data" / "b.txt")
    seen.add(digest_of_delivery(tmp_path))
    (tmp_path / "data" / "b.txt").write_text("b")
    seen.add(digest_of_delivery(tmp_path))
    assert len(seen) == 4
