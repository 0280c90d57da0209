"""Deliveries that are as they were when this machine read them last: what came of them then is taken, not read again.

A delivery is kept as soon as it is read, so that a killed run costs no more than the delivery it was at; when the partner's
tables are whole, these are kept instead, with a line for each delivery that they hold. A delivery is known by all its names and
bytes, read and hashed each time. What its agreement and withdrawals say is asked each time, too; kept is only what was taken in,
and not what a parser took too long over, since on another day it may not.
"""

import hashlib
import os
import stat
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import orjson

from latamgpt.cache import drop_others, keep, made_from, read_cached
from latamgpt.governance.withdrawals import withdrawals_path
from latamgpt.intake.delivery import Delivery
from latamgpt.intake.payload import MAX_ENTRIES
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.rows_on_disk import RowsOnDisk
from latamgpt.intake.tally import Tally
from latamgpt.params import Params

STAGE = "documents"
ROWS, TALLY = "rows.sqlite", "tally.json"
DELIVERIES = "deliveries.json"
TABLES = ("documents.parquet", "orthographies.parquet", "exclusions.parquet")
COUNTED = tuple(one.name for one in fields(Tally) if one.name != "examples")  # which are needed while it is read
READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Known:
    """A delivery that was taken in, and what came of it."""

    digest: str
    delivery: Delivery
    num_bytes: int
    tally: Tally


class KeptDeliveries:
    """What came of a partner's deliveries, by all that it came from; and which of them this run has taken or read."""

    def __init__(self, root: Path, partner: str, params: Params) -> None:
        """Look at what is kept of a partner today, which is nothing where it came from other code, settings or agreements."""
        self._root, self._partner = root, partner
        files = (f"partners/{partner}.yaml", withdrawals_path(partner))
        said = [path.read_bytes() if (path := root / name).is_file() else b"" for name in files]
        self._key = made_from(STAGE, params.documents, params.rights, *said)
        self.tables = read_cached(root, STAGE, partner, self._key)
        lines = orjson.loads((self.tables / DELIVERIES).read_bytes()) if self.tables else {}
        self._known = {name: _known(line) for name, line in lines.items()}
        self._read: dict[str, Known] = {}
        self.taken: dict[str, Known] = {}  # those of which the rows are in the kept tables and in no other

    def find(self, folder: Path) -> Known | None:
        """What came of a delivery, if its rows are in the kept tables and it is the same today."""
        known = self._known.get(folder.name)
        return known if known is not None and digest_of_delivery(folder) == known.digest else None

    def take(self, folder: Path, known: Known) -> Tally:
        """Have the rows of a delivery that was found stand."""
        self.taken[folder.name] = known
        return known.tally

    def read(self, folder: Path, delivery: Delivery, num_bytes: int, rows: RowsOnDisk, read: Callable[[], Tally]) -> Tally:
        """What comes of a delivery; its documents and exclusions are then among the rows."""
        place, digest = self._place(folder), digest_of_delivery(folder)
        if not digest:
            return read()
        key = f"{self._key} {digest}"
        if (kept := read_cached(self._root, STAGE, place, key)) is not None:
            rows.take_from(kept / ROWS)
            tally = _tally(orjson.loads((kept / TALLY).read_bytes()))
        else:
            before = rows.mark()
            tally = read()
            if Reason.PARSER_LIMIT in tally.num_aside:
                return tally

            def fill(target: Path) -> None:
                rows.copy_to(target / ROWS, before)
                (target / TALLY).write_bytes(orjson.dumps(_counted(tally)))

            keep(self._root, STAGE, place, key, fill)
        self._read[folder.name] = Known(digest, delivery, num_bytes, tally)
        return tally

    def drop_others(self, folders: Iterable[Path]) -> None:
        """Keep nothing of deliveries that are gone, but for what is in the tables until they are kept anew."""
        drop_others(self._root, STAGE, self._partner, {self._place(folder) for folder in folders})

    def keep_tables(self, written: Path) -> None:
        """Keep this run's tables instead of all that was kept: under a second name, not as a copy."""
        now = self.taken | self._read
        if self.tables is None or now != self._known:

            def fill(target: Path) -> None:
                for table in TABLES:
                    (target / table).hardlink_to(written / table)
                (target / DELIVERIES).write_bytes(orjson.dumps({name: _line(one) for name, one in now.items()}))

            keep(self._root, STAGE, self._partner, self._key, fill)
        drop_others(self._root, STAGE, self._partner, ())

    def _place(self, folder: Path) -> str:
        return f"{self._partner}@{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:16]}"


def digest_of_delivery(folder: Path) -> str:
    """One sha256 for the names and bytes of all that a delivery holds; '' where it holds what `refuse_unsafe` refuses unread."""
    root = os.fspath(folder)
    digest = hashlib.sha256(os.fsencode(folder.name))
    if not stat.S_ISDIR(os.lstat(root).st_mode):
        return ""
    waiting, num_entries = [""], 0
    while waiting:
        place = waiting.pop()
        with os.scandir(root + place) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
        num_entries += len(entries)
        if num_entries > MAX_ENTRIES:
            return ""
        for entry in entries:
            name = f"{place}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                digest.update(b"\0folder\0" + os.fsencode(name) + b"\0")
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False):
                _add_file(digest, b"\0file\0" + os.fsencode(name) + b"\0", entry.path)
            else:
                return ""
    return digest.hexdigest()


def _add_file(digest: Any, name: bytes, path: str) -> None:
    """A file's name and bytes, each piece of them behind its length, so that no two deliveries run together to the same.

    A delivery of ten thousand small files costs what is done for each of them.
    """
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        piece = os.read(file, READ_BYTES)
        digest.update(b"%b%d\0%b" % (name, len(piece), piece))
        while piece and (piece := os.read(file, READ_BYTES)):
            digest.update(b"%d\0" % len(piece))
            digest.update(piece)
    finally:
        os.close(file)


def _known(line: dict[str, Any]) -> Known:
    return Known(line["digest"], Delivery.model_validate(line["delivery"]), line["num_bytes"], _tally(line["tally"]))


def _line(known: Known) -> dict[str, Any]:
    said = known.delivery.model_dump(mode="json")
    return {"digest": known.digest, "delivery": said, "num_bytes": known.num_bytes, "tally": _counted(known.tally)}


def _tally(said: dict[str, Any]) -> Tally:
    tally = Tally()
    for name in COUNTED:
        empty, plain = getattr(tally, name), said[name]
        if isinstance(empty, array):
            plain = array("d", plain)
        setattr(tally, name, Counter(plain) if isinstance(empty, Counter) else plain)
    return tally


def _counted(tally: Tally) -> dict[str, Any]:
    return {name: _plain(getattr(tally, name)) for name in COUNTED}


def _plain(value: Any) -> Any:
    if isinstance(value, Counter):
        return {str(key): number for key, number in cast("Counter[str]", value).items()}
    return cast("array[float]", value).tolist() if isinstance(value, array) else value
