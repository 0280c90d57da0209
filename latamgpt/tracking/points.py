"""An open run, as the work sees it: values against steps, files and the time that was useful, all into the spool."""

import logging
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from latamgpt.store import Workspace
from latamgpt.tracking.owner import this_process
from latamgpt.tracking.sending import Sender, forget_if_done
from latamgpt.tracking.spool import Attached, Begin, End, Ending, Points, Spool, SpoolWriter, Start
from latamgpt.tracking.watcher import start_watcher

SECONDS_TO_BE_SENT = 60  # at the end: then the rest is the watcher's, or the next run's
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_CHECKS = 10.0
STEP_SECONDS, GOODPUT = "perf/step_seconds", "perf/goodput"

log = logging.getLogger(__name__)


@dataclass
class RunLog:
    """An open run. Writing to it costs microseconds and never waits for MLflow; a step that it has is not written again."""

    spool: Spool
    writer: SpoolWriter
    watcher: "subprocess.Popen[bytes] | None" = None
    run_id: str = ""  # MLflow's, known at the end where MLflow answered
    _last_step: dict[str, int] = field(default_factory=dict[str, int])
    _useful_seconds: float = 0.0
    _replayed: int = 0
    _starts: int = 0
    _first_start_ms: int = 0
    _checked_at: float = field(default_factory=time.monotonic)

    @property
    def key(self) -> str:
        """What a later process goes on with."""
        return self.spool.key

    def take_up(self, begin: Begin) -> None:
        """Begin the spool, or learn what an earlier process wrote into it; enter this process."""
        if not any(True for _ in self.spool.read()):
            self.writer.add(begin)
        for line, _ in self.spool.read():
            if isinstance(line, Points):
                self._last_step |= dict.fromkeys(line.values, line.step)
                self._useful_seconds += line.values.get(STEP_SECONDS, 0.0)
            elif isinstance(line, Start):
                self._starts += 1
                self._first_start_ms = self._first_start_ms or line.at_ms
        now_ms = _now_ms()
        self._starts += 1
        self._first_start_ms = self._first_start_ms or now_ms
        self.writer.add(Start(at_ms=now_ms, owner=this_process()))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Note values at a step (tokens seen, for training)."""
        fresh = {name: float(value) for name, value in metrics.items() if step > self._last_step.get(name, -1)}
        if fresh:
            self._last_step |= dict.fromkeys(fresh, step)
            self.writer.add(Points(at_ms=_now_ms(), step=step, values=fresh))
        self._see_to_watcher()

    def log_step(self, metrics: Mapping[str, float], step: int, seconds: float) -> None:
        """Note a step of training that took so long; done again after a kill, it counts as replayed and its time as lost."""
        is_replay = step <= self._last_step.get(STEP_SECONDS, -1)
        self._replayed += is_replay
        self._useful_seconds += 0.0 if is_replay else seconds
        lost = {"perf/replayed_steps": float(self._replayed), "perf/starts": float(self._starts)}
        self.log({**metrics, STEP_SECONDS: seconds, GOODPUT: self.goodput(), **lost}, step)

    def goodput(self) -> float:
        """The share of the time since the run's first start that was spent in steps which still count."""
        wall = (_now_ms() - self._first_start_ms) / 1000
        return min(1.0, self._useful_seconds / wall) if wall > 0 else 0.0

    def series(self, name: str) -> list[tuple[int, float]]:
        """All values of a metric, those of earlier processes too: (step, value)."""
        lines = (line for line, _ in self.spool.read() if isinstance(line, Points))
        return [(line.step, line.values[name]) for line in lines if name in line.values]

    def attach(self, name: str, content: bytes) -> None:
        """Add a file to the run; a full disk costs the file and not the run."""
        try:
            self.spool.files.mkdir(parents=True, exist_ok=True)
            (self.spool.files / name).write_bytes(content)
        except OSError as error:
            log.warning("%s could not be kept for MLflow (%s).", name, error)
            return
        self.writer.add(Attached(name=name))

    def close(self, how: Ending) -> None:
        """Enter how the run ended, and wait until MLflow has all of it; where it is away, the spool stays."""
        ended_ms = _now_ms()
        self.writer.add(End(at_ms=ended_ms, how=how))
        self.writer.close()
        if not self._is_left_to_watcher(ended_ms):
            Sender(Workspace(self.spool.root), self.spool).send()
        sent = self.spool.read_sent()
        self.run_id = sent.run_id
        if sent.problem:
            log.warning("MLflow does not have all of run %s yet: %s It waits in %s.", self.key, sent.problem, self.spool.lines)
        forget_if_done(self.spool)

    def _is_left_to_watcher(self, ended_ms: int) -> bool:
        """Wait while the watcher sends the rest: true where it goes on trying, since MLflow is away."""
        deadline = time.monotonic() + SECONDS_TO_BE_SENT
        while self.watcher is not None and self.watcher.poll() is None:
            sent_path = self.spool.sent_path
            has_tried = sent_path.is_file() and sent_path.stat().st_mtime * 1000 > ended_ms
            if time.monotonic() > deadline or (has_tried and self.spool.read_sent().problem):
                return True
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return False

    def _see_to_watcher(self) -> None:
        if self.watcher is None or time.monotonic() - self._checked_at < SECONDS_BETWEEN_CHECKS:
            return
        self._checked_at = time.monotonic()
        if self.watcher.poll() is not None:
            self.watcher = start_watcher(self.spool)


def _now_ms() -> int:
    return int(time.time() * 1000)
