"""Real kills and real damage, a handful of what `python -m scripts.drill_training` does by the hundred."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from scripts.drill_training.damage import damage_often
from tests.conftest import ROOT
from tests.training.conftest import make_ready


def test_save_killed_at_any_point_leaves_the_newest_whole_state(tmp_path: Path) -> None:
    drill = subprocess.run(
        [sys.executable, "-m", "scripts.drill_training.saves", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert drill.returncode == 0, drill.stderr
    lines = drill.stdout.splitlines()
    assert len(lines) >= 40
    assert {line.rpartition(" ")[2] for line in lines} == {"6", "8"}  # before the rename, and after it


def test_every_damage_is_seen_and_the_state_before_is_taken(tmp_path: Path, base_folder: Path) -> None:
    injected = damage_often(make_ready(tmp_path / "workspace", base_folder), 300, seed=7)
    assert sum(injected.values()) == 300
    assert len(injected) == 6


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_trainings_end_with_the_same_bits(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    asked = ["--kills", "4", "--damages", "0", "--combinations", "2-fp32", "3-bf16", "--report", str(report)]
    drill = subprocess.run(
        [sys.executable, "-m", "scripts.drill_training", *asked],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert drill.returncode == 0, drill.stdout + drill.stderr
    found = orjson.loads(report.read_bytes())["kills"]
    assert [(each["kills"], each["differing"]) for each in found] == [(2, []), (2, [])]
