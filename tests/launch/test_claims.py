"""One work, one job: looked up, claimed, submitted; what is not known is not taken for an end."""

import threading
from pathlib import Path

import orjson
import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch import claims
from latamgpt.launch.batch import Command, JobFiles
from latamgpt.launch.claims import Claimed, Work, attach_or_submit, note_end
from latamgpt.launch.interruption import InterruptedBySignalError, Interruption
from latamgpt.launch.queue import JobState
from latamgpt.launch.rank_jobs import RankJobs
from latamgpt.launch.site import Site
from tests.launch.fakes import NOTES, Fakes


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "SECONDS_TO_SETTLE", 0.3)
    monkeypatch.setattr(claims, "SECONDS_BETWEEN_LOOKS", 0.02)


def claim(folder: Path, *, unknown_minutes: float = 1, interruption: Interruption | None = None) -> Claimed:
    site = Site(name="here", training=RankJobs(partition="work", walltime_minutes=5, unknown_minutes=unknown_minutes))
    command = Command("python", "module", [], {}, folder)
    return attach_or_submit(Work("checkpoint", "0", folder), command, site, folder / "outcome", interruption or Interruption())


def files(folder: Path, attempt: int = 1) -> JobFiles:
    found = JobFiles(folder / "var" / "slurm" / "jobs", Work("checkpoint", "0", folder).job_name(attempt))
    found.folder.mkdir(parents=True, exist_ok=True)
    return found


def test_the_first_who_asks_submits_and_the_second_finds_the_job(tmp_path: Path, fakes: Fakes) -> None:
    assert claim(tmp_path).id == "7"
    assert orjson.loads(files(tmp_path).claim.read_bytes()) == {"job": "7", "ended": ""}
    fakes.answers("squeue", "7|RUNNING|node1\n")
    assert claim(tmp_path).id == "7"
    assert fakes.count("sbatch") == 1


def test_a_work_is_named_by_stage_key_inputs_and_checkout() -> None:
    here = Work("checkpoint", "0", Path("/a"))
    assert here.job_name(1).startswith("latamgpt-checkpoint-")
    others = [Work("checkpoint", "1", Path("/a")), Work("checkpoint", "0", Path("/b")), Work("checkpoint", "0", Path("/a"), "es")]
    assert len({work.job_name(1) for work in [here, *others]}) == 4
    assert "identity=0 " in here.comment(3)
    assert here.comment(3).endswith("attempt=3")


def test_a_job_whose_submitter_died_before_it_noted_it_is_found(tmp_path: Path, fakes: Fakes) -> None:
    files(tmp_path).claim.write_text('{"job": ""}')
    fakes.answers("squeue", "5|PENDING|(Resources)\n")
    assert claim(tmp_path).id == "5"
    assert fakes.count("sbatch") == 0


def test_a_claim_without_a_job_is_given_time_then_taken_over(tmp_path: Path, fakes: Fakes) -> None:
    files(tmp_path).claim.write_text('{"job": ""}')
    assert claim(tmp_path).id == "7"
    assert fakes.count("squeue") > 1


def test_a_job_that_failed_is_followed_by_the_next_attempt(tmp_path: Path, fakes: Fakes) -> None:
    files(tmp_path).claim.write_text('{"job": "5"}')
    one = files(tmp_path).name
    answer = f'case "$*" in *--name={one}*) echo "5|FAILED" ;; esac\n'
    fakes.program("sacct", NOTES.format(calls=fakes.calls) + answer)
    claimed = claim(tmp_path)
    assert (claimed.id, claimed.files.name) == ("7", files(tmp_path, 2).name)


def test_a_job_that_ended_well_is_taken_while_what_it_made_is_there(tmp_path: Path, fakes: Fakes) -> None:
    answer = f'case "$*" in *--name={files(tmp_path).name}*) echo "5|COMPLETED" ;; esac\n'
    fakes.program("sacct", NOTES.format(calls=fakes.calls) + answer)
    (tmp_path / "outcome").touch()
    assert claim(tmp_path).id == "5"
    (tmp_path / "outcome").unlink()
    assert claim(tmp_path).files.name == files(tmp_path, 2).name


def test_a_job_that_somebody_saw_fail_and_slurm_forgot_is_followed_by_the_next_attempt(tmp_path: Path, fakes: Fakes) -> None:
    note_end(files(tmp_path), JobState("5", "FAILED"))
    fakes.answers("sacct", "", code=1, complaint="Slurm accounting storage is disabled")
    assert claim(tmp_path).files.name == files(tmp_path, 2).name


def test_a_node_failure_after_which_slurm_did_not_start_the_job_again_is_an_end(tmp_path: Path, fakes: Fakes) -> None:
    files(tmp_path).claim.write_text('{"job": "5"}')
    answer = f'case "$*" in *--name={files(tmp_path).name}*) echo "5|NODE_FAIL" ;; esac\n'
    fakes.program("sacct", NOTES.format(calls=fakes.calls) + answer)
    assert claim(tmp_path).files.name == files(tmp_path, 2).name


def test_nothing_is_submitted_while_the_controller_says_nothing(tmp_path: Path, fakes: Fakes) -> None:
    fakes.answers("squeue", "", code=1, complaint="Unable to contact slurm controller")
    with pytest.raises(OperatorError, match=r"controller has not answered.*none was submitted"):
        claim(tmp_path, unknown_minutes=0.01)
    assert fakes.count("sbatch") == 0


def test_a_job_that_slurm_forgot_is_not_submitted_again(tmp_path: Path, fakes: Fakes) -> None:
    files(tmp_path).claim.write_text('{"job": "5"}')
    with pytest.raises(OperatorError, match=r"job 5 .* was submitted, and Slurm has not known it.*then remove .*\.claim"):
        claim(tmp_path, unknown_minutes=0.01)
    (tmp_path / "outcome").touch()
    assert claim(tmp_path).id == "5"
    assert fakes.count("sbatch") == 0


def test_a_job_that_slurm_refuses_is_told_in_its_words_and_leaves_no_claim(tmp_path: Path, fakes: Fakes) -> None:
    fakes.answers("sbatch", "", code=1, complaint="sbatch: error: invalid partition specified: gpuu")
    with pytest.raises(OperatorError, match=r"invalid partition specified: gpuu.*latamgpt site check"):
        claim(tmp_path)
    assert not files(tmp_path).claim.exists()


def test_a_job_that_was_taken_although_sbatch_failed_is_found(tmp_path: Path, fakes: Fakes) -> None:
    queue = fakes.folder / "squeue.said"
    fakes.program("sbatch", NOTES.format(calls=fakes.calls) + f'echo "9|PENDING|(None)" >{queue}\nexit 1\n')
    assert claim(tmp_path).id == "9"


def test_two_who_ask_at_once_submit_one_job(tmp_path: Path, fakes: Fakes) -> None:
    queue = fakes.folder / "squeue.said"
    fakes.program("sbatch", NOTES.format(calls=fakes.calls) + f'sleep 0.2\necho "9|PENDING|(None)" >{queue}\necho 9\n')
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(claim(tmp_path).id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["9"] * 4
    assert fakes.count("sbatch") == 1


def test_a_signal_counts_between_looks_and_not_in_a_submission(tmp_path: Path, fakes: Fakes) -> None:
    fakes.answers("squeue", "", code=1)
    with pytest.raises(InterruptedBySignalError):
        claim(tmp_path, interruption=Interruption(number=15))
    fakes.answers("squeue", "")
    assert claim(tmp_path, interruption=Interruption(number=15)).id == "7"
