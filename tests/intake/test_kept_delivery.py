"""A delivery that did not change is not read again, and the stage's bytes are those of reading it."""

import os
import shutil
from pathlib import Path

import orjson
import pytest

from latamgpt.intake import documents, taking_in
from latamgpt.intake.kept_delivery import digest_of_delivery
from latamgpt.intake.reading import read_files
from latamgpt.intake.source import Source
from latamgpt.params import Params
from latamgpt.store import Workspace, read_table
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


def kept(workspace: Workspace) -> list[str]:
    """The deliveries of which something is kept, once all that is kept of the partner is in one place."""
    (place,) = (workspace.root / "var" / "cache" / "data" / "documents").iterdir()
    return sorted(orjson.loads((place / "deliveries.json").read_bytes()))


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
    assert kept(workspace) == ["tres", "uno"], "not of the one that no agreement covers"
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
    assert kept(workspace) == ["tres"]
    tables = workspace.root / "var" / "cache" / "data" / "documents" / PARTNER
    assert set(read_table(tables / "documents.parquet")["delivery"].to_pylist()) == {"tres"}


def test_a_run_that_was_killed_costs_the_delivery_it_was_at(
    workspace: Workspace, params: Params, taken_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    three(workspace)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(documents, "write_tables", killed)
        with pytest.raises(KeyboardInterrupt):
            documents.run(workspace, params, PARTNER)
    documents.run(workspace, params, PARTNER)
    assert taken_in == ["tres", "uno"]


def test_a_changed_bit_is_seen_where_size_and_time_are_the_same(
    workspace: Workspace, params: Params, taken_in: list[str]
) -> None:
    three(workspace)
    documents.run(workspace, params, PARTNER)
    file = next((workspace.root / "samples" / PARTNER / "uno").rglob("a.txt"))
    before = file.stat()
    file.write_bytes(file.read_bytes().replace(b"despacio", b"despacin"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    report = documents.run(workspace, params, PARTNER)
    assert report.counts["deliveries_quarantined"] == 2, "its manifest says other bytes"


def test_kept_tables_that_were_damaged_are_not_taken(workspace: Workspace, params: Params, taken_in: list[str]) -> None:
    three(workspace)
    documents.run(workspace, params, PARTNER)
    first = outcome(workspace)
    path = workspace.root / "var" / "cache" / "data" / "documents" / PARTNER / "documents.parquet"
    damaged = bytearray(path.read_bytes())
    damaged[40] ^= 1
    path.unlink()
    path.write_bytes(damaged)
    documents.run(workspace, params, PARTNER)
    assert outcome(workspace) == first
    assert len(taken_in) == 4


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
    (tmp_path / "data" / "link").symlink_to("b.txt")
    assert digest_of_delivery(tmp_path) == "", "what is refused unread has none"
