"""`latamgpt peers` on a workspace of its own."""

import shutil

import pytest

from latamgpt.cli import main
from latamgpt.store import Workspace
from tests.conftest import ROOT


@pytest.fixture
def here(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    shutil.copytree(ROOT / "evaluation_peers", workspace.root / "evaluation_peers")
    (workspace.root / "dvc.yaml").touch()
    monkeypatch.chdir(workspace.root)
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return workspace


def test_peers_are_listed_with_what_they_lack(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["peers", "list"]) == 0
    said = capsys.readouterr().out
    assert "gpt-4.1-2025-04-14" in said
    assert "OPENAI_API_KEY is not set" in said
    assert said.count("not run") == 3


def test_a_quote_sends_nothing_and_needs_no_key(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["peers", "quote", "--questions", "2"]) == 0
    few = capsys.readouterr().out
    assert main(["peers", "quote", "--peer", "gpt-4.1"]) == 0
    assert "gpt-4.1" in few
    assert "gemini" not in capsys.readouterr().out


def test_without_a_key_a_run_is_refused_in_one_sentence(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["peers", "run", "--peer", "gpt-4.1"]) == 2
    assert "gpt-4.1 was not run: no key" in capsys.readouterr().err
    assert not (here.root / "peer_results").exists()


def test_no_questions_are_no_run(here: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["peers", "quote", "--questions", "0"]) == 2
    assert "--questions 0" in capsys.readouterr().err
