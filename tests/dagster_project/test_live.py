"""What a person sees while `make run` works: bars on a terminal that leave whole lines behind, plain lines in a log."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project.live import Lines, Live, Terminal
from latamgpt.store import write_json
from tests.terminal import BAR, Shown

COLUMNS = 80
SUMMARY = "latam-gpt-sample 0.1.0 waits for a reviewer: trained on 61,440 tokens of 9 agreements, each of which permits it"


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal(tmp_path: Path, output: io.StringIO) -> Terminal:
    return Terminal(tmp_path, Console(file=output, force_terminal=True, width=COLUMNS, highlight=False))


def shown(output: io.StringIO) -> Shown:
    """On a terminal a line feed is sent as two signs."""
    return Shown(COLUMNS).feed(output.getvalue().replace("\n", "\r\n"))


def test_each_stage_at_work_has_a_bar_that_says_how_far_it_is(tmp_path: Path, terminal: Terminal, output: io.StringIO) -> None:
    write_json(tmp_path / "checkpoint@.json", {"done": 14336, "total": 61440, "unit": "tokens", "note": "loss 2.91"})
    terminal.look({"checkpoint": 0.0, "documents@alpha": 0.0}, done=3, total=6)
    terminal._progress.refresh()
    lines = shown(output).lines
    (whole,) = [line for line in lines if line.startswith("stages")]
    assert "3 of 6 stages" in whole
    (training,) = [line for line in lines if line.startswith("checkpoint")]
    assert BAR in training
    assert "14,336 of 61,440 tokens  loss 2.91" in training
    assert len([line for line in lines if line.startswith("documents@alpha")]) == 1
    terminal.close()


def test_what_stays_are_whole_lines_broken_between_words_and_no_bar(terminal: Terminal, output: io.StringIO) -> None:
    with Live(terminal, total=2) as live:
        live.started("release_candidate")
        terminal.look(dict(live.running), live.done, live.total)
        live.finished("release_candidate", SUMMARY)
        live.started("release")
        terminal.look(dict(live.running), live.done, live.total)
        live.finished("release", "stopped")
    screen = shown(output)
    assert screen.cursor_is_shown
    assert BAR not in screen.text
    said = " ".join(line.strip() for line in screen.lines)
    assert f"1/2  release_candidate: {SUMMARY}" in said
    assert "2/2  release: stopped" in said


def test_a_log_gets_one_line_for_each_stage_and_no_control_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Live(Lines(tmp_path), total=1) as live:
        live.started("release_candidate")
        live.finished("release_candidate", SUMMARY)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"1/1  release_candidate: {SUMMARY}")
    assert "\x1b" not in line
