"""Ranks forked from a process that has imported torch and DeepSpeed once: a restart then costs a fraction of a second."""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from latamgpt.launch.heartbeat import HEARTBEATS_VARIABLE
from latamgpt.launch.local import die_with_parent
from latamgpt.training.engine import import_deepspeed


@dataclass
class Ranks:
    """Processes that train together."""

    pids: list[int]
    heartbeats: Path

    def poll(self) -> list[int]:
        """The exit codes of those that have ended since it was asked the last time."""
        codes: list[int] = []
        for pid in list(self.pids):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self.pids.remove(pid)
                codes.append(os.waitstatus_to_exitcode(status))
        return codes

    def kill(self) -> None:
        """End all that still live, by SIGKILL."""
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self.pids:
            os.waitpid(pid, 0)
        self.pids.clear()


def import_once() -> None:
    """What every rank needs, imported before the first fork."""
    import_deepspeed()
    for name in ("deepspeed.ops", "transformers.integrations", "latamgpt.training.worker"):
        import_module(name)
    for name in ("AutoModelForCausalLM", "LlamaForCausalLM"):  # transformers imports them when they are asked for
        getattr(import_module("transformers"), name)
    import_module("transformers.conversion_mapping").get_checkpoint_conversion_mapping("llama")  # compiles 800 patterns, once


def fork_ranks(count: int, work: Callable[[], None], log: Path, heartbeats: Path) -> Ranks:
    """Start `work` in as many processes, told of each other as torchrun would tell them."""
    heartbeats.mkdir(parents=True, exist_ok=True)
    for path in heartbeats.iterdir():
        path.unlink()
    together = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port()), "WORLD_SIZE": str(count)} if count > 1 else {}
    pids: list[int] = []
    for rank in range(count):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank)} if count > 1 else {}
        pid = os.fork()
        if pid == 0:
            os.environ |= {**together, **own, HEARTBEATS_VARIABLE: str(heartbeats)}
            _be_rank(work, log)
        pids.append(pid)
    return Ranks(pids, heartbeats)


def _be_rank(work: Callable[[], None], log: Path) -> None:
    code = 1
    try:
        die_with_parent()
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, 1)
        os.dup2(file, 2)
        work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001  (told in the log, and by the exit code)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
