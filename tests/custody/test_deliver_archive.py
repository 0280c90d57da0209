"""A delivery that comes as one archive: entered as the folder would be, or refused whole with a sentence."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import bagit
import pytest
import yaml

from latamgpt.cli import main
from latamgpt.custody import packed
from latamgpt.custody.places import tree_digest
from latamgpt.errors import InputDamagedError, OperatorError
from latamgpt.governance.audit import sound
from latamgpt.params import Params, read_params
from latamgpt.store import Workspace, list_files
from tests.conftest import ROOT
from tests.custody.files import state
from tests.custody.sending import STORY, WORDS, command, place
from tests.intake.deliveries import DESCRIPTION, documents, reasons, register, take_in
from tests.intake.made_files import zipped
from tests.intake.test_archives import PACK, hostile, tarred

FILES = {"rio.txt": STORY.encode(), "hojas/piedra.txt": STORY.replace("río", "arroyo").encode()}
DESCRIBED = {"delivery.yaml": yaml.safe_dump(DESCRIPTION | {"format": "files"}).encode(), **FILES}


@pytest.fixture
def sent(office: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what a partner sent lies, outside of the workspace."""
    register(office)
    return tmp_path_factory.mktemp("sent")


def archive(sent: Path, members: dict[str, bytes], name: str = "entrega.zip") -> Path:
    raw = PACK[name.replace("entrega", "a")](tarred(members)) if ".t" in name else zipped(members)
    (sent / name).write_bytes(raw)
    return sent / name


def inside(folder: str, members: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in members.items()}


@pytest.mark.parametrize("name", ["entrega.zip", *(name.replace("a.", "entrega.", 1) for name in PACK)])
def test_an_archive_is_entered_as_its_folder_and_the_log_keeps_its_sha256(
    office: Workspace, params: Params, sent: Path, name: str
) -> None:
    path = archive(sent, inside("cuentos del sur", DESCRIBED), name)
    assert main(command(path)) == 0
    lies = office.root / "samples" / "archivo-sur" / "relatos"
    assert list_files(lies) == ["delivery.yaml", "hojas/piedra.txt", "manifest-sha256.txt", "rio.txt"]
    take_in(office, params)
    assert {row["path"] for row in documents(office)} == {"rio.txt", "hojas/piedra.txt"}
    assert reasons(office) == {}
    entry = sound(office).entries[-1]
    assert entry.changes[0].after == tree_digest(lies)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry.detail.endswith(f"from the archive '{name}', {path.stat().st_size:,} bytes, sha256 {digest}")
    assert main(["audit", "--files"]) == 0
    assert list_files(office.root / "var" / "unpublished") == []


def test_plain_files_at_an_archive_s_top_are_described_by_the_options(office: Workspace, sent: Path) -> None:
    assert main(command(archive(sent, FILES), *WORDS)) == 0
    assert list_files(place(office)) == ["delivery.yaml", "hojas/piedra.txt", "manifest-sha256.txt", "rio.txt"]


