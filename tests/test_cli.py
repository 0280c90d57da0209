"""The command line: light, and plain about mistakes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from latamgpt.cli import main
from latamgpt.errors import OperatorError
from latamgpt.stages import STAGES
from latamgpt.store import Workspace
from tests.conftest import ROOT

HEAVY = {"torch", "transformers", "deepspeed", "great_expectations", "mlflow", "dagster", "dvc", "lm_eval", "sklearn", "pypdf"}


def imported_by(code: str, cwd: Path = ROOT) -> set[str]:
    """The heavy packages that a piece of code imports in a fresh interpreter."""
    program = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('modules', *sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    return HEAVY & {name.split(".")[0] for name in run.stdout.splitlines()[-1].split()}


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("from latamgpt.cli import main; main(['--help'])") == set()


def test_a_light_stage_imports_nothing_heavy(workspace: Workspace) -> None:
    for folder in ("samples", "partners"):
        (workspace.root / folder).symlink_to(ROOT / folder)
    stage = "from latamgpt.cli import main; main(['stage', 'documents', 'academia-quechua'])"
    assert imported_by(stage, workspace.root) == set()
    assert workspace.report("documents", "academia-quechua").counts


def test_a_reader_that_goes_early_is_no_failure_to_explain() -> None:
    command = f"{sys.executable} -m latamgpt.cli partner list | true; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("141\n", "")


def test_a_command_in_a_folder_that_was_deleted_says_so(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone}; {sys.executable} -m latamgpt.cli dsr list"
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == OperatorError.exit_code
    assert "was deleted" in run.stderr
    assert "Traceback" not in run.stderr


def test_help_of_stage_lists_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["stage", "--help"])
    text = capsys.readouterr().out
    assert all(stage.name in text for stage in STAGES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stage", "corpsu"], "there is no stage 'corpsu'"),
        (["stage", "documents"], "runs for one partner"),
        (["stage", "documents", "nobody"], "'nobody' is none of: academia-quechua"),
        (["stage", "corpus", "academia-quechua"], "takes no key"),
        (["stage", "mixture"], "has not been published here"),
        (["profile", "tyny"], "there is no profile 'tyny'"),
        (["stage", "checkpoint", "--profile", "tiny"], "latamgpt profile tiny"),
    ],
)
def test_a_mistake_is_explained_without_a_traceback(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(workspace.root)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deliver", "x", "--partner", "y", "--dryrun"], "latamgpt deliver does not know --dryrun: did you mean --dry-run?"),
        (["corpus", "show", "--jsn"], "latamgpt corpus show does not know --jsn: did you mean --json?"),
        (["corpus", "show", "mapu"], "latamgpt corpus show does not know mapu: see `latamgpt corpus show --help`"),
        (["delivr", "x"], "did you mean deliver?"),
        (["receipt", "x", "--lang", "ess"], "did you mean es?"),
        (["stage", "corpus", "--zzz=1"], "latamgpt stage does not know --zzz=1: see `latamgpt stage --help`"),
    ],
)
def test_a_misspelt_option_is_answered_by_its_own_command(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    shown = capsys.readouterr().err
    assert ended.value.code == 2
    assert said in shown
    assert shown.startswith(("usage: latamgpt [-h]", f"usage: latamgpt {words[0]} "))
