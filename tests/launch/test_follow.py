"""A job followed to its end: what is an end and what is not, what is shown, what shows no life."""

import os
import signal
import threading
from pathlib import Path

import orjson
import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch import follow as following
from latamgpt.launch.batch import JobFiles
from latamgpt.launch.follow import Life, Tail, follow
from latamgpt.launch.interruption import CANCEL_VARIABLE, InterruptedBySignalError, Interruption, interruptible
from latamgpt.launch.rank_jobs import RankJobs
from tests.launch.fakes import NOTES, Fakes


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SECONDS_FOR_FILES", 0.2)
    monkeypatch.setattr(following, "SECONDS_BETWEEN_LINES", 0.02)


def end(folder: Path, **limits: float) -> None:
    jobs = RankJobs.model_validate({"partition": "work", "walltime_minutes": 5, "poll_seconds": 0.02, **limits})
    follow(JobFiles(folder, "job"), jobs, [], folder / "outcome", Interruption())


def answers_in_turn(fakes: Fakes, *answers: str) -> None:
    """squeue says one after the other, then the last for ever; '!' is a controller that does not answer."""
    said = fakes.folder / "answers"
    said.write_text("\n".join(answers) + "\n")
    text = f"""turn=$(grep -c '^squeue' {fakes.calls})
answer=$(sed -n "${{turn}}p" {said})
[ -n "$answer" ] || answer=$(tail -n 1 {said})
[ "$answer" != '!' ] || exit 1
echo "$answer"
"""
    fakes.program("squeue", NOTES.format(calls=fakes.calls) + text)


def test_node_failure_preemption_and_silence_of_the_controller_are_no_ends(
    tmp_path: Path, fakes: Fakes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outcome").touch()
    answers_in_turn(
        fakes, "7|PENDING|(Priority)", "7|RUNNING|node1", "7|NODE_FAIL|", "!", "7|PREEMPTED|", "7|RUNNING|", "7|COMPLETED|"
    )
    end(tmp_path)
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "latamgpt: job 7: PENDING (Priority)"
    assert lines[3] == "latamgpt: Slurm says nothing of the job; asking again"
    assert lines[-1] == "latamgpt: job 7: COMPLETED"


def test_completed_without_what_the_ranks_make_is_no_success(tmp_path: Path, fakes: Fakes) -> None:
    answers_in_turn(fakes, "7|COMPLETED|")
    with pytest.raises(OperatorError, match=r"job 7 is COMPLETED for Slurm, and .*outcome is missing"):
        end(tmp_path)


def test_a_node_failure_that_lasts_ends_the_wait(tmp_path: Path, fakes: Fakes) -> None:
    answers_in_turn(fakes, "7|NODE_FAIL|")
    with pytest.raises(OperatorError, match=r"Slurm says NODE_FAIL of job for 0 minutes, and has not started it again"):
        end(tmp_path, unknown_minutes=0.005)


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("CANCELLED", OperatorError, "ended from outside: CANCELLED"),
        ("TIMEOUT", OperatorError, "raise training.drain_seconds"),
        ("FAILED", RuntimeError, "(?s)job 7 ended as FAILED; the end of .*job.log:\nlast words"),
        ("OUT_OF_MEMORY", RuntimeError, "ended as OUT_OF_MEMORY"),
    ],
)
def test_how_a_job_failed_is_told(tmp_path: Path, fakes: Fakes, state: str, kind: type[Exception], words: str) -> None:
    (tmp_path / "job.log").write_text("last words\n")
    answers_in_turn(fakes, f"7|{state}|")
    with pytest.raises(kind, match=words):
        end(tmp_path)


def test_a_person_s_mistake_in_a_rank_reaches_the_one_who_follows(tmp_path: Path, fakes: Fakes) -> None:
    JobFiles(tmp_path, "job").failure.write_bytes(orjson.dumps({"message": "the soup is cold."}))
    answers_in_turn(fakes, "7|FAILED|")
    with pytest.raises(OperatorError, match=r"^the soup is cold.$"):
        end(tmp_path)


def test_a_running_job_without_a_sign_of_life_is_begun_anew_and_a_waiting_one_is_not(tmp_path: Path, fakes: Fakes) -> None:
    (tmp_path / "outcome").touch()
    answers_in_turn(fakes, *["7|PENDING|"] * 20, "7|COMPLETED|")
    end(tmp_path, silence_minutes=0.0005)
    assert fakes.count("scontrol") == 0
    fakes.calls.unlink()
    answers_in_turn(fakes, *["7|RUNNING|"] * 20, "7|COMPLETED|")
    end(tmp_path, silence_minutes=0.0005)
    assert fakes.count("scontrol requeue 7") > 0


def test_life_is_a_change_in_a_file_or_of_what_lies_in_a_folder(tmp_path: Path) -> None:
    log, folder = tmp_path / "log", tmp_path / "states"
    life = Life([log, folder])
    life.silent_for()
    for change in (lambda: log.write_text("a"), folder.mkdir, lambda: (folder / "step-2").mkdir(), lambda: log.write_text("ab")):
        life._changed_at -= 100  # pyright: ignore[reportPrivateUsage]
        assert life.silent_for() >= 100
        change()
        assert life.silent_for() < 1


def test_a_log_is_shown_as_it_grows_and_a_long_one_from_its_last_part(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    tail = Tail(log)
    tail.show()
    log.write_text("first\n")
    tail.show()
    with log.open("a") as stream:
        stream.write("second\n")
    tail.show()
    assert capfd.readouterr().err == "first\nsecond\n"
    log.write_text("x" * 100_000)
    Tail(log).show()
    assert capfd.readouterr().err == "x" * following.BYTES_SHOWN_AGAIN


@pytest.mark.parametrize(
    ("number", "under_orchestrator", "somebody_cancelled", "is_cancelled"),
    [
        (signal.SIGINT, False, False, True),
        (signal.SIGTERM, False, False, False),
        (signal.SIGHUP, False, False, False),
        (signal.SIGTERM, True, True, True),
        (signal.SIGTERM, True, False, False),
        (signal.SIGINT, True, False, False),
    ],
)
def test_what_a_signal_means(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    under_orchestrator: bool,  # noqa: FBT001
    somebody_cancelled: bool,  # noqa: FBT001
    is_cancelled: bool,  # noqa: FBT001
) -> None:
    if under_orchestrator:
        monkeypatch.setenv(CANCEL_VARIABLE, str(tmp_path / "cancelled"))
    if somebody_cancelled:
        (tmp_path / "cancelled").touch()
    before = signal.getsignal(number)
    with interruptible() as interruption:
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        with pytest.raises(InterruptedBySignalError) as raised:
            interruption.wait(10)
    assert raised.value.is_cancelled is is_cancelled
    assert signal.getsignal(number) == before
