"""A parser of its own process: whatever it does, the answer is its result or a reason."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from latamgpt.errors import OperatorError
from latamgpt.intake import limited
from latamgpt.intake.limited import run_limited
from latamgpt.intake.parser_server import parser_server
from latamgpt.intake.quarantine import Reason, Rejected
from tests.intake import hostile_parsers as hostile


def refusal(function: object, *args: object, **limits: int) -> Rejected:
    with pytest.raises(Rejected) as caught:
        run_limited(function, args, name="a.docx", reason=Reason.HTML_UNREADABLE, **limits)  # type: ignore[arg-type]
    return caught.value


def test_a_result_comes_back_without_what_was_printed() -> None:
    assert run_limited(hostile.echo, ["ñandú", 7, None], name="a", reason=Reason.ENCODING) == ["ñandú", 7, None]


def test_memory_above_the_limit_is_named() -> None:
    rejected = refusal(hostile.eat_memory, max_bytes=128 << 20)
    assert rejected.reason == Reason.PARSER_LIMIT
    assert "134,217,728 bytes of memory" in rejected.detail


def test_time_above_the_limit_is_named() -> None:
    assert refusal(hostile.spin, max_seconds=1).reason == Reason.PARSER_LIMIT


def test_a_parser_that_is_deaf_to_its_limit_is_still_ended_by_it() -> None:
    assert refusal(hostile.spin_and_ignore_the_limit, max_seconds=1).reason == Reason.PARSER_LIMIT


@pytest.mark.parametrize(("function", "said"), [(hostile.be_killed, "killed from outside"), (hostile.fill_the_disk, "No space")])
def test_a_fault_of_the_machine_is_no_verdict_on_the_file(function: Callable[[], None], said: str) -> None:
    with pytest.raises(OperatorError, match=f"a.docx.*{said}.*nothing was decided"):
        run_limited(function, [], name="a.docx", reason=Reason.HTML_UNREADABLE)


def test_a_parser_whose_imports_fail_is_no_verdict_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile.echo, "__module__", "latamgpt.intake.no_such_parser")
    with pytest.raises(OperatorError, match=r"no_such_parser cannot be started \(ModuleNotFoundError.*make setup"):
        run_limited(hostile.echo, [], name="a.docx", reason=Reason.HTML_UNREADABLE)


def test_a_server_that_is_killed_is_named_and_the_next_file_has_a_new_one() -> None:
    server = parser_server(hostile.__name__)
    os.kill(server.process_id, signal.SIGKILL)
    os.waitid(os.P_PID, server.process_id, os.WEXITED | os.WNOWAIT)
    assert run_limited(hostile.echo, [1], name="a", reason=Reason.ENCODING) == [1]
    with pytest.raises(OperatorError, match="was ended from outside"):
        run_limited(hostile.kill_the_server, [], name="a", reason=Reason.ENCODING)
    assert run_limited(hostile.echo, [2], name="a", reason=Reason.ENCODING) == [2]


def test_what_a_parser_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    answer = run_limited(hostile.leave_somebody_behind, [str(tmp_path)], name="a", reason=Reason.ENCODING)
    left = int(str(answer).split()[0])
    for _ in range(100):
        if not Path(f"/proc/{left}").exists() or "Z" in Path(f"/proc/{left}/stat").read_text(encoding="ascii").split()[2]:
            return
        time.sleep(0.05)
    pytest.fail(f"process {left} lives on")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"result": 1, "failed": "x"}',
        '{"rejected": ["no_such_reason", "a", ""]}',
        '{"rejected": "x"}',
        '{"x": 1}',
    ],
)
def test_an_answer_of_another_shape_is_the_file_s_fault(said: str) -> None:
    rejected = refusal(hostile.say, said)
    assert rejected.reason == Reason.HTML_UNREADABLE
    assert "no answer that has a meaning" in rejected.detail


def test_every_file_meets_a_process_of_its_own_and_imports_are_paid_once() -> None:
    processes = {run_limited(hostile.own_process, [], name="a", reason=Reason.ENCODING) for _ in range(3)}
    assert len(processes) == 3
    assert parser_server(hostile.__name__) is parser_server(hostile.__name__)


def test_only_a_few_servers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latamgpt.intake.parser_server.MAX_SERVERS", 1)
    first = parser_server(hostile.__name__)
    parser_server("latamgpt.intake.quarantine")
    assert not first.alive


def test_a_parser_that_sleeps_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "WALL_FACTOR", 1)
    assert refusal(hostile.sleep, max_seconds=1).reason == Reason.PARSER_LIMIT


def test_a_text_above_the_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "MAX_RESULT_BYTES", 1 << 16)
    assert refusal(hostile.give_too_much, 1 << 20).reason == Reason.PARSER_LIMIT


@pytest.mark.parametrize("function", [hostile.crash, hostile.leave, hostile.fail, hostile.recurse, hostile.give_no_json])
def test_a_parser_that_breaks_gives_the_file_s_reason(function: object) -> None:
    rejected = refusal(function)
    assert rejected.reason == Reason.HTML_UNREADABLE
    assert rejected.detail.startswith("a.docx cannot be read")


def test_a_refusal_of_the_parser_keeps_its_words() -> None:
    rejected = refusal(hostile.refuse)
    assert (rejected.reason, rejected.detail, rejected.path) == (Reason.ENCODING, "not text", "a.docx")


def test_a_parser_can_write_no_file_unless_it_is_let(tmp_path: Path) -> None:
    assert refusal(hostile.write, str(tmp_path / "a")).reason == Reason.HTML_UNREADABLE
    written = run_limited(hostile.write, [str(tmp_path / "b")], name="a", reason=Reason.ENCODING, max_written_bytes=1 << 20)
    assert written == 4096


def test_a_parser_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "shh")
    seen = run_limited(hostile.environment, [], name="a", reason=Reason.ENCODING)
    assert isinstance(seen, dict)
    assert "AWS_SECRET_ACCESS_KEY" not in seen
