"""The metrics of a run against its steps, on their way to MLflow: sent in batches by a thread, kept where it does not answer."""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.store import replace_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

POINTS_PER_BATCH = 1000  # MLflow's limit for one log_batch call
SECONDS_BETWEEN_FLUSHES = 5.0

log = logging.getLogger(__name__)
Point = tuple[str, float, int, int]  # metric, value, step, milliseconds since 1970


@dataclass
class RunLog:
    """An open MLflow run. Metrics are sent by a thread of its own, since one call costs about 0.2 s.

    A server that stops answering never stops the work: points wait here, and what cannot be sent in the end is left in
    var/mlflow/unsent for the next run of this checkout to send.
    """

    client: "MlflowClient"
    run_id: str
    unsent_folder: Path
    continued: bool = False  # an earlier process already logged to it: do not store a step twice
    _points: list[Point] = field(default_factory=list[Point])
    _last_step: dict[str, int] = field(default_factory=dict[str, int])
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "mlflow"))
    _sending: "Future[None] | None" = None
    _sent_at: float = field(default_factory=time.monotonic)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Note values at a step (tokens seen, for training); returns at once."""
        now_ms = int(time.time() * 1000)
        for name, value in metrics.items():
            if step > self._known_step(name):
                self._points.append((name, float(value), step, now_ms))
        if time.monotonic() - self._sent_at > SECONDS_BETWEEN_FLUSHES and (self._sending is None or self._sending.done()):
            self._sent_at = time.monotonic()
            self._sending = self._thread.submit(self._send)

    def flush(self) -> None:
        """Send what is waiting, and wait until it was sent; what could not be sent is left in a file."""
        self._thread.submit(self._send).result()
        if self._points:
            left = {"run_id": self.run_id, "points": self._points}
            try:
                self.unsent_folder.mkdir(parents=True, exist_ok=True)
                replace_json(self.unsent_folder / f"{self.run_id}.json", left)
            except OSError as error:
                log.warning("%d points of run %s could not be kept either (%s).", len(self._points), self.run_id, error)

    def _send(self) -> None:
        from mlflow.exceptions import MlflowException

        while self._points:
            batch = self._points[:POINTS_PER_BATCH]
            try:
                send_points(self.client, self.run_id, batch)
            except (MlflowException, OSError) as error:
                log.warning("MLflow took no metrics of run %s (%s); %d points wait.", self.run_id, error, len(self._points))
                return
            del self._points[: len(batch)]

    def _known_step(self, name: str) -> int:
        if not self.continued:
            return -1
        if name not in self._last_step:
            from mlflow.exceptions import MlflowException

            try:
                history = self.client.get_metric_history(self.run_id, name)
            except (MlflowException, OSError) as error:
                log.warning("MLflow did not say which steps of %s it has (%s); some may be stored twice.", name, error)
                history = []
            self._last_step[name] = max((metric.step for metric in history), default=-1)
        return self._last_step[name]


def send_points(client: "MlflowClient", run_id: str, points: Sequence[Point]) -> None:
    """Store points of a run in one call."""
    from mlflow.entities import Metric

    client.log_batch(run_id, metrics=[Metric(name, value, at_ms, step) for name, value, step, at_ms in points])


def send_unsent(client: "MlflowClient", folder: Path) -> None:
    """Send what earlier runs could not send, then forget it; what this store does not take stays where it is."""
    from mlflow.exceptions import MlflowException

    for path in sorted(folder.glob("*.json")):
        left = orjson.loads(path.read_bytes())
        points: list[Point] = [(name, value, step, at_ms) for name, value, step, at_ms in left["points"]]
        try:
            for start in range(0, len(points), POINTS_PER_BATCH):
                send_points(client, left["run_id"], points[start : start + POINTS_PER_BATCH])
        except (MlflowException, OSError) as error:
            log.warning("%s could not be sent (%s); it stays for the store that knows its run.", path, error)
            continue
        path.unlink()
