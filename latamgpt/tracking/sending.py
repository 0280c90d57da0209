"""What lies in a spool, on its way to MLflow: every point once, whoever is killed in between.

Three things keep a point from being stored twice: the cursor; what MLflow says it has, asked before anything is sent after a
start or a failure, for a metric's steps only rise in a spool; and MLflow's own key, of which the spooled time is a part, for
what was still on its way when it was asked.
"""

import fcntl
import logging
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from latamgpt.errors import OperatorError
from latamgpt.store import Workspace
from latamgpt.tracking.links import complete_link
from latamgpt.tracking.server import USER, connect, find_experiment, tracking_uri
from latamgpt.tracking.spool import Attached, Begin, End, Ending, Line, Points, Sent, Spool, Start, spool_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

POINTS_PER_BATCH, PARAMS_PER_BATCH = 1000, 100  # MLflow's limits for one log_batch call
KEY_TAG = "latamgpt.key"
END_TAG = "latamgpt.end"  # one of Ending: MLflow has one word for what was killed and for what was drained and goes on
DIGEST_TAG = "manifest_sha256"
DATASET_DIGEST_CHARS = 36  # the longest that MLflow's store takes
SECONDS_OF_SILENCE = 600  # of a sender on another machine, after which the run there is taken for dead
SECONDS_KEPT = 30 * 24 * 3600  # of what was delivered of a run that failed: it may go on

log = logging.getLogger(__name__)


class Sender:
    """Sends what lies behind the cursor of one spool, and moves it."""

    def __init__(self, workspace: Workspace, spool: Spool):
        self._workspace, self._spool = workspace, spool
        self._client: MlflowClient | None = None
        self._last_steps: dict[str, int] = {}  # of each metric, in MLflow

    def send(self) -> Sent:
        """Send all there is; where MLflow does not take it, say why in the cursor, and begin there the next time."""
        with _only_sender(self._spool) as is_mine:
            sent = self._spool.read_sent()
            if not is_mine:
                return sent
            try:
                self._send(sent)
            except Exception as error:  # noqa: BLE001  (whatever a store raises: it is said, tried again, and ends no training)
                self._client = None
                self._keep(problem=str(error) or repr(error))
            return self._spool.read_sent()

    def _send(self, sent: Sent) -> None:
        store = USER.sub("//", tracking_uri(self._workspace))
        if sent.store and sent.store != store:
            raise OperatorError(f"the run is in {sent.store}, and MLflow is now at {store}. Point MLFLOW_TRACKING_URI there.")
        points: list[Points] = []
        behind = sent.offset
        for line, behind in self._spool.read(sent.offset):
            if isinstance(line, Points):
                points.append(line)
                if sum(len(one.values) for one in points) < POINTS_PER_BATCH:
                    continue
            self._flush(points)
            self._do(line)
            self._keep(offset=behind)
        self._flush(points)
        self._keep(offset=behind)

    def _do(self, line: Line) -> None:
        client, run_id = self._open()
        match line:
            case Begin():
                self._log_begin(client, run_id, line)
            case Start():
                if END_TAG in client.get_run(run_id).data.tags:
                    client.delete_tag(run_id, END_TAG)
                client.update_run(run_id, status="RUNNING")
            case Attached():
                client.log_artifact(run_id, str(self._spool.files / line.name))
            case End():
                client.set_tag(run_id, END_TAG, line.how)
                client.set_terminated(run_id, line.how.status, line.at_ms)
            case Points():
                pass

    def _flush(self, points: list[Points]) -> None:
        if not points:
            return
        from mlflow.entities import Metric

        client, run_id = self._open()
        fresh: list[Metric] = []
        for each in points:
            for name, value in each.values.items():
                if each.step > self._last_steps.get(name, -1):
                    self._last_steps[name] = each.step
                    fresh.append(Metric(name, value, each.at_ms, each.step))
        for first in range(0, len(fresh), POINTS_PER_BATCH):
            log_metrics(client, run_id, fresh[first : first + POINTS_PER_BATCH])
        points.clear()

    def _open(self) -> "tuple[MlflowClient, str]":
        """A client, and the run: found by its key, or made."""
        sent = self._spool.read_sent()
        if self._client is not None and sent.run_id:
            return self._client, sent.run_id
        client = connect(self._workspace)
        begin = next(line for line, _ in self._spool.read() if isinstance(line, Begin))
        run_id = sent.run_id or self._find_or_make(client, begin)
        run = client.get_run(run_id)
        complete_link(self._workspace, begin.stage, self._spool.key, run_id, run.info.experiment_id)
        self._last_steps = {metric.key: metric.step for metric in run.data.to_proto().metrics}
        self._client = client
        return client, run_id

    def _find_or_make(self, client: "MlflowClient", begin: Begin) -> str:
        experiment_id = find_experiment(client)
        found = client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{self._spool.key}'", max_results=1)
        tags = {**begin.tags, KEY_TAG: self._spool.key}
        run = found[0] if found else client.create_run(experiment_id, begin.at_ms, tags, begin.name)
        store = USER.sub("//", tracking_uri(self._workspace))
        self._keep(run_id=run.info.run_id, store=store)
        return run.info.run_id

    def _log_begin(self, client: "MlflowClient", run_id: str, begin: Begin) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag, Param

        params = [Param(key, value) for key, value in sorted(begin.params.items())]
        for first in range(0, len(params), PARAMS_PER_BATCH):
            client.log_batch(run_id, params=params[first : first + PARAMS_PER_BATCH])
        inputs: list[DatasetInput] = []
        for used in begin.datasets:
            source = orjson.dumps({"uri": used.folder}).decode()
            dataset = Dataset(used.name, used.digest[:DATASET_DIGEST_CHARS], source_type="local", source=source)
            tags = [InputTag("mlflow.data.context", used.context), InputTag(DIGEST_TAG, used.digest)]
            inputs.append(DatasetInput(dataset, tags))
        if inputs:
            client.log_inputs(run_id, inputs)

    def _keep(self, **changed: object) -> None:
        before = self._spool.read_sent()
        self._spool.keep_sent(before.model_copy(update={"problem": "", **changed}))


