"""The spool of a run: a file of lines on local disk, to which the work writes; who sends it to MLflow reads behind a cursor.

var/mlflow/spool/KEY.jsonl holds the run from beginning to end, KEY.sent.json how much of it MLflow has, KEY/ the run's files.
Only the run's own process appends, and once that is dead, whoever buries it: under the lock `spool`.
"""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from latamgpt.records import Frozen
from latamgpt.store import held, replace_json
from latamgpt.tracking.owner import Owner

log = logging.getLogger(__name__)


class UsedDataset(Frozen):
    """What the run read: a published folder and the digest of its manifest."""

    name: str
    folder: str
    digest: str
    context: str


class Begin(Frozen):
    """The run as MLflow shall make it."""

    kind: Literal["begin"] = "begin"
    at_ms: int
    stage: str
    name: str
    params: dict[str, str]
    tags: dict[str, str]
    datasets: tuple[UsedDataset, ...]


class Start(Frozen):
    """A process works on the run from here on: the first one, or one that goes on after a kill."""

    kind: Literal["start"] = "start"
    at_ms: int
    owner: Owner


class Points(Frozen):
    """Values at a step."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    kind: Literal["points"] = "points"
    at_ms: int
    step: int
    values: dict[str, float]


class Attached(Frozen):
    """A file of the run, in the folder beside the spool."""

    kind: Literal["file"] = "file"
    name: str


class Ending(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    FAILED = "failed"  # it raised
    DRAINED = "drained"  # it was asked to stop, saved what it did, and is to go on
    INTERRUPTED = "interrupted"
    KILLED = "killed"  # so that it could not say anything

    @property
    def status(self) -> str:
        """MLflow's word: it knows three ends."""
        return self.name if self in (Ending.FINISHED, Ending.FAILED) else "KILLED"


class End(Frozen):
    """The run has ended, until somebody goes on with it."""

    kind: Literal["end"] = "end"
    at_ms: int
    how: Ending


Line = Begin | Start | Points | Attached | End
LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


class Sent(Frozen):
    """How much of a spool MLflow has."""

    offset: int = 0  # bytes
    run_id: str = ""
    store: str = ""  # where the run is; '' until it was made somewhere
    problem: str = ""  # why the last attempt did not reach the end


@dataclass(frozen=True)
class Spool:
    """Where the spool of a run lies; `key` is the run's name among all runs of all checkouts, before MLflow gave it one."""

    root: Path  # of the workspace
    key: str

    @property
    def lines(self) -> Path:
        """The file of lines."""
        return spool_folder(self.root) / f"{self.key}.jsonl"

    @property
    def files(self) -> Path:
        """The folder of files."""
        return spool_folder(self.root) / self.key

    @property
    def sent_path(self) -> Path:
        """The cursor; its time says when a sender last looked."""
        return spool_folder(self.root) / f"{self.key}.sent.json"

    def read(self, offset: int = 0) -> Iterator[tuple[Line, int]]:
        """Every whole line from a byte on, with the byte after it; a torn line is passed over, at the end it is waited for."""
        with self.lines.open("rb") as stream:
            stream.seek(offset)
            for raw in stream:
                if not raw.endswith(b"\n"):
                    return
                offset += len(raw)
                try:
                    yield LINE.validate_json(raw), offset
                except ValidationError:
                    if raw.strip():
                        log.info("%s: the line before byte %d was torn by a kill and is passed over.", self.lines, offset)

    def read_sent(self) -> Sent:
        """The cursor; from the start where there is none, or where a power cut emptied it: nothing is stored twice."""
        try:
            return Sent.model_validate_json(self.sent_path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return Sent()

    def keep_sent(self, sent: Sent) -> None:
        """Move the cursor."""
        replace_json(self.sent_path, sent)

    def last_start_and_end(self) -> "tuple[Start | None, End | None]":
        """Who works on the run, and how that ended; None where it did not end."""
        return Follower(self).look()

    def bury(self, owner: Owner, at_ms: int) -> None:
        """Enter that the run was killed, if nobody has said how it ended and nobody went on with it since."""
        with held(self.root, "spool"):
            start, end = self.last_start_and_end()
            if start is not None and start.owner == owner and end is None:
                with SpoolWriter(self) as writer:
                    writer.add(End(at_ms=at_ms, how=Ending.KILLED))


@dataclass
class Follower:
    """Who works on a run, asked again and again: only new lines are read."""

    spool: Spool
    offset: int = 0
    start: Start | None = None
    end: End | None = None

    def look(self) -> tuple[Start | None, End | None]:
        """The last start, and the end that followed it; None where there was none."""
        for line, offset in self.spool.read(self.offset):
            self.offset = offset
            if isinstance(line, Start):
                self.start, self.end = line, None
            elif isinstance(line, End):
                self.end = line
        return self.start, self.end


def spool_folder(root: Path) -> Path:
    """Where the spools of a checkout lie."""
    return root / "var" / "mlflow" / "spool"


class SpoolWriter:
    """Appends lines, each in one write; what a full disk refuses waits in memory and is written first when it can be."""

    def __init__(self, spool: Spool):
        spool.lines.parent.mkdir(parents=True, exist_ok=True)
        self._path = spool.lines
        self._handle = os.open(spool.lines, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        size = os.fstat(self._handle).st_size
        is_torn = size > 0 and os.pread(self._handle, 1, size - 1) != b"\n"
        self._waiting = b"\n" if is_torn else b""

    def __enter__(self) -> "SpoolWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, line: Line) -> None:
        """Append a line; it outlives this process, and the machine once somebody has flushed the file."""
        is_new_trouble = not self._waiting
        self._waiting += line.model_dump_json().encode() + b"\n"
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self._handle, self._waiting) :]
        except OSError as error:
            if is_new_trouble:
                log.warning("%s takes no more lines (%s); they wait in memory, the work goes on.", self._path, error)

    def close(self) -> None:
        """Flush to the disk."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            log.warning("%s could not be flushed (%s).", self._path, error)
        finally:
            os.close(self._handle)
