"""A parser of its own process: whatever it does, the answer is its result or a reason."""

from pathlib import Path

import pytest

from latamgpt.intake import limited
from latamgpt.intake.limited import run_limited
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
