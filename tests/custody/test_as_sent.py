"""What cannot lie in place as it came is kept whole all the same, and set aside with its reason."""

import contextlib
import os
import socket
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from latamgpt.cli import main
from latamgpt.custody.as_sent import PACKED_NAME
from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.custody.sending import STORY, WORDS, command, place
from tests.intake.deliveries import reasons, take_in


def _link(sent: Path) -> None:
    (sent / "link.txt").symlink_to("/etc/hostname")


def _pipe(sent: Path) -> None:
    os.mkfifo(sent / "tubo.txt")


def _collision(sent: Path) -> None:
    (sent / "RIO.txt").write_text("otro", encoding="utf-8")


def _bytes_of_a_name(sent: Path) -> None:
    Path(os.fsdecode(os.fsencode(sent) + b"/ni\xf1o.txt")).write_text("niño", encoding="utf-8")


def _control_character(sent: Path) -> None:
    (sent / "uno\ndos.txt").write_text("dos", encoding="utf-8")


def _deep(sent: Path) -> None:
    (folder := sent.joinpath(*["d" * 80] * 13)).mkdir(parents=True)
    (folder / "carta.txt").write_text("honda", encoding="utf-8")


ODD = {_deep: "unsafe_path", _link: "unsafe_path", _pipe: "unsafe_path", _collision: "name_collision"}
ODD |= {_bytes_of_a_name: "unsafe_path", _control_character: "unsafe_path"}


@pytest.mark.parametrize("spoil", list(ODD))
def test_what_cannot_lie_in_place_as_it_came_is_kept_whole_in_quarantine(
    office: Workspace, sent: Path, params: Params, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None]
) -> None:
    spoil(sent)
    assert main(command(sent, *WORDS)) == OperatorError.exit_code
    assert f"({ODD[spoil]})" in (refused := capsys.readouterr().err)
    assert "--quarantine" in refused
    assert not place(office).exists()
    assert main(command(sent, *WORDS, "--quarantine")) == 0
    with tarfile.open(place(office) / PACKED_NAME, errors="surrogateescape") as packed:
        assert sorted(packed.getnames()) == sorted(os.fspath(path.relative_to(sent)) for path in sent.rglob("*"))
        story = packed.extractfile("rio.txt")
        assert story is not None
        assert story.read().decode() == STORY
    take_in(office, params)
    assert set(reasons(office).values()) == {ODD[spoil]}
    assert main(command(sent, *WORDS, "--quarantine")) == 0
    assert "already there, byte for byte" in capsys.readouterr().out


def test_an_archive_that_is_refused_is_kept_as_it_came_in_quarantine(
    office: Workspace, sent: Path, params: Params, tmp_path: Path
) -> None:
    archive = tmp_path / "cuentos.tar"
    with tarfile.open(archive, "w") as packed:
        packed.add(sent / "rio.txt", "../rio.txt")
    assert main(command(archive, *WORDS)) == OperatorError.exit_code
    assert not place(office).exists()
    assert main(command(archive, *WORDS, "--quarantine")) == 0
    assert (place(office) / "cuentos.tar").read_bytes() == archive.read_bytes()
    take_in(office, params)
    assert set(reasons(office).values()) == {"unsafe_path"}


def test_a_described_delivery_is_kept_whole_under_its_own_words(office: Workspace, sent: Path) -> None:
    described = {"id": "cuentos", "agreement": "as-1", "date": "2026-03-01", "format": "bagit", "licence": "CC-BY-4.0"}
    described |= {"source": "written for this test", "notice": "written for this test", "labels": ["tk_attribution"]}
    (sent / "delivery.yaml").write_text(yaml.safe_dump(described), encoding="utf-8")
    _link(sent)
    assert main(command(sent, "--quarantine")) == 0
    said = yaml.safe_load((place(office) / "delivery.yaml").read_text(encoding="utf-8"))
    assert (said["format"], said["labels"]) == ("files", ["tk_attribution"])


def test_a_socket_is_no_content_that_could_be_kept(office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        with contextlib.chdir(sent):
            door.bind("puerta")
        assert main(command(sent, *WORDS, "--quarantine")) == OperatorError.exit_code
    assert "holds a socket, 'puerta'" in capsys.readouterr().err
    assert not place(office).exists()


def test_folders_deeper_than_any_path_are_refused_in_words_and_nothing_is_entered(
    office: Workspace, sent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.chdir(sent):
        for _ in range(60):
            Path("d" * 80).mkdir()
            os.chdir("d" * 80)
    assert main(command(sent, *WORDS)) == OperatorError.exit_code
    assert "the folders lie too deep (unsafe_path)" in capsys.readouterr().err
    assert main(command(sent, *WORDS, "--quarantine")) == OperatorError.exit_code
    assert "deliver that archive with --quarantine" in capsys.readouterr().err
    assert not place(office).exists()
