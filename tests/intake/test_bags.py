"""A bag is taken in where it is whole by RFC 8493 and by sha256; whatever is wrong with it sets it aside, with what to do."""

from pathlib import Path

import bagit
import pytest

from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import PARTNER, deliver, documents, exclusions, register, take_in

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


@pytest.fixture
def bag(archive: Workspace) -> Path:
    return deliver(archive, {"a.txt": STORY, "b.txt": "Otro relato."}, format="bagit")


def checked_by(bag: Path, *checksums: str) -> None:
    """Give the bag manifests of these checksums in place of those that it has."""
    made = bagit.Bag(str(bag))
    made.algorithms = list(checksums)
    made.save(manifests=True)
    for path in sorted(bag.glob("*manifest-*.txt")):
        if path.stem.rpartition("-")[2] not in checksums:
            path.unlink()


def refused(archive: Workspace, params: Params) -> tuple[str, str]:
    """The reason and the sentence for which the only delivery was set aside whole."""
    take_in(archive, params)
    (row,) = exclusions(archive)
    assert row["doc_id"] == ""
    assert documents(archive) == []
    assert archive.report("documents", PARTNER).counts["deliveries_quarantined"] == 1
    return str(row["reason"]), str(row["detail"])


def test_a_bag_is_read_by_the_kind_of_its_files(archive: Workspace, params: Params) -> None:
    page = f"<html><body><article><p>{STORY} Fin.</p></article></body></html>"
    deliver(archive, {"a.txt": STORY, "b.md": "# Dos\n\nUn texto.", "c.html": page}, format="bagit")
    take_in(archive, params)
    assert {row["path"] for row in documents(archive)} == {"data/a.txt", "data/b.md", "data/c.html"}
    assert exclusions(archive) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("fetch.txt", "http://169.254.169.254/ - data/x\n", "bag_fetch"),
        ("bagit.txt", "BagIt-Version:  0.97\nTag-File-Character-Encoding: UTF-8\n", "bag_invalid"),
        ("bagit.txt", "BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n\n", "bag_invalid"),
        ("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n", "bag_invalid"),
        ("bag-info.txt", "Contact-Name: changed\n", "bag_invalid"),
        ("data/a.txt", "Cambiado.", "fixity_changed"),
        ("data/c.txt", "No está en la lista.", "fixity_extra"),
    ],
)
def test_a_bad_bag_is_set_aside_whole(
    archive: Workspace, bag: Path, params: Params, name: str, content: str, reason: str
) -> None:
    (bag / name).write_text(content, encoding="utf-8")
    said, detail = refused(archive, params)
    assert said == reason
    assert "latamgpt" not in detail
    assert str(archive.root) not in detail


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("data/b.txt", "fixity_missing"),
        ("bagit.txt", "bag_invalid"),
        ("bag-info.txt", "bag_invalid"),
        ("manifest-sha256.txt", "fixity_invalid"),
    ],
)
def test_a_bag_of_which_a_file_did_not_arrive_is_set_aside_whole_and_names_it(
    archive: Workspace, bag: Path, params: Params, name: str, reason: str
) -> None:
    (bag / name).unlink()
    said, detail = refused(archive, params)
    assert said == reason
    assert name in detail


@pytest.mark.parametrize("checksums", [["md5"], ["sha1"], ["md5", "sha1"]])
def test_a_bag_of_weak_checksums_alone_hears_why_and_what_to_add(
    archive: Workspace, bag: Path, params: Params, checksums: list[str]
) -> None:
    checked_by(bag, *checksums)
    reason, detail = refused(archive, params)
    assert reason == "fixity_invalid"
    assert f"manifest-{checksums[0]}.txt" in detail
    assert "two files of one md5 or sha1" in detail
    assert "A bag may carry several manifests: ask the partner to add manifest-sha256.txt" in detail


def test_a_bag_of_another_strong_checksum_alone_is_not_called_weak(archive: Workspace, bag: Path, params: Params) -> None:
    checked_by(bag, "sha512")
    reason, detail = refused(archive, params)
    assert reason == "fixity_invalid"
    assert "files are held against their sha256" in detail


@pytest.mark.parametrize("further", ["md5", "sha1", "sha512"])
def test_a_bag_that_carries_sha256_beside_another_checksum_is_taken_in(
    archive: Workspace, bag: Path, params: Params, further: str
) -> None:
    checked_by(bag, further, "sha256")
    take_in(archive, params)
    assert {row["path"] for row in documents(archive)} == {"data/a.txt", "data/b.txt"}
    assert exclusions(archive) == []


def test_a_checksum_of_md5_that_is_wrong_sets_a_bag_aside_though_sha256_is_right(
    archive: Workspace, bag: Path, params: Params
) -> None:
    checked_by(bag, "md5", "sha256")
    manifest = bag / "manifest-md5.txt"
    manifest.write_text(manifest.read_text().replace(manifest.read_text()[:4], "0000"))
    reason, detail = refused(archive, params)
    assert reason == "bag_invalid"
    assert "md5" in detail
