"""A small process that has DVC loaded and forks a child, in a process group of its own, for each stage.

Loading DVC for every stage would cost 0.5 s of CPU each. Requests come as lines of JSON on standard input, answers go out
as lines on standard output. When the input ends, because whoever asked is gone, all children are stopped: nothing runs on.
"""

import ctypes
import json
import os
import selectors
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.dvc_codes import FAILED
from dagster_project.dvc_exec import open_ahead, reproduce, write_status
from dagster_project.dvc_lockfile import read_ahead
from dagster_project.dvc_stages import load_ahead
from latamgpt.launch.interruption import CANCEL_VARIABLE
from latamgpt.records import Frozen

SECONDS_TO_STOP = 15
DIE_WITH_PARENT = 1  # prctl PR_SET_PDEATHSIG


class Request(Frozen):
    """What the door asks: `verb` is reproduce (target: a stage), status (target: a file for the answer), stop or cancel.

    Both end a stage; cancel also ends what it has running elsewhere, such as a job of a cluster.
    """

    id: int
    verb: str
    target: str = ""
    log: str = ""
    env: dict[str, str] = {}


@dataclass
class Server:
    """The children at work, by request."""

    root: Path
    children: dict[int, int] = field(default_factory=dict[int, int])  # request id -> pid
    watched: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> None:
        """Answer requests until the input ends, then stop what still runs."""
        open_ahead(self.root)
        os.set_blocking(sys.stdin.fileno(), False)
        self.watched.register(sys.stdin.fileno(), selectors.EVENT_READ, None)
        text = b""
        while True:
            for key, _ in self.watched.select():
                if key.data is not None:
                    self.finish(key.data, key.fd)
                    continue
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    self.stop_all()
                    return
                *lines, text = (text + chunk).split(b"\n")
                for line in lines:
                    self.take(Request.model_validate_json(line))

    def take(self, request: Request) -> None:
        """Start a child for a request, or stop the one that is named."""
        if request.verb in ("stop", "cancel"):
            if request.id in self.children:
                if request.verb == "cancel":
                    _cancel_file(self.root, self.children[request.id]).touch()
                os.kill(self.children[request.id], signal.SIGTERM)
            return
        read_ahead(self.root)
        load_ahead(self.root, request.target)
        pid = os.fork()
        if pid == 0:
            _be_child(self.root, request)
        self.children[request.id] = pid
        self.watched.register(os.pidfd_open(pid), selectors.EVENT_READ, request.id)

    def finish(self, request_id: int, handle: int) -> None:
        """A child has ended: end what is left of its group, and answer."""
        self.watched.unregister(handle)
        os.close(handle)
        pid = self.children.pop(request_id)
        _, status = os.waitpid(pid, 0)
        _cancel_file(self.root, pid).unlink(missing_ok=True)
        _kill_group(pid)
        sys.stdout.write(json.dumps({"id": request_id, "code": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()

    def stop_all(self) -> None:
        """Ask all children to stop, and make them."""
        for pid in self.children.values():
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        for pid in self.children.values():
            handle = os.pidfd_open(pid)
            with selectors.DefaultSelector() as one:
                one.register(handle, selectors.EVENT_READ)
                one.select(max(0.0, deadline - time.monotonic()))
            os.close(handle)
            _kill_group(pid)


def _be_child(root: Path, request: Request) -> None:
    """Never returns: does the work in a new process group and exits with its code."""
    code = FAILED
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
        log = os.open(request.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(request.env)
        cancelled = _cancel_file(root, os.getpid())
        cancelled.parent.mkdir(parents=True, exist_ok=True)
        cancelled.unlink(missing_ok=True)  # of a server that was killed
        os.environ[CANCEL_VARIABLE] = str(cancelled)
        code = reproduce(root, request.target) if request.verb == "reproduce" else write_status(root, Path(request.target))
    except BaseException:  # noqa: BLE001  (a forked child must not go on as its parent)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _cancel_file(root: Path, pid: int) -> Path:
    """Is there while a child ends because somebody cancelled its run."""
    return root / "var" / "logs" / f"cancelled-{pid}"


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever asked; it will close our input
    Server(Path(sys.argv[1])).serve()
