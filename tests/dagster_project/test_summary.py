"""What `make run` says at its end."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project.summary import next_step, say, scorecard_table
from latamgpt.evaluation.report import HEADLINE_COLUMNS
from latamgpt.params import Params
from latamgpt.records import Table
from latamgpt.release.approval import Approval, write_approval
from latamgpt.store import Workspace
from tests.conftest import ROOT

ROW = ("probability/ability/in_context", 10.606, 12.585, -0.02104, -0.04401, -0.001384, 0.03, "cannot tell", 100)


def test_the_scorecard_fits_a_terminal_of_eighty_characters_with_every_figure_whole() -> None:
    written = io.StringIO()
    Console(file=written, width=80).print(scorecard_table(Table(name="scorecard", columns=HEADLINE_COLUMNS, rows=(ROW,))))
    head, row = (line.split() for line in written.getvalue().splitlines())
    assert head == ["what", "difference", "low", "high", "result"]
    assert row == ["probability/ability/in_context", "-0.02104", "-0.04401", "-0.001384", "cannot", "tell"]


@pytest.fixture
def registry(workspace: Workspace) -> Workspace:
    """The samples' registry, one of them no sample."""
    (workspace.root / "partners").mkdir()
    for path in (ROOT / "partners").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        real = path.stem == "library-kingston"
        (workspace.root / "partners" / path.name).write_text(text.replace("sample: true", "sample: false") if real else text)
    return workspace


def test_a_candidate_of_a_real_partner_waits_and_the_next_command_is_given(registry: Workspace, params: Params) -> None:
    said = next_step(registry, params)
    assert said.startswith("the candidate waits for a reviewer: library-kingston is no sample")
    assert '  latamgpt approve --reviewer "YOUR NAME"' in said
    assert said.count("&& make run") == 1


def test_a_candidate_after_a_persons_approval_says_whose_it_waits_behind(registry: Workspace, params: Params) -> None:
    others = params.model_copy(update={"partners": tuple(p for p in params.partners if p != "library-kingston")})
    approval = Approval(candidate="0" * 64, reviewer="Ana", role="reviewer", statement="read both cards", sample=False)
    write_approval(registry, approval)
    assert "Ana approved 000000000000, and a sample never takes a person's place" in next_step(registry, others)


def test_a_line_in_a_log_is_never_broken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = f"latamgpt: {'long words ' * 30}{tmp_path}"
    say(line)
    assert capsys.readouterr().err == f"{line}\n"
