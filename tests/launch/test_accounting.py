"""Hours of a work's jobs from Slurm's accounting: every start counts, the queue does not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from latamgpt.launch.accounting import accelerator_hours, jobs_in_queue
from latamgpt.launch.batch import JobFiles
from latamgpt.launch.claims import Claim, Work
from latamgpt.store import replace_json
from tests.launch.fakes import Fakes

SINCE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WORK = Work("checkpoint", "abc", Path("/shared"))
SACCT = "264|billing=2,cpu=2,mem=4000M,node=2\n3336|billing=2,cpu=2,mem=4000M,node=2\n0|\n"  # requeued, ended, waiting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the files of a job that was submitted."""
    replace_json(JobFiles(tmp_path, WORK.job_name(1)).claim, Claim(job="1"))
    return tmp_path


def test_every_start_counts_for_each_rank(folder: Path, fakes: Fakes) -> None:
    fakes.answers("sacct", SACCT)
    replace_json(JobFiles(folder, WORK.job_name(2)).claim, Claim(job="2"))
    assert accelerator_hours(folder, WORK, 2, SINCE) == pytest.approx(2.0)
    called = fakes.calls.read_text()
    assert f"--name={WORK.job_name(1)},{WORK.job_name(2)} " in called
    assert "--duplicates" in called
    assert f"--starttime={datetime(2026, 11, 23, 5, 0, tzinfo=UTC).astimezone():%Y-%m-%dT%H:%M:%S}" in called


def test_accelerators_that_slurm_counts_go_before_ranks(folder: Path, fakes: Fakes) -> None:
    fakes.answers("sacct", "3600|billing=1,cpu=1,gres/gpu=8,gres/gpu:h200=8,node=1\n")
    assert accelerator_hours(folder, WORK, 2, SINCE) == 8.0


@pytest.mark.parametrize(("words", "code"), [("", 0), ("", 1)])
def test_accounting_that_says_nothing_of_a_submitted_job_is_not_taken_for_zero(
    folder: Path, fakes: Fakes, words: str, code: int
) -> None:
    fakes.answers("sacct", words, code=code)
    assert accelerator_hours(folder, WORK, 2, SINCE) is None


def test_what_was_never_submitted_took_nothing(tmp_path: Path, fakes: Fakes) -> None:
    assert accelerator_hours(tmp_path, WORK, 2, SINCE) == 0.0
    assert fakes.count("sacct") == 0


def test_jobs_in_the_queue_are_known_by_their_comment(fakes: Fakes) -> None:
    fakes.answers("squeue", f"7|RUNNING|{WORK.comment(1)}\n8|PENDING|(null)\n9|PENDING|stage=x identity=abcd work=1\n")
    assert jobs_in_queue("abc") == ["7 (RUNNING)"]
    fakes.answers("squeue", "", code=1)
    assert jobs_in_queue("abc") is None
