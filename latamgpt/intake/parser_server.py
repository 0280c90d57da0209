"""Starts the processes that parse: a server for each parser's module, which forks one process for each file.

The imports of a parser are paid once, not once a file (0.3 s for a PDF); each file still meets a process that has read no other.
"""

import atexit
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGKILL

import orjson

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen

MODULE = "latamgpt.intake.parser_process"
PACKAGES = Path(__file__).resolve().parents[2]
MAX_SERVERS = 3  # kept at a time; each takes 30 to 100 MB
MAX_STATUS_BYTES = 1 << 14
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one parsing may take."""

    max_bytes: int  # of address space, beside what the parser's imports take
    max_seconds: int  # of processor time
    max_wall_seconds: float
    max_written_bytes: int  # in one file
    max_answer_bytes: int


@dataclass(frozen=True)
class Ended:
    """How one parsing ended."""

    answer: bytes  # one byte too long where it was cut
    status: int  # as the process left it; minus the signal that ended it
    seconds: float  # of processor time
    too_late: bool = False  # ended from here, its wall clock time was over


class Said(Frozen):
    """What a server says of one file, or of itself where it could not start."""

    status: int = 0  # as the process left it; minus the signal that ended it
    seconds: float = 0.0  # of processor time
    not_started: str = ""  # why not


class ParserServer:
    """A process that has imported a parser's module and forks for each file."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", MODULE, module, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def parse(self, function: str, args: Sequence[object], limits: Limits) -> Ended:
        """Run a function of the module in a process of its own; afterwards nothing of that process is left.

        Raises:
            OperatorError: the parser's own module cannot be imported, or something else ended the server.
        """
        answer, status = bytearray(), b""
        until = time.monotonic() + limits.max_wall_seconds
        source = self._send(function, args, limits)
        with os.fdopen(source, "rb", buffering=0) as pipe, selectors.DefaultSelector() as selector:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            while not status and len(answer) <= limits.max_answer_bytes:
                ready = {key.fileobj for key, _ in selector.select(max(until - time.monotonic(), 0))}
                if not ready:
                    self.stop()
                    return Ended(bytes(answer), -SIGKILL, 0.0, too_late=True)
                if self._control in ready:
                    status = self._hear()
                if pipe in ready and not _drain(pipe.fileno(), answer, limits.max_answer_bytes):
                    selector.unregister(pipe)
            left_open = _drain(pipe.fileno(), answer, limits.max_answer_bytes)
        if left_open or not status:  # the parser wrote too much, or left a process behind
            self.stop()
        if not status:
            return Ended(bytes(answer), 0, 0.0)
        return self._ended(Said.model_validate_json(status), bytes(answer))

    def _send(self, function: str, args: Sequence[object], limits: Limits) -> int:
        read_end, write_end = os.pipe()
        with tempfile.TemporaryFile() as question:
            question.write(orjson.dumps(list(args)))
            question.seek(0)
            request = orjson.dumps({"function": function, "limits": asdict(limits)})
            with suppress(BrokenPipeError):  # it ended before it listened: what it said last, if anything, says why
                socket.send_fds(self._control, [request], [question.fileno(), write_end])
        os.close(write_end)
        return read_end

    def _ended(self, said: Said, answer: bytes) -> Ended:
        if said.not_started:
            self.stop()
            raise OperatorError(
                f"the parser {self.module} cannot be started ({said.not_started}): nothing was decided about any file. A "
                "package is missing or broken; `make setup` installs what is pinned."
            )
        return Ended(answer, said.status, said.seconds)

    def _hear(self) -> bytes:
        with suppress(ConnectionResetError):
            if said := self._control.recv(MAX_STATUS_BYTES):
                return said
        self.stop()
        raise OperatorError(
            f"the process that starts the parser {self.module} was ended from outside (status {self._process.returncode}), most "
            "often because the machine's memory ran out: nothing was decided about any file. Free some, or run fewer stages at "
            "once, and run again."
        )

    @property
    def process_id(self) -> int:
        """Of the server itself."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it and every process that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, SIGKILL)
        self._process.wait()
        self._control.close()


def _drain(pipe: int, answer: bytearray, most: int) -> bool:
    """Take what lies in the pipe, one byte above `most` at the utmost; whether somebody may still write to it."""
    with suppress(BlockingIOError):
        while len(answer) <= most:
            piece = os.read(pipe, min(CHUNK_BYTES, most + 1 - len(answer)))
            if not piece:
                return False
            answer += piece
    return True


_servers: dict[str, ParserServer] = {}


def parser_server(module: str) -> ParserServer:
    """The server of a parser's module, started where none runs; the one that has waited longest makes room."""
    server = _servers.pop(module, None)
    if server is not None and not server.alive:
        server.stop()
        server = None
    if server is None:
        while len(_servers) >= MAX_SERVERS:
            _servers.pop(next(iter(_servers))).stop()
        server = ParserServer(module)
    _servers[module] = server
    return server


@atexit.register
def stop_servers() -> None:
    """End all of them; one that is left behind by a killed program ends by itself."""
    while _servers:
        _servers.popitem()[1].stop()


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
