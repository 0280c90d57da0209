"""The other side of parser_server.py: imports a parser once, then forks for each file, which is parsed under limits."""

import errno
import gc
import importlib
import os
import resource
import socket
import sys
from pathlib import Path
from types import ModuleType

import orjson

from latamgpt.intake.quarantine import Rejected

IMPORTED_AHEAD = "IMPORTED_AHEAD"
"""What a parser's module calls the names of the modules that it imports only when it parses."""

OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE)
"""Failures that say nothing about the file that was read."""

MAX_REQUEST_BYTES = 1 << 14
MAX_DETAIL_CHARS = 200
QUESTION, ANSWER = 0, 1


def serve(module: str, control: socket.socket) -> None:
    """Answer one request after another, until nobody asks any more."""
    try:
        parser = importlib.import_module(module)
        for name in getattr(parser, IMPORTED_AHEAD, ()):
            importlib.import_module(name)
    except Exception as error:  # noqa: BLE001  (who asks should hear what is wrong with the installation)
        socket.recv_fds(control, MAX_REQUEST_BYTES, 2)
        control.send(orjson.dumps({"not_started": _in_words(error)}))
        return
    gc.freeze()  # what is here now is never collected, so that the forks share its pages
    while True:
        request, ends, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 2)
        if not request:
            return
        process = os.fork()
        if process == 0:
            control.close()
            _parse_and_leave(parser, request, ends)
        for end in ends:
            os.close(end)
        _, status, usage = os.wait4(process, 0)
        said = {"status": os.waitstatus_to_exitcode(status), "seconds": usage.ru_utime + usage.ru_stime}
        control.send(orjson.dumps(said))


def _parse_and_leave(parser: ModuleType, request: bytes, ends: list[int]) -> None:
    """In the new process: parse, write the answer, and leave without any clearing up that belongs to the server."""
    status = 1
    try:
        asked = orjson.loads(request)
        with os.fdopen(ends[QUESTION], "rb") as question, os.fdopen(ends[ANSWER], "wb") as answer_to:
            args = orjson.loads(question.read())
            _take_on(asked["limits"])
            answer_to.write(answer(parser, asked["function"], args))
        status = 0
    finally:
        os._exit(status)


def _take_on(limits: dict[str, int]) -> None:
    seconds, max_bytes = limits["max_seconds"], _address_space() + limits["max_bytes"]
    for kind, soft, hard in (
        (resource.RLIMIT_AS, max_bytes, max_bytes),
        (resource.RLIMIT_CPU, seconds, seconds + 1),  # SIGXCPU first, so that SIGKILL is somebody else's
        (resource.RLIMIT_FSIZE, limits["max_written_bytes"], limits["max_written_bytes"]),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))


def _address_space() -> int:
    """Bytes that this process has mapped so far: its libraries, most of which are never in memory."""
    num_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return num_pages * resource.getpagesize()


def answer(parser: ModuleType, function: str, args: list[object]) -> bytes:
    """What a function gives, or why it gives nothing, as JSON: one key of result, rejected, memory, machine, failed."""
    try:
        return orjson.dumps({"result": getattr(parser, function)(*args)})
    except Rejected as rejected:
        return orjson.dumps({"rejected": [rejected.reason, rejected.detail, rejected.path]})
    except MemoryError:
        return orjson.dumps({"memory": True})
    except RecursionError:
        return orjson.dumps({"failed": "it is nested too deeply"})
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return orjson.dumps({"memory": True})
        return orjson.dumps({"machine" if error.errno in OF_THE_MACHINE else "failed": _in_words(error)})
    except Exception as error:  # noqa: BLE001  (a partner's file can break a parser in any way; the file is set aside)
        return orjson.dumps({"failed": _in_words(error)})


def _in_words(error: Exception) -> str:
    words = f"{type(error).__name__}: {error.strerror if isinstance(error, OSError) and error.strerror else error}"
    return " ".join(words.encode("utf-8", "replace").decode("utf-8").split())[:MAX_DETAIL_CHARS]


if __name__ == "__main__":
    serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
