"""What Slurm's answers mean; they are recorded from 22.05."""

import pytest

from latamgpt.launch.queue import JobState, Phase, cancel, choose, find, look, parse
from tests.launch.fakes import Fakes


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("PENDING", Phase.WAITING),
        ("CONFIGURING", Phase.WAITING),
        ("REQUEUE_HOLD", Phase.WAITING),
        ("NODE_FAIL", Phase.WAITING),
        ("PREEMPTED", Phase.WAITING),
        ("RUNNING", Phase.RUNNING),
        ("COMPLETING", Phase.RUNNING),
        ("COMPLETED", Phase.ENDED_WELL),
        ("FAILED", Phase.ENDED_BADLY),
        ("TIMEOUT", Phase.ENDED_BADLY),
        ("CANCELLED", Phase.ENDED_BADLY),
        ("A_STATE_OF_A_LATER_SLURM", Phase.WAITING),
    ],
)
def test_a_state_says_whether_to_wait(state: str, phase: Phase) -> None:
    assert JobState("7", state).phase is phase


def test_the_last_start_of_a_requeued_job_counts_and_who_cancelled_it_does_not() -> None:
    assert parse("7|NODE_FAIL\n7|REQUEUED\n7|RUNNING\n8|CANCELLED by 1000\n") == (
        JobState("7", "RUNNING"),
        JobState("8", "CANCELLED"),
    )


def test_the_queue_is_asked_before_the_accounting(fakes: Fakes) -> None:
    fakes.answers("squeue", "7|PENDING|(Resources)\n")
    fakes.answers("sacct", "7|NODE_FAIL\n")
    assert look("job") == JobState("7", "PENDING", "(Resources)")
    assert fakes.count("sacct") == 0


def test_a_job_that_left_the_queue_is_in_the_accounting(fakes: Fakes) -> None:
    fakes.answers("sacct", "7|COMPLETED\n")
    assert look("job") == JobState("7", "COMPLETED")


def test_a_controller_that_does_not_answer_is_no_answer(fakes: Fakes) -> None:
    fakes.answers("squeue", "", code=1, complaint="slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    fakes.answers("sacct", "7|FAILED\n")
    assert find("job") is None
    assert look("job") is None


def test_an_accounting_that_does_not_answer_is_no_answer_and_none_at_all_knows_no_job(fakes: Fakes) -> None:
    fakes.answers("sacct", "", code=1, complaint="sacct: error: slurm_persist_conn_open_without_init: failed to open connection")
    assert find("job") is None
    fakes.answers("sacct", "", code=1, complaint="Slurm accounting storage is disabled")
    assert find("job") == ()


def test_of_two_jobs_the_one_that_is_there_counts_else_the_oldest() -> None:
    assert choose(parse("9|FAILED\n10|RUNNING\n")).id == "10"
    assert choose(parse("10|FAILED\n9|COMPLETED\n")).id == "9"


def test_cancelling_is_by_name_so_that_no_id_is_needed(fakes: Fakes) -> None:
    cancel("job")
    assert fakes.count("scancel --quiet --name=job") == 1