def test_a_folder_and_its_archive_are_one_delivery(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in FILES.items():
        (sent / "cartas" / name).parent.mkdir(parents=True, exist_ok=True)
        (sent / "cartas" / name).write_bytes(content)
    assert main(command(sent / "cartas", *WORDS)) == 0
    before = state(office.root)
    assert main(command(archive(sent, inside("cartas", FILES)), *WORDS)) == 0
    assert "already there, byte for byte" in capsys.readouterr().out
    assert state(office.root) == before


def test_a_bag_in_an_archive_stays_the_bag_that_it_was(office: Workspace, params: Params, sent: Path) -> None:
    bag = sent / "bolsa"
    for name, content in FILES.items():
        (bag / name).parent.mkdir(parents=True, exist_ok=True)
        (bag / name).write_bytes(content)
    bagit.make_bag(str(bag), checksums=["sha256"])
    members = {f"bolsa/{name}": (bag / name).read_bytes() for name in list_files(bag)}
    assert main(command(archive(sent, members), *WORDS)) == 0
    assert set(list_files(bag)) | {"delivery.yaml"} == set(list_files(place(office)))
    take_in(office, params)
    assert {row["path"] for row in documents(office)} == {"data/rio.txt", "data/hojas/piedra.txt"}


def test_a_dry_run_looks_into_the_archive_and_changes_nothing(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = archive(sent, DESCRIBED)
    before = state(office.root)
    assert main(command(path, "--dry-run")) == 0
    words = capsys.readouterr().out
    assert "documents that intake keeps: 2 (es-AR 2)" in words
    assert f"from the archive 'entrega.zip', {path.stat().st_size:,} bytes, sha256 " in words
    assert "would enter it as samples/archivo-sur/relatos" in words
    assert state(office.root) == before


def test_what_macos_adds_is_left_out_and_said(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added = {"__MACOSX/cartas/._rio.txt": b"\0\5\x16\7", "__MACOSX/._cartas": b"\0\5\x16\7"}
    assert main(command(archive(sent, {**inside("cartas", DESCRIBED), **added}))) == 0
    assert "without the 2 files of __MACOSX that macOS adds" in capsys.readouterr().out
    assert not any("__MACOSX" in name for name in list_files(place(office, "relatos")))


@pytest.mark.parametrize("at", ["unpack", "log"])
def test_a_kill_leaves_no_half_delivery_and_the_same_command_finishes_it(office: Workspace, sent: Path, at: str) -> None:
    arguments = command(archive(sent, DESCRIBED))
    program = f"from tests.custody.killed import main; main({at!r}, {arguments!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", program], cwd=office.root, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not place(office, "relatos").exists()
    assert main(arguments) == 0
    assert list_files(place(office, "relatos")) == ["delivery.yaml", "hojas/piedra.txt", "manifest-sha256.txt", "rio.txt"]


def refusal(office: Workspace, capsys: pytest.CaptureFixture[str], path: Path, *more: str) -> str:
    """What is said of an archive that is refused, and of which nothing stays."""
    around = set(path.parent.rglob("*"))
    before = state(office.root)
    assert main(command(path, *more)) == OperatorError.exit_code
    said = capsys.readouterr()
    assert (said.out, state(office.root)) == ("", before)
    assert set(path.parent.rglob("*")) == around
    assert list((office.root / "var" / "unpublished").iterdir()) == []
    assert "Traceback" not in said.err
    assert "Nothing was entered" in said.err
    return said.err


def test_a_hostile_archive_is_refused_whole_with_its_reason(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (raw, reason) in hostile().items():
        (sent / name).write_bytes(raw)
        assert f"({reason})" in refusal(office, capsys, sent / name, *WORDS), name


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "holds no file"),
        ({"a/delivery.yaml": b"", "b/delivery.yaml": b""}, "it may be several deliveries"),
        ({"a/b/delivery.yaml": b""}, "it may be several deliveries"),
        ({"entrega.tar": tarred(DESCRIBED)}, "nothing but another archive"),
        ({"a/entrega.zip": zipped(DESCRIBED)}, "nothing but another archive"),
    ],
    ids=["empty", "two deliveries", "a folder too deep", "an archive", "an archive in a folder"],
)
def test_an_archive_that_is_not_one_delivery_is_refused(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str], members: dict[str, bytes], words: str
) -> None:
    assert words in refusal(office, capsys, archive(sent, members), *WORDS)


def test_an_archive_that_unpacks_to_more_than_a_delivery_may_have_is_refused(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = office.root / "params.yaml"
    least = read_params(office.root).documents.max_delivery_bytes
    path.write_text(path.read_text(encoding="utf-8").replace(str(least), "1000"), encoding="utf-8")
    words = refusal(office, capsys, archive(sent, {"a.txt": os.urandom(600), "b.txt": os.urandom(600)}), *WORDS)
    assert "more than the 1,000 bytes" in words


def test_a_description_that_does_not_read_is_named_by_the_archive(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = archive(sent, inside("cartas", {**FILES, "delivery.yaml": b"id: [\n"}))
    assert main(command(path)) == OperatorError.exit_code
    said = capsys.readouterr().err
    assert f"{path}/delivery.yaml is not valid YAML" in said
    assert "unpublished" not in said
    assert list((office.root / "var" / "unpublished").iterdir()) == []


def test_another_kind_of_file_is_refused_with_the_kinds_that_are_read(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sent / "entrega.rar").write_bytes(b"Rar!")
    assert main(command(sent / "entrega.rar", *WORDS)) == OperatorError.exit_code
    assert ".zip, .tar, .tar.gz" in capsys.readouterr().err


def test_an_archive_that_changes_while_it_is_unpacked_is_refused(
    office: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = archive(sent, DESCRIBED)
    digests = iter(["a" * 64, "b" * 64])
    monkeypatch.setattr(packed, "sha256_file", lambda _: next(digests))
    assert main(command(path)) == InputDamagedError.exit_code
    assert "changed while it was unpacked" in capsys.readouterr().err
    assert not place(office, "relatos").exists()


def test_a_disk_that_refuses_is_named_and_nothing_stays(
    office: Workspace, sent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packed, "unpack_apart", full)
    assert "No space left" in refusal(office, capsys, archive(sent, DESCRIBED))
