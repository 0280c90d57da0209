"""scripts/fuzz.py damages every kind of file that has a reader, and what crashes is kept so that it can be seen again."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from latamgpt.intake.reading import READERS
from scripts.fuzzing.seeds import seeds
from tests.conftest import ROOT

BESIDE_READERS = {"alto", "mets", ".ocr.json", ".corrections.json", "sidecar", "print", "manifest-sha256.txt", "delivery.yaml"}
BAG_TAGS = {f"bag: {name}" for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt")}


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("fuzz")


def run(fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr("sys.argv", ["fuzz.py", *options])
    return fuzz.main()


def test_every_kind_that_is_read_and_every_file_beside_one_is_damaged() -> None:
    assert seeds(ROOT).keys() >= READERS.keys() | BESIDE_READERS | BAG_TAGS


def test_a_short_run_finds_nothing_and_says_what_it_did(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = [".txt", ".csv", ".jsonl.gz", ".html", "sidecar", ".ocr.json", "delivery.yaml", *sorted(BAG_TAGS)]
    asked = [option for kind in kinds for option in ("--kind", kind)]
    assert run(fuzz, monkeypatch, *asked, "--seconds", "0.5", "--seed", "3", "--out", str(tmp_path / "kept")) == 0
    said = capsys.readouterr().out
    assert f"of {len(kinds)} kinds, seed 3: 0 crashed" in said
    assert int(said.split()[2]) >= len(kinds)
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_a_run_over_every_kind_finds_nothing(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(fuzz, monkeypatch, "--seconds", "10", "--seed", "11", "--out", str(tmp_path)) == 0, capsys.readouterr().out


def test_what_crashes_is_printed_and_kept_and_crashes_again(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("as a reader that was not told")

    with monkeypatch.context() as patch:
        patch.setattr(fuzz, "take_in", broken)
        options = ("--kind", ".txt", "--seconds", "0", "--seed", "5", "--out", str(tmp_path))
        assert run(fuzz, monkeypatch, *options) == 1
        said = capsys.readouterr().out
        assert ".txt: KeyError: 'as a reader that was not told'" in said
        (kept,) = tmp_path.glob("5-*/*")
        assert str(kept) in said
        assert (kept / "a.txt").read_bytes() == seeds(ROOT)[".txt"].content
        run(fuzz, monkeypatch, "--again", str(kept))
        assert "in broken" in capsys.readouterr().out
    run(fuzz, monkeypatch, "--again", str(kept))
    assert capsys.readouterr().out == "it is taken in\n"


def test_a_file_that_is_neither_read_nor_named_is_found(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("latamgpt.intake.taking_in.read_files", lambda _: iter(()))
    assert run(fuzz, monkeypatch, "--kind", ".txt", "--seconds", "0", "--out", str(tmp_path)) == 1
    assert ".txt: it was neither read nor named" in capsys.readouterr().out


def test_an_unknown_kind_is_refused(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(fuzz, monkeypatch, "--kind", ".xyz") == 2
    assert "'.xyz' is no kind that is damaged" in capsys.readouterr().err