def log_metrics(client: "MlflowClient", run_id: str, metrics: "Sequence[Metric]") -> None:
    """Store points of a run in one call, whole or not at all."""
    client.log_batch(run_id, metrics=metrics)


def send_left(workspace: Workspace) -> list[tuple[str, Sent]]:
    """Bury the runs of this checkout whose process is gone, and send all that waits; which spools, and how far they came.

    Runs that live are left to their own senders.
    """
    done: list[tuple[str, Sent]] = []
    for path in sorted(spool_folder(workspace.root).glob("*.jsonl")):
        spool = Spool(workspace.root, path.stem)
        try:
            start, end = spool.last_start_and_end()
            if start is None or (end is None and _may_live(spool, start)):
                continue
            spool.bury(start.owner, _last_sign(spool))
            if spool.read_sent().offset < spool.lines.stat().st_size:
                done.append((spool.key, Sender(workspace, spool).send()))
                if done[-1][1].problem:
                    log.warning("run %s waits in %s: %s", spool.key, spool.lines, done[-1][1].problem)
            forget_if_done(spool)
        except FileNotFoundError:
            continue  # its own process has sent and forgotten it meanwhile
    return done


def forget_if_done(spool: Spool) -> None:
    """Remove the spool of a run that ended well and that MLflow has whole; of one that failed, after a month."""
    _, end = spool.last_start_and_end()
    if end is None or spool.read_sent().offset < spool.lines.stat().st_size:
        return
    if end.how is Ending.FINISHED or time.time() - end.at_ms / 1000 > SECONDS_KEPT:
        for path in (*(spool.files.iterdir() if spool.files.is_dir() else ()), spool.lines, spool.sent_path, _lock(spool)):
            path.unlink(missing_ok=True)
        if spool.files.is_dir():
            spool.files.rmdir()


def _may_live(spool: Spool, start: Start) -> bool:
    if start.owner.is_here():
        return start.owner.lives()
    return time.time() - _last_sign(spool) / 1000 < SECONDS_OF_SILENCE


def _last_sign(spool: Spool) -> int:
    """When the run or its sender was last heard of, in milliseconds since 1970."""
    paths = (spool.lines, spool.sent_path)
    return int(max(path.stat().st_mtime for path in paths if path.is_file()) * 1000)


def _lock(spool: Spool) -> Path:
    return spool.sent_path.with_suffix(".lock")


@contextmanager
def _only_sender(spool: Spool) -> Generator[bool]:
    with _lock(spool).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
