"""A delivery that is as it was when this machine read it last: what came of it then is taken, not read again.

It is asked only of a delivery that may be read today, and kept only of one that was taken in: what refuses a delivery is looked
at each time. Nor is kept what a parser took too long over, since on another day it may not.
"""

import hashlib
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import orjson

from latamgpt.cache import drop_others, keep, made_from, read_cached
from latamgpt.governance.withdrawals import withdrawals_path
from latamgpt.intake.quarantine import Reason
from latamgpt.intake.rows_on_disk import RowsOnDisk
from latamgpt.intake.tally import Tally
from latamgpt.params import Params
from latamgpt.store import sha256_file

STAGE = "documents"
ROWS, TALLY = "rows.sqlite", "tally.json"
COUNTED = tuple(field.name for field in fields(Tally) if field.name != "examples")  # which are needed while it is read


@dataclass(frozen=True)
class KeptDeliveries:
    """What came of a partner's deliveries, by all that it came from."""

    root: Path
    partner: str
    params: Params

    def read(self, folder: Path, rows: RowsOnDisk, read: Callable[[], Tally]) -> Tally:
        """What came of a delivery; its documents and exclusions are then among the rows."""
        place, key = self._place(folder), self._key(digest_of_delivery(folder))
        if (kept := read_cached(self.root, STAGE, place, key)) is not None:
            rows.take_from(kept / ROWS)
            return _tally(orjson.loads((kept / TALLY).read_bytes()))
        before = rows.mark()
        tally = read()
        if Reason.PARSER_LIMIT not in tally.num_aside:

            def fill(target: Path) -> None:
                rows.copy_to(target / ROWS, before)
                (target / TALLY).write_bytes(orjson.dumps({name: _plain(getattr(tally, name)) for name in COUNTED}))

            keep(self.root, STAGE, place, key, fill)
        return tally

    def drop_others(self, folders: Iterable[Path]) -> None:
        """Keep nothing of deliveries that are gone."""
        drop_others(self.root, STAGE, self.partner, {self._place(folder) for folder in folders})

    def _place(self, folder: Path) -> str:
        return f"{self.partner}@{hashlib.sha256(os.fsencode(folder.name)).hexdigest()[:16]}"

    def _key(self, content: str) -> str:
        files = (f"partners/{self.partner}.yaml", withdrawals_path(self.partner))
        said = [path.read_bytes() if (path := self.root / name).is_file() else b"" for name in files]
        return made_from(STAGE, self.params.documents, self.params.rights, *said, content)


def digest_of_delivery(folder: Path) -> str:
    """One sha256 for the names and bytes of all that a delivery holds, of which `refuse_unsafe` refused nothing."""
    digest = hashlib.sha256(os.fsencode(folder.name))
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(folders):
            digest.update(b"\0folder\0" + os.fsencode(os.path.join(place, name)[len(os.fspath(folder)) :]))  # noqa: PTH118
        for name in sorted(files):
            path = os.path.join(place, name)  # noqa: PTH118
            digest.update(b"\0file\0" + os.fsencode(path[len(os.fspath(folder)) :]) + sha256_file(Path(path)).encode())
    return digest.hexdigest()


def _tally(said: dict[str, Any]) -> Tally:
    tally = Tally()
    for name in COUNTED:
        empty, plain = getattr(tally, name), said[name]
        if isinstance(empty, array):
            plain = array("d", plain)
        setattr(tally, name, Counter(plain) if isinstance(empty, Counter) else plain)
    return tally


def _plain(value: Any) -> Any:
    if isinstance(value, Counter):
        return {str(key): number for key, number in cast("Counter[str]", value).items()}
    return cast("array[float]", value).tolist() if isinstance(value, array) else value
