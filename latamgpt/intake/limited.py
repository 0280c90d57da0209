"""A parser of files that may be hostile runs in a process of its own: bounded memory and time, no secrets, no files to write.

The two processes speak JSON and nothing else, and what comes back is held against its shape, so that a parser that was taken over
can hand back wrong text and no more.
"""

import ctypes
from collections.abc import Callable, Sequence
from signal import SIGKILL, SIGXCPU

from pydantic import BaseModel, ConfigDict, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.intake.parser_server import Ended, Limits, parser_server
from latamgpt.intake.quarantine import Reason, Rejected

MAX_BYTES = 240 << 20  # beside the parser's libraries; the stage and its idle parsers take 200 MiB more (docs/memory.md)
MAX_SECONDS = 30  # of processor time, so that a busy machine changes no verdict
WALL_FACTOR = 20  # a parser that sleeps is ended after so many times its processor time
MAX_RESULT_BYTES = 24 << 20  # which the stage's own process has to hold several times over
MAX_DETAIL_CHARS = 500


class Answer(BaseModel):
    """What a parser says: one of these."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    result: object = None
    rejected: tuple[str, str, str] | None = None  # reason, detail, path
    memory: bool = False
    machine: str = ""
    failed: str = ""


def run_limited(  # noqa: PLR0913
    function: Callable[..., object],
    args: Sequence[object],
    *,
    name: str,
    reason: Reason,
    max_bytes: int = MAX_BYTES,
    max_seconds: int = MAX_SECONDS,
    max_written_bytes: int = 0,
) -> object:
    """What a module's function returns for `args`, run where it can do no harm; arguments and result are JSON.

    `name` is the file, for the sentence; `reason` is the code for a file that breaks the parser; `max_bytes` is address space,
    beside what the parser's imports take. The function may write no file above `max_written_bytes`. It may raise Rejected itself.
    The first call for a module costs its imports, a further one about 10 ms.

    Raises:
        Rejected: what the function raised; `reason` for any other failure; parser_limit where memory or time ran out.
        OperatorError: the machine, not the file, ended the parsing: nothing is decided about the file.
    """
    give_back_memory()
    limits = Limits(max_bytes, max_seconds, max_seconds * WALL_FACTOR, max_written_bytes, MAX_RESULT_BYTES)
    ended = parser_server(function.__module__).parse(function.__qualname__, args, limits)
    if ended.status != 0 or len(ended.answer) > MAX_RESULT_BYTES:
        raise _why_it_ended(ended, name, reason, max_seconds)
    return _result(ended.answer, name, reason, max_bytes)


def give_back_memory() -> None:
    """Hand back what files before have left free: glibc keeps up to 130 MB of it, and a parser is about to come beside it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # of glibc alone
        trim(0)


def _why_it_ended(ended: Ended, name: str, reason: Reason, max_seconds: int) -> Exception:
    if len(ended.answer) > MAX_RESULT_BYTES:
        detail = f"{name} gave more than {MAX_RESULT_BYTES:,} bytes of text, reading stopped: send it in parts"
        return Rejected(Reason.PARSER_LIMIT, detail)
    killed_by_limit = ended.status == -SIGKILL and ended.seconds >= max_seconds
    if ended.too_late or ended.status == -SIGXCPU or killed_by_limit:
        detail = f"{name} took more than {max_seconds} s to read, reading stopped: send a smaller or plainer file"
        return Rejected(Reason.PARSER_LIMIT, detail)
    if ended.status == -SIGKILL:
        return OperatorError(
            f"{name}: its parser was killed from outside after {ended.seconds:.1f} s, most often because the machine's memory "
            "ran out: nothing was decided about it. Free some, or run fewer stages at once, and run again."
        )
    detail = f"{name} cannot be read: its parser ended with status {ended.status}. Ask the partner to save it anew"
    return Rejected(reason, detail)


def _result(raw: bytes, name: str, reason: Reason, max_bytes: int) -> object:
    try:
        answer = Answer.model_validate_json(raw)
        if len(answer.model_fields_set) != 1:
            raise ValueError
        code = Reason(answer.rejected[0]) if answer.rejected else reason
    except (ValidationError, ValueError) as error:
        detail = f"{name} cannot be read: its parser gave no answer that has a meaning. Ask the partner to save it anew"
        raise Rejected(reason, detail) from error
    if answer.machine:
        raise OperatorError(
            f"{name}: the machine failed while it was read ({answer.machine[:MAX_DETAIL_CHARS]}): nothing was decided about it. "
            "Mend that and run again."
        )
    if answer.memory:
        detail = f"{name} needs more than {max_bytes:,} bytes of memory to read, reading stopped: send a smaller or plainer file"
        raise Rejected(Reason.PARSER_LIMIT, detail)
    if answer.rejected:
        raise Rejected(code, answer.rejected[1][:MAX_DETAIL_CHARS], answer.rejected[2])
    if "failed" in answer.model_fields_set:
        words = answer.failed[:MAX_DETAIL_CHARS]
        raise Rejected(reason, f"{name} cannot be read ({words}). Ask the partner to save it anew")
    return answer.result
