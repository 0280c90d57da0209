"""A parser of files that may be hostile runs in a process of its own: bounded memory and time, no secrets, no files to write.

The two processes speak JSON and nothing else, so that a parser that was taken over can hand back wrong text and no more.
"""

import importlib
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from latamgpt.intake.quarantine import Reason, Rejected

MAX_BYTES = 512 << 20  # of address space: what the parser, its libraries and the file may take together
MAX_SECONDS = 30  # of processor time, so that a busy machine changes no verdict
WALL_FACTOR = 20  # a parser that sleeps is ended after so many times its processor time
MAX_RESULT_BYTES = 128 << 20
MODULE = "latamgpt.intake.limited"
PACKAGES = Path(__file__).resolve().parents[2]


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

    `name` is the file, for the sentence; `reason` is the code for a file that breaks the parser. The function may write no file
    above `max_written_bytes`. It may raise Rejected itself. A call costs about 0.1 s and what the parser's import costs.

    Raises:
        Rejected: what the function raised; `reason` for any other failure; parser_limit where memory or time ran out.
    """
    target = f"{function.__module__}:{function.__qualname__}"
    limits = [str(max_bytes), str(max_seconds), str(max_written_bytes)]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE, target, *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    ) as process:
        answer = _talk(process, orjson.dumps(list(args)), max_seconds * WALL_FACTOR)
    if process.returncode != 0 or len(answer) > MAX_RESULT_BYTES:
        raise Rejected(*_why_it_ended(process.returncode, name, reason, max_seconds))
    return _result(answer, name, reason, max_bytes)


def _environment() -> dict[str, str]:
    """Where Python is found, and nothing that a parser should know; one thread and one arena keep the address space small."""
    paths = [str(PACKAGES), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "ARROW_IO_THREADS": "1",
    }


def _talk(process: "subprocess.Popen[bytes]", question: bytes, wall_seconds: float) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    watchdog = threading.Timer(wall_seconds, process.kill)
    watchdog.start()
    try:
        process.stdin.write(question)
        process.stdin.close()
        answer = process.stdout.read(MAX_RESULT_BYTES + 1)
    except BrokenPipeError:  # it ended before it listened: its status says why
        answer = b""
    finally:
        if process.stdout.read(1):
            process.kill()
        process.wait()
        watchdog.cancel()
    return answer


def _why_it_ended(status: int, name: str, reason: Reason, max_seconds: int) -> tuple[Reason, str]:
    if status in (-9, -24):  # SIGKILL by the limit or the watchdog, SIGXCPU
        return (
            Reason.PARSER_LIMIT,
            f"{name} took more than {max_seconds} s to read, reading stopped: send a smaller or plainer file",
        )
    if status == 0:
        return Reason.PARSER_LIMIT, f"{name} gave more than {MAX_RESULT_BYTES:,} bytes of text, reading stopped: send it in parts"
    return reason, f"{name} cannot be read: its parser ended with status {status}. Ask the partner to save it anew"


def _result(answer: bytes, name: str, reason: Reason, max_bytes: int) -> object:
    values = orjson.loads(answer)
    if "memory" in values:
        detail = f"{name} needs more than {max_bytes:,} bytes of memory to read, reading stopped: send a smaller or plainer file"
        raise Rejected(Reason.PARSER_LIMIT, detail)
    if "rejected" in values:
        raise Rejected(*values["rejected"])
    if "failed" in values:
        raise Rejected(reason, f"{name} cannot be read ({values['failed']}). Ask the partner to save it anew")
    return values["result"]


def answer(target: str, args: list[object]) -> dict[str, object]:
    """What a function ('module:name') gives, or why it gives nothing: one key of result, rejected, memory, failed."""
    module, _, function = target.partition(":")
    try:
        return {"result": getattr(importlib.import_module(module), function)(*args)}
    except Rejected as rejected:
        return {"rejected": [rejected.reason, rejected.detail, rejected.path]}
    except MemoryError:
        return {"memory": True}
    except RecursionError:
        return {"failed": "it is nested too deeply"}
    except Exception as error:  # noqa: BLE001  (a partner's file can break a parser in any way; the file is set aside)
        return {"failed": " ".join(f"{type(error).__name__}: {error}".split())[:200]}


def main(target: str, max_bytes: int, max_seconds: int, max_written_bytes: int) -> None:
    """The process's own side: take on the limits, hear the arguments, answer."""
    for kind, limit in (
        (resource.RLIMIT_AS, max_bytes),
        (resource.RLIMIT_CPU, max_seconds),
        (resource.RLIMIT_FSIZE, max_written_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    answer_to = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    args = orjson.loads(sys.stdin.buffer.read())
    said = answer(target, args)
    try:
        raw = orjson.dumps(said)
    except (TypeError, MemoryError) as error:
        raw = orjson.dumps({"memory": True} if isinstance(error, MemoryError) else {"failed": str(error)[:200]})
    with answer_to:
        answer_to.write(raw)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
